//! Parts that go to the server's bucket itself, where the server offers that.

use reqwest::header::CONTENT_LENGTH;
use reqwest::{Response, Url};
use serde::Deserialize;
use strongroom_core::id::UploadId;
use strongroom_core::upload::PartRange;

use crate::client::{Client, lost};
use crate::error::{Error, Refusal, chain};
use crate::progress::Progress;
use crate::retry::Failure;

/// The answer to a question for URLs.
#[derive(Debug, Deserialize)]
struct DirectParts {
    parts: Vec<DirectPart>,
}

#[derive(Debug, Deserialize)]
struct DirectPart {
    url: String,
}

impl Client {
    /// Where to send a part now. Asked before each attempt: beside the part that is one small request, and no URL is ever old.
    pub(crate) async fn direct_url(
        &self,
        id: UploadId,
        part: PartRange,
        progress: &dyn Progress,
    ) -> Result<Url, Error> {
        let mut url = self.url(&["uploads", &id.to_string(), "direct-parts"]);
        url.set_query(Some(&format!("fromPart={}&limit=1", part.number)));
        let answer: DirectParts = self.ask(progress, || self.bounded(self.http.get(url.clone()))).await?;
        let first = answer.parts.first().and_then(|part| Url::parse(&part.url).ok());
        first.ok_or_else(|| Error::Protocol(format!("no URL for part {}", part.number)))
    }

    /// A PUT to the bucket. By a client of its own: the key is the server's, and nobody else's to see.
    pub(crate) fn put_to_bucket(&self, url: &Url, part: PartRange) -> Result<reqwest::RequestBuilder, Error> {
        let bucket = match self.bucket.get() {
            Some(bucket) => bucket,
            None => {
                let built = Self::builder(url.scheme()).build().map_err(|error| Error::Setup(chain(&error)))?;
                self.bucket.get_or_init(|| built)
            }
        };
        Ok(bucket.put(url.clone()).header(CONTENT_LENGTH, part.length))
    }
}

/// Reads the bucket's answer. A refusal may be that the URL has ended, and the next attempt has another one.
pub(crate) async fn read_bucket_answer(response: Response) -> Result<(), Failure> {
    let status = response.status();
    let body = response.bytes().await.map_err(lost)?;
    if status.is_success() {
        return Ok(());
    }
    let refusal = Refusal::read(status.as_u16(), &body);
    Err(Failure::Passing { reason: format!("the bucket refused: {refusal}"), retry_after: None })
}
