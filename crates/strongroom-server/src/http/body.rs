//! Request bodies that are bytes: read as they come, with a deadline for pauses and a floor under their speed.

use axum::body::{Body, BodyDataStream};
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use futures_util::StreamExt as _;
use strongroom_core::content_digest::ExpectedDigests;
use strongroom_core::upload::AnnouncedLength;
use tokio::time::Instant;

use crate::config::Deadlines;
use crate::problem::{Kind, Problem};
use crate::services::keeping::LARGEST_BYTES;
use crate::services::parts::Incoming;

/// A body of bytes.
pub(super) struct Bytestream {
    stream: BodyDataStream,
    deadlines: Deadlines,
    started: Instant,
    received: u64,
}

impl Bytestream {
    pub(super) fn new(body: Body, deadlines: Deadlines) -> Self {
        Self { stream: body.into_data_stream(), deadlines, started: Instant::now(), received: 0 }
    }

    /// A slow start is forgiven for as long as a pause would be.
    fn is_too_slow(&self) -> bool {
        let elapsed = self.started.elapsed();
        elapsed > self.deadlines.body_idle
            && self.received < self.deadlines.body_min_rate.saturating_mul(elapsed.as_secs())
    }
}

impl Incoming for Bytestream {
    async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        let next = tokio::time::timeout(self.deadlines.body_idle, self.stream.next()).await;
        let Ok(next) = next else {
            let seconds = self.deadlines.body_idle.as_secs();
            return Err(Problem::new(Kind::RequestTimeout, format!("the body paused for more than {seconds} seconds")));
        };
        match next {
            None => Ok(None),
            Some(Ok(bytes)) => {
                self.received += bytes.len() as u64;
                if self.is_too_slow() {
                    let rate = self.deadlines.body_min_rate;
                    return Err(Problem::new(
                        Kind::RequestTimeout,
                        format!("the body is slower than {rate} bytes a second"),
                    ));
                }
                Ok(Some(bytes))
            }
            Some(Err(_)) => Err(Problem::new(Kind::BadRequest, "the connection broke before the end of the body")),
        }
    }
}

/// The length of a file that is kept without a session, which must be known before its first byte. `what` is for the refusal:
/// `a preview`.
pub(super) fn file_length(headers: &HeaderMap, what: &str) -> Result<u64, Problem> {
    match announced_length(headers) {
        AnnouncedLength::Exactly(0) => Err(Problem::field("Content-Length", "0", &format!("the length of {what}"))),
        AnnouncedLength::Exactly(length) if length <= LARGEST_BYTES => Ok(length),
        AnnouncedLength::Exactly(length) => Err(Problem::new(
            Kind::TooLarge,
            format!("Content-Length: `{length}` is more than the {LARGEST_BYTES} bytes of {what}"),
        )),
        AnnouncedLength::Chunked | AnnouncedLength::Missing => {
            Err(Problem::new(Kind::LengthRequired, format!("{what} needs a Content-Length")))
        }
    }
}

/// How long the body says it is.
pub(super) fn announced_length(headers: &HeaderMap) -> AnnouncedLength {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    match length {
        Some(length) => AnnouncedLength::Exactly(length),
        None if headers.contains_key(header::TRANSFER_ENCODING) => AnnouncedLength::Chunked,
        None => AnnouncedLength::Missing,
    }
}

/// What the body's bytes should hash to.
pub(super) fn content_digests(headers: &HeaderMap) -> Result<ExpectedDigests, Problem> {
    let mut expected = digests(headers, "content-digest", "Content-Digest")?;
    if let Some(value) = headers.get("content-md5") {
        let field = value.to_str().unwrap_or_default();
        expected.add_content_md5(field).map_err(|malformed| Problem::malformed("Content-MD5", &malformed))?;
    }
    Ok(expected)
}

/// The digests that a field of RFC 9530 names.
pub(super) fn digests(headers: &HeaderMap, name: &str, shown: &str) -> Result<ExpectedDigests, Problem> {
    let mut expected = ExpectedDigests::default();
    for value in headers.get_all(name) {
        let field = value.to_str().unwrap_or_default();
        expected.add_digest_field(field).map_err(|malformed| Problem::malformed(shown, &malformed))?;
    }
    Ok(expected)
}

/// Bytes are taken as they are: an encoding would make digests and lengths mean two things, and inflating is a bomb's fuse.
pub(super) fn refuse_encoding(headers: &HeaderMap) -> Result<(), Problem> {
    match headers.get(header::CONTENT_ENCODING).map(|value| value.to_str().unwrap_or("?")) {
        None | Some("identity") => Ok(()),
        Some(other) => {
            let message = format!("Content-Encoding: `{other}` is not taken; send the bytes as they are");
            Err(Problem::new(Kind::UnsupportedMediaType, message))
        }
    }
}
