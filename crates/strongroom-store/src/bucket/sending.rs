//! A request whose body is streamed, block by block, with its last byte held back until the sender is sure.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Method};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::client::{Client, succeeded};
use super::failure::Failure;
use super::tag::Tag;
use crate::part::Landing;

/// A PUT on its way. Dropped before its last byte, the connection is cut off, and the object store keeps nothing of it.
pub(crate) struct Sending {
    blocks: mpsc::Sender<Bytes>,
    answer: Answer,
    landing: Landing,
    idle_timeout: Duration,
}

/// The task that asks and waits, ended with its owner.
struct Answer(JoinHandle<Result<HeaderMap, Failure>>);

impl Drop for Answer {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Client {
    /// Begins a PUT of `length` bytes. `landing` is told before the last of them is handed over.
    pub(crate) async fn send(
        &self,
        key: &str,
        query: &[(&str, &str)],
        length: u64,
        landing: Landing,
    ) -> Result<Sending, Failure> {
        let headers = HeaderMap::from_iter([(CONTENT_LENGTH, length.into())]);
        let request = self.stream(Method::PUT, key, query, headers).await?;
        // One block waits while one is sent; more would be memory for nothing.
        let (blocks, receiver) = mpsc::channel::<Bytes>(1);
        let body = stream::unfold(receiver, |mut receiver| async {
            let block = receiver.recv().await?;
            Some((Ok::<_, Infallible>(block), receiver))
        });
        let request = request.body(reqwest::Body::wrap_stream(body));
        let answer = tokio::spawn(async move {
            let response = succeeded(request.send().await.map_err(Failure::of_request)?).await?;
            Ok(response.headers().clone())
        });
        Ok(Sending { blocks, answer: Answer(answer), landing, idle_timeout: self.idle_timeout() })
    }
}

impl Sending {
    /// Hands over a block that is not the last. `block` is emptied once that has happened; a caller that stops waiting may
    /// call again.
    pub(crate) async fn pass(&mut self, block: &mut Option<Bytes>) -> Result<(), Failure> {
        match timeout(self.idle_timeout, self.blocks.reserve()).await {
            Ok(Ok(permit)) => {
                if let Some(block) = block.take() {
                    permit.send(block);
                }
                return Ok(());
            }
            Ok(Err(_)) => {}
            Err(_) => return Err(Failure::silent("the object store takes no bytes")),
        }
        // The request has ended before its body: what it says is why.
        Err(self.answered().await.err().unwrap_or_else(|| Failure::silent("an answer before the body's end")))
    }

    /// Hands over the last block, and waits for the answer. One without a tag is none: every server gives it, so somebody
    /// between has answered.
    pub(crate) async fn finish(mut self, last: Bytes) -> Result<Tag, Failure> {
        let mut last = Some(last);
        self.landing.expect();
        self.pass(&mut last).await?;
        Tag::of(&self.answered().await?).ok_or_else(|| Failure::silent("an answer without an entity tag"))
    }

    async fn answered(&mut self) -> Result<HeaderMap, Failure> {
        match timeout(self.idle_timeout, &mut self.answer.0).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => Err(Failure::silent(error)),
            Err(_) => Err(Failure::silent("no answer in time")),
        }
    }
}
