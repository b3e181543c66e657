//! What a run finds, in the words of its report.

use serde::Serialize;
use strongroom_catalog::records::{KeptBlob, KeptPart};
use strongroom_core::id::{BlobKey, ConnectionId, MediaId, UploadId};

/// What a run has looked at, and what it found.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// How much of what was looked at.
    pub checked: Checked,
    /// What is wrong, or was.
    pub faults: Vec<Fault>,
}

/// How much was looked at.
#[derive(Debug, Clone, Copy, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Checked {
    /// Blobs: originals with their renditions.
    pub blobs: u64,
    /// Renditions.
    pub renditions: u64,
    /// Acknowledged parts of uploads that have not ended.
    pub parts: u64,
    /// Files of the store, whatever they are.
    pub files: u64,
    /// Connections whose counters and lists were compared.
    pub connections: u64,
    /// Bytes read for their digests.
    pub bytes_read: u64,
    /// Shards, of 256, whose digests an interrupted run had compared.
    pub shards_scrubbed_before: u64,
    /// Blobs whose original was lost or damaged before this run, as their media say.
    pub in_quarantine: u64,
}

/// The kinds of faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// A blob has no original.
    OriginalMissing,
    /// An original has another length than its row says.
    OriginalSize,
    /// An original has other bytes than were sent.
    OriginalDigest,
    /// An original or a rendition is there, and cannot be read.
    Unreadable,
    /// A rendition is not there.
    RenditionMissing,
    /// A rendition has another length than its row says.
    RenditionSize,
    /// A rendition has other bytes than were made.
    RenditionDigest,
    /// A blob is said to be ready and has no rendition.
    NoRenditions,
    /// A blob waits for renditions that no job will make.
    NoJob,
    /// Nothing shows a blob any more, and it counts.
    Unreferenced,
    /// An acknowledged part is not there.
    PartMissing,
    /// An acknowledged part is cut short.
    PartSize,
    /// An acknowledged part has other bytes than were sent.
    PartDigest,
    /// An original that no row names.
    OriginalWithoutRow,
    /// A rendition that no row names.
    RenditionWithoutRow,
    /// Parts of no upload that is open.
    StagingWithoutRow,
    /// A try of a part that no row names.
    SideFileWithoutRow,
    /// A multipart upload of the object store that no row names.
    MultipartWithoutRow,
    /// A scratch directory in which nobody works.
    ScratchWithoutOwner,
    /// A file among ours that is not ours.
    ForeignFile,
    /// A counter that is not what the rows come to.
    Counter,
    /// A media that is listed where it is not, or not where it is.
    Listing,
    /// A media that is found by other words than its own.
    SearchText,
    /// A media of another type or status than its bytes.
    MediaState,
    /// What the database finds wrong with itself.
    Database,
}

impl FaultKind {
    /// Whether bytes are gone that nobody can make again.
    #[must_use]
    pub const fn is_loss(self) -> bool {
        matches!(self, Self::OriginalMissing | Self::OriginalSize | Self::OriginalDigest)
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Fault {
    /// What kind of fault it is.
    pub kind: FaultKind,
    /// The blob that has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blob: Option<BlobKey>,
    /// The upload that has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upload: Option<UploadId>,
    /// The media that has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media: Option<MediaId>,
    /// Whose it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection: Option<ConnectionId>,
    /// What was found, and what was expected.
    pub detail: String,
    /// Whether it was mended.
    pub repaired: bool,
}

impl Fault {
    pub(super) fn new(kind: FaultKind, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self { kind, blob: None, upload: None, media: None, connection: None, detail, repaired: false }
    }

    pub(super) fn of_blob(kind: FaultKind, blob: &KeptBlob, detail: impl Into<String>) -> Self {
        let connection = Some(blob.connection.clone());
        Self { blob: Some(blob.key), connection, ..Self::new(kind, detail) }
    }

    pub(super) fn of_part(kind: FaultKind, part: &KeptPart, detail: impl Into<String>) -> Self {
        let connection = Some(part.connection.clone());
        Self { upload: Some(part.upload), connection, ..Self::new(kind, detail) }
    }

    pub(super) fn of_media(kind: FaultKind, owner: &ConnectionId, media: MediaId, detail: impl Into<String>) -> Self {
        Self { media: Some(media), connection: Some(owner.clone()), ..Self::new(kind, detail) }
    }

    pub(super) fn repaired(mut self, repaired: bool) -> Self {
        self.repaired = repaired;
        self
    }

    /// The blob, where only reading all its bytes told of the fault: a run that goes on has to read them again.
    pub(super) fn suspect(&self) -> Option<BlobKey> {
        let is_by_digest =
            matches!(self.kind, FaultKind::OriginalDigest | FaultKind::RenditionDigest | FaultKind::Unreadable);
        self.blob.filter(|_| is_by_digest && !self.repaired)
    }
}
