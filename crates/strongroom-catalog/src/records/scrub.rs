//! What a check of the whole vault reads: rows beside the bytes that they promise.

use strongroom_core::clock::Timestamp;
use strongroom_core::digest::Digest;
use strongroom_core::id::{BlobKey, ConnectionId, UploadId};
use strongroom_core::media::{Format, MediaStatus, MediaType};
use strongroom_core::rendition::{RenditionFormat, RenditionName};
use strongroom_core::upload::{Plan, UploadState};

use super::Part;

/// A blob, with all that says which bytes there should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptBlob {
    /// Whose it is.
    pub connection: ConnectionId,
    /// Its name in the store.
    pub key: BlobKey,
    /// The digest of its original: BLAKE3, or of a PDF SHA-256. What it should be, where the blob is in quarantine.
    pub etag: Digest,
    /// Whether its original was found lost or damaged before.
    pub is_in_quarantine: bool,
    /// Bytes of its original.
    pub size_bytes: u64,
    /// What its first bytes say it is.
    pub format: Option<Format>,
    /// What it is to a viewer.
    pub media_type: MediaType,
    /// How far it has come.
    pub status: MediaStatus,
    /// Whether a job waits or runs that will write its renditions anew.
    pub has_job: bool,
    /// Whether anything shows it: a media, a preview, an avatar, a document.
    pub is_referenced: bool,
    /// When it was kept.
    pub created_at: Timestamp,
    /// The renditions that there should be.
    pub renditions: Vec<KeptRendition>,
}

/// A rendition that there should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptRendition {
    /// Which one.
    pub name: RenditionName,
    /// What it is encoded as.
    pub format: RenditionFormat,
    /// Its bytes.
    pub size_bytes: u64,
    /// Their BLAKE3, where it is known.
    pub digest: Option<Digest>,
}

/// An acknowledged part of an upload that has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptPart {
    /// Whose it is.
    pub connection: ConnectionId,
    /// Of which upload.
    pub upload: UploadId,
    /// `open` or `completing`.
    pub state: UploadState,
    /// How the file is cut.
    pub plan: Plan,
    /// When anything last happened to the upload.
    pub active_at: Timestamp,
    /// The part.
    pub part: Part,
}

/// What a database says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// Which engine it is, in which version.
    pub engine: String,
    /// What time it is there, where it is another machine.
    pub now: Option<Timestamp>,
    /// What is not as it should be, each with what to do about it.
    pub complaints: Vec<(String, String)>,
}

/// A number that is kept beside the rows which it counts, and says something else than they do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Miscount {
    /// Which number.
    pub counter: String,
    /// What it says; `None` where it is not there.
    pub kept: Option<i64>,
    /// What the rows come to.
    pub counted: i64,
}
