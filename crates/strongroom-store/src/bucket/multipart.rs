//! Multipart uploads, request by request.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use serde::Deserialize;
use strongroom_core::clock::Timestamp;
use tokio::time::sleep;

use super::client::{Call, Client};
use super::failure::Failure;
use super::objects::PATIENCE;
use super::tag::bare;

/// How often an abort is run again for parts that landed after it.
const ABORTS: u32 = 5;
const BETWEEN_ABORTS: Duration = Duration::from_millis(200);

/// A part that the object store has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LandedPart {
    pub(crate) number: u32,
    pub(crate) length: u64,
    /// Without quotes.
    pub(crate) tag: Arc<str>,
    /// Where it is told.
    pub(crate) landed_at: Option<Timestamp>,
}

/// A multipart upload in a list.
#[derive(Debug)]
pub(crate) struct Unfinished {
    /// As [`crate::names`] has it.
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) begun_at: Timestamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct InitiateMultipartUploadResult {
    upload_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListPartsResult {
    #[serde(rename = "Part", default)]
    parts: Vec<Part>,
    #[serde(default)]
    is_truncated: bool,
    #[serde(default)]
    next_part_number_marker: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Part {
    part_number: u32,
    size: u64,
    #[serde(rename = "ETag")]
    tag: String,
    #[serde(default)]
    last_modified: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListMultipartUploadsResult {
    #[serde(rename = "Upload", default)]
    uploads: Vec<Upload>,
    #[serde(default)]
    is_truncated: bool,
    #[serde(default)]
    next_key_marker: Option<String>,
    #[serde(default)]
    next_upload_id_marker: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Upload {
    key: String,
    upload_id: String,
    initiated: String,
}

impl Client {
    pub(crate) async fn create_multipart(&self, key: &str) -> Result<String, Failure> {
        let created: InitiateMultipartUploadResult = self.document(Method::POST, key, &[("uploads", "")]).await?;
        Ok(created.upload_id)
    }

    /// Puts the parts together, asking once: whoever has no answer looks whether the object is there.
    pub(crate) async fn complete_multipart(&self, key: &str, id: &str, tags: &[Arc<str>]) -> Result<(), Failure> {
        let mut body = "<CompleteMultipartUpload>".to_owned();
        for (number, tag) in (1..).zip(tags) {
            let tag = quick_xml::escape::escape(&**tag);
            // Writing to a string does not fail.
            let _ = write!(body, "<Part><PartNumber>{number}</PartNumber><ETag>&quot;{tag}&quot;</ETag></Part>");
        }
        body.push_str("</CompleteMultipartUpload>");
        let query = [("uploadId", id)];
        let call = Call { method: Method::POST, key, query: &query, body: body.into(), ..Call::default() };
        self.ask_once(&call, PATIENCE).await.map(drop)
    }

    /// Aborts, until nothing is left: a part that was on its way may land after the first time, and would be kept, and
    /// charged for, with no way to it.
    pub(crate) async fn abort_multipart(&self, key: &str, id: &str) -> Result<(), Failure> {
        for _ in 0..ABORTS {
            match self.ask(&Call { method: Method::DELETE, key, query: &[("uploadId", id)], ..Call::default() }).await {
                Err(failure) if !is_gone(&failure) => return Err(failure),
                _ => {}
            }
            match self.list_parts(key, id).await {
                Err(failure) if is_gone(&failure) => return Ok(()),
                Ok(parts) if parts.is_empty() => return Ok(()),
                Err(failure) => return Err(failure),
                Ok(_) => sleep(BETWEEN_ABORTS).await,
            }
        }
        Err(Failure::silent("parts go on landing in a multipart upload that was aborted"))
    }

    /// The parts that the object store has, in order.
    pub(crate) async fn list_parts(&self, key: &str, id: &str) -> Result<Vec<LandedPart>, Failure> {
        let mut landed = Vec::new();
        let mut marker: Option<String> = None;
        loop {
            let mut query = vec![("uploadId", id)];
            query.extend(marker.as_deref().map(|marker| ("part-number-marker", marker)));
            let page: ListPartsResult = self.document(Method::GET, key, &query).await?;
            landed.extend(page.parts.into_iter().map(|part| LandedPart {
                number: part.part_number,
                length: part.size,
                tag: bare(&part.tag).into(),
                landed_at: part.last_modified.and_then(|time| time.parse().ok()),
            }));
            marker = page.next_part_number_marker.filter(|_| page.is_truncated);
            if marker.is_none() {
                return Ok(landed);
            }
        }
    }

    /// All multipart uploads of objects whose names begin with `beginning`.
    pub(crate) async fn list_multiparts(&self, beginning: &str) -> Result<Vec<Unfinished>, Failure> {
        let prefix = self.address().key(beginning);
        let mut unfinished = Vec::new();
        let mut markers: Option<(String, String)> = None;
        loop {
            let mut query = vec![("uploads", ""), ("prefix", prefix.as_str())];
            if let Some((key, id)) = &markers {
                query.extend([("key-marker", key.as_str()), ("upload-id-marker", id.as_str())]);
            }
            let page: ListMultipartUploadsResult = self.document(Method::GET, "", &query).await?;
            unfinished.extend(page.uploads.into_iter().filter_map(|upload| {
                let name = self.address().name(&upload.key)?.to_owned();
                Some(Unfinished { name, id: upload.upload_id, begun_at: upload.initiated.parse().ok()? })
            }));
            let next = (page.next_key_marker.unwrap_or_default(), page.next_upload_id_marker.unwrap_or_default());
            // A server that says where it was, and not that there is more, is at the end; and one that stands still is too.
            if !page.is_truncated || markers.as_ref() == Some(&next) {
                return Ok(unfinished);
            }
            markers = Some(next);
        }
    }
}

fn is_gone(failure: &Failure) -> bool {
    failure.is("NoSuchUpload") || (failure.is_not_found() && !failure.is("NoSuchBucket"))
}
