//! Reading from a bucket: by ranges, with little memory, and on from where a connection broke.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, Stream};
use http::header::{IF_MATCH, RANGE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use tokio::time::{sleep, timeout};

use super::BucketStore;
use super::client::{Client, succeeded};
use super::failure::Failure;
use super::tag::Tag;
use crate::error::StoreError;

/// The most that is handed out at once.
const BLOCK_BYTES: usize = 128 << 10;
/// How often in a row a read may break without a byte in between.
const MAX_BREAKS: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// An object, looked at.
#[derive(Clone)]
pub(crate) struct BucketReader {
    client: Arc<Client>,
    key: Arc<str>,
    length: u64,
    tag: Tag,
}

impl BucketStore {
    pub(crate) async fn open_reader(&self, name: String) -> Result<BucketReader, StoreError> {
        let key = self.key(&name);
        let head = self.client().head(&key).await?.ok_or(StoreError::Missing)?;
        Ok(BucketReader { client: Arc::clone(self.client()), key: key.into(), length: head.length, tag: head.tag })
    }
}

impl BucketReader {
    pub(crate) const fn len(&self) -> u64 {
        self.length
    }

    pub(crate) fn read(&self, range: Range<u64>) -> impl Stream<Item = Result<Bytes, StoreError>> + Send + 'static {
        let reading = Reading { reader: self.clone(), rest: range, response: None, pending: Bytes::new(), breaks: 0 };
        stream::unfold(reading, |mut reading| async {
            let block = reading.next().await?;
            Some((block, reading))
        })
    }

    /// Asks for `range`, and for no other object that has taken this one's place.
    async fn get(&self, range: &Range<u64>) -> Result<reqwest::Response, Failure> {
        let mut headers = HeaderMap::new();
        let bytes = format!("bytes={}-{}", range.start, range.end - 1);
        headers.insert(RANGE, HeaderValue::from_str(&bytes).map_err(Failure::silent)?);
        let tag = HeaderValue::from_str(&format!("\"{}\"", self.tag.text())).map_err(Failure::silent)?;
        headers.insert(IF_MATCH, tag);
        let request = self.client.stream(Method::GET, &self.key, &[], headers).await?;
        let response = succeeded(request.send().await.map_err(Failure::of_request)?).await?;
        // A server that passes ranges over answers 200 with everything, which is as asked only where all was asked for. And what
        // is not that long, or of another object, is somebody else's answer: of a proxy, or of a server that knows no If-Match.
        let is_right = (response.status() == StatusCode::PARTIAL_CONTENT || *range == (0..self.length))
            && response.content_length().is_none_or(|length| length == range.end - range.start)
            && Tag::of(response.headers()).is_some_and(|tag| tag.text() == self.tag.text());
        if is_right { Ok(response) } else { Err(Failure::silent("an answer of other bytes than were asked for")) }
    }
}

/// A range that is being read.
struct Reading {
    reader: BucketReader,
    rest: Range<u64>,
    response: Option<reqwest::Response>,
    /// What has arrived and was not handed out.
    pending: Bytes,
    breaks: u32,
}

impl Reading {
    async fn next(&mut self) -> Option<Result<Bytes, StoreError>> {
        while !self.rest.is_empty() {
            if !self.pending.is_empty() {
                let length = self.pending.len().min(BLOCK_BYTES);
                let block = self.pending.split_to(length);
                self.rest.start += length as u64;
                return Some(Ok(block));
            }
            if let Err(failure) = self.fill().await {
                self.response = None;
                self.breaks += 1;
                if !failure.is_passing() || self.breaks >= MAX_BREAKS {
                    self.rest = 0..0;
                    return Some(Err(failure.into()));
                }
                tracing::debug!(key = %self.reader.key, at = self.rest.start, %failure, "reading on after a break");
                sleep(FIRST_PAUSE * 2u32.pow(self.breaks - 1)).await;
            }
        }
        None
    }

    /// Waits for the next bytes.
    async fn fill(&mut self) -> Result<(), Failure> {
        let idle_timeout = self.reader.client.idle_timeout();
        let filling = async {
            let response = match &mut self.response {
                Some(response) => response,
                none => none.insert(self.reader.get(&self.rest).await?),
            };
            response.chunk().await.map_err(Failure::of_request)
        };
        let chunk =
            timeout(idle_timeout, filling).await.unwrap_or_else(|_| Err(Failure::silent("no bytes in time")))?;
        let chunk = chunk.ok_or_else(|| Failure::silent("the answer ended before its range"))?;
        let wanted = usize::try_from(self.rest.end - self.rest.start).unwrap_or(usize::MAX);
        self.pending = chunk.slice(..chunk.len().min(wanted));
        self.breaks = if self.pending.is_empty() { self.breaks } else { 0 };
        Ok(())
    }
}

impl std::fmt::Debug for BucketReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BucketReader({}, {} bytes)", self.key, self.length)
    }
}
