//! Request bodies that are bytes: read as they come, with a deadline for pauses and a floor under their speed.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use futures_util::StreamExt as _;
use strongroom_core::content_digest::ExpectedDigests;
use strongroom_core::upload::AnnouncedLength;
use tokio::time::Instant;

use crate::config::Deadlines;
use crate::problem::{Kind, Problem};
use crate::services::parts::Incoming;

/// Slow starts are forgiven this long before the floor under a body's speed holds.
const GRACE: Duration = Duration::from_secs(30);

/// The most that is read and thrown away of a body that was refused unread, so that a client which sends first and reads
/// later meets the answer and not a reset connection.
const LINGER_BYTES: usize = 128 << 20;
const LINGER: Duration = Duration::from_secs(10);

/// A body of bytes.
pub(super) struct Bytestream {
    stream: BodyDataStream,
    deadlines: Deadlines,
    started: Instant,
    received: u64,
    is_at_end: bool,
    expects_continue: bool,
}

impl Bytestream {
    pub(super) fn new(body: Body, headers: &HeaderMap, deadlines: Deadlines) -> Self {
        Self {
            stream: body.into_data_stream(),
            deadlines,
            started: Instant::now(),
            received: 0,
            is_at_end: false,
            expects_continue: headers.contains_key(header::EXPECT),
        }
    }

    fn is_too_slow(&self) -> bool {
        let elapsed = self.started.elapsed();
        elapsed > GRACE && self.received < self.deadlines.body_min_rate.saturating_mul(elapsed.as_secs())
    }

    /// Reads on for a while without keeping anything, in the background.
    pub(super) fn linger(mut self) {
        // A client that waits for 100 Continue has sent nothing and reads the answer first.
        if self.is_at_end || self.expects_continue {
            return;
        }
        tokio::spawn(tokio::time::timeout(LINGER, async move {
            let mut left = LINGER_BYTES;
            while let Some(Ok(bytes)) = self.stream.next().await {
                left = left.saturating_sub(bytes.len());
                if left == 0 {
                    break;
                }
            }
        }));
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
            None => {
                self.is_at_end = true;
                Ok(None)
            }
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
            Some(Err(_)) => {
                self.is_at_end = true;
                Err(Problem::new(Kind::BadRequest, "the connection broke before the end of the body"))
            }
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
