//! Why an upload did not succeed, as decisions: what the caller can do next differs for each.

use std::io;
use std::time::Duration;

use serde_json::Value;

/// Why an upload did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The URL, the key, the connection or the state directory cannot be used as given.
    #[error("{0}")]
    Setup(String),
    /// The path does not name a file that can be sent.
    #[error("{0}")]
    Unsendable(&'static str),
    /// The file cannot be read.
    #[error("cannot read the file: {0}")]
    Read(#[from] io::Error),
    /// Size or modification time moved while the file was sent, so its parts may belong to two versions.
    #[error("the file changed while it was uploaded; nothing was made of it, start again when it is at rest")]
    FileChanged,
    /// The server said no, and asking again would not change that.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// Every attempt failed in a way that might have passed.
    #[error("gave up after {attempts} attempts: {reason}")]
    GaveUp {
        /// How many requests were made.
        attempts: u32,
        /// How the last one failed.
        reason: String,
    },
    /// The server keeps saying that parts are missing which it acknowledged.
    #[error("the server still misses parts after they were sent {rounds} times")]
    PartsKeepMissing {
        /// How many times the missing parts were sent.
        rounds: u32,
    },
    /// The bytes the server holds are not the bytes of the file.
    #[error("media {media_id} has digest {remote}, but the file has {local}: it changed or was corrupted on the way")]
    DigestMismatch {
        /// The media that holds the wrong bytes.
        media_id: i64,
        /// BLAKE3 of the file here, in hex.
        local: String,
        /// What the server says it has.
        remote: String,
    },
    /// The answer is not one the contract allows.
    #[error("the server's answer makes no sense: {0}")]
    Protocol(String),
}

impl Error {
    /// True if the upload session is gone, so that only a new one can help.
    pub(crate) fn is_session_gone(&self) -> bool {
        matches!(self, Self::Refused(refusal) if matches!(refusal.status, 404 | 410))
    }

    /// True if the session takes no more bytes, because somebody completed it.
    pub(crate) fn is_session_closed(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.code == "UPLOAD_CLOSED")
    }
}

/// What the server said when it refused.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The machine's word for it, such as `QUOTA_EXCEEDED`; empty if the answer was not the contract's JSON.
    pub code: String,
    /// The sentence for people.
    pub message: String,
    /// What to tell the operator so that the request can be found in the log.
    pub request_id: Option<String>,
    /// What else the server said; its shape depends on the code.
    pub details: Value,
    /// How long the server asked us to stay away.
    pub retry_after: Option<Duration>,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)?;
        match self.code.as_str() {
            "" => write!(f, " ({}", self.status)?,
            code => write!(f, " ({} {code}", self.status)?,
        }
        if let Some(request_id) = &self.request_id {
            write!(f, ", request {request_id}")?;
        }
        f.write_str(")")
    }
}

/// An error and all its sources on one line: the outermost one of an HTTP client rarely says what went wrong.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
