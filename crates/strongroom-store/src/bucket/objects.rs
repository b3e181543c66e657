//! Whole objects: looked at, copied, listed, deleted.

use std::time::Duration;

use http::header::CONTENT_LENGTH;
use http::{HeaderMap, HeaderValue, Method};
use serde::Deserialize;
use strongroom_core::clock::Timestamp;

use super::client::{Call, Client};
use super::failure::Failure;
use super::tag::Tag;

/// How long the object store may take to copy what is at most a part long, or to put parts together.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// What is known of an object without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) length: u64,
    pub(crate) tag: Tag,
}

/// An object in a list.
#[derive(Debug, Clone)]
pub(crate) struct Listed {
    /// As [`crate::names`] has it.
    pub(crate) name: String,
    pub(crate) length: u64,
    pub(crate) modified_at: Timestamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListBucketResult {
    #[serde(default)]
    contents: Vec<Contents>,
    #[serde(default)]
    next_continuation_token: Option<String>,
    #[serde(default)]
    is_truncated: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Contents {
    key: String,
    size: u64,
    last_modified: String,
}

impl Client {
    /// What is known of the object; `None` where there is none.
    pub(crate) async fn head(&self, key: &str) -> Result<Option<Head>, Failure> {
        match self.ask(&Call { method: Method::HEAD, key, ..Call::default() }).await {
            Ok(answer) => {
                let length = answer.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
                // An object has both; without, somebody between has answered.
                let head = length.zip(Tag::of(&answer.headers)).map(|(length, tag)| Head { length, tag });
                head.ok_or_else(|| Failure::silent("an object without a length or entity tag")).map(Some)
            }
            Err(failure) if failure.is_not_found() && !failure.is("NoSuchBucket") => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Copies an object within the bucket, without its bytes passing here.
    pub(crate) async fn copy(&self, from: &str, to: &str) -> Result<(), Failure> {
        let source = format!("/{}/{from}", self.address().bucket());
        let source = HeaderValue::from_str(&source).map_err(Failure::silent)?;
        let headers = HeaderMap::from_iter([(http::HeaderName::from_static("x-amz-copy-source"), source)]);
        let call = Call { method: Method::PUT, key: to, headers, ..Call::default() };
        self.ask_once(&call, PATIENCE).await.map(drop)
    }

    /// Deletes an object; that it is not there is as good.
    pub(crate) async fn delete(&self, key: &str) -> Result<(), Failure> {
        match self.ask(&Call { method: Method::DELETE, key, ..Call::default() }).await {
            Err(failure) if failure.is_not_found() && !failure.is("NoSuchBucket") => Ok(()),
            outcome => outcome.map(drop),
        }
    }

    /// All objects whose names begin with `beginning`.
    pub(crate) async fn list(&self, beginning: &str) -> Result<Vec<Listed>, Failure> {
        let prefix = self.address().key(beginning);
        let mut listed = Vec::new();
        let mut continuation: Option<String> = None;
        loop {
            let mut query = vec![("list-type", "2"), ("prefix", prefix.as_str())];
            query.extend(continuation.as_deref().map(|token| ("continuation-token", token)));
            let page: ListBucketResult = self.document(Method::GET, "", &query).await?;
            listed.extend(page.contents.into_iter().filter_map(|object| self.listed(&object)));
            continuation = page.next_continuation_token.filter(|_| page.is_truncated);
            if continuation.is_none() {
                return Ok(listed);
            }
        }
    }

    fn listed(&self, object: &Contents) -> Option<Listed> {
        let name = self.address().name(&object.key)?.to_owned();
        Some(Listed { name, length: object.size, modified_at: object.last_modified.parse().ok()? })
    }

    /// Asks for a document and reads it.
    pub(crate) async fn document<T: for<'d> Deserialize<'d>>(
        &self,
        method: Method,
        key: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Failure> {
        let answer = self.ask(&Call { method, key, query, ..Call::default() }).await?;
        let text = String::from_utf8_lossy(&answer.body);
        quick_xml::de::from_str(&text)
            .map_err(|error| Failure::silent(format!("an answer that is no document: {error}")))
    }
}
