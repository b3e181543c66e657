//! What the catalog takes and answers, in the words of the core.

mod account;
mod consent;
mod depth;
mod scrub;
pub(crate) mod tables;
mod transfer;
mod vault;
mod vault_plus;

pub use account::*;
pub use consent::*;
pub use depth::*;
pub use scrub::*;
pub use tables::{SIGNING_KEYS, TABLES, Table};
pub use transfer::*;
pub use vault::*;
pub use vault_plus::*;

use strongroom_core::clock::Timestamp;
use strongroom_core::connection::Environment;
use strongroom_core::digest::Digest;
use strongroom_core::id::{BlobKey, ConnectionId, KeyId, LeaseToken, MediaId, OrganisationId, UploadId};
use strongroom_core::job::{JobKind, JobState};
use strongroom_core::key::KeyHash;
use strongroom_core::media::{Failure, Format, MediaStatus, MediaType};
use strongroom_core::permission::{Grants, Permission, Scope};
use strongroom_core::release_form::{Consent, Validity};
use strongroom_core::rendition::{RenditionFormat, RenditionName, Size};
use strongroom_core::settings::Settings;
use strongroom_core::upload::{Plan, UploadState};

/// An API key, without the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyRecord {
    /// Its public id.
    pub id: KeyId,
    /// Who owns it.
    pub organisation: OrganisationId,
    /// Which world it opens.
    pub environment: Environment,
    /// What its owner calls it.
    pub name: String,
    /// Families of calls it may make.
    pub scopes: Grants<Scope>,
    /// Rights on connections.
    pub permissions: Grants<Permission>,
    /// The connections it may use; `None` is all of its organisation's.
    pub connections: Option<Vec<ConnectionId>>,
    /// From when on it is refused, if ever.
    pub expires_at: Option<Timestamp>,
    /// Since when it is refused, if it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// A new API key.
#[derive(Clone)]
pub struct NewApiKey {
    /// The record to keep.
    pub record: ApiKeyRecord,
    /// What the key is found by.
    pub hash: KeyHash,
    /// Now.
    pub created_at: Timestamp,
}

/// An upload session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Its owner.
    pub connection: ConnectionId,
    /// Its id.
    pub id: UploadId,
    /// Where it stands.
    pub state: UploadState,
    /// The name the client gave. Data only.
    pub filename: String,
    /// The type the client declared. Never believed.
    pub content_type: String,
    /// How it is cut.
    pub plan: Plan,
    /// The `Repr-Digest` field of init, to be verified at complete.
    pub repr_digest: Option<String>,
    /// The media it became.
    pub media: Option<MediaId>,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When its last part was accepted, or it was opened.
    pub active_at: Timestamp,
    /// When it expires unless another part is accepted.
    pub expires_at: Timestamp,
    /// The multipart upload of the object store that holds its parts, once there is one.
    pub multipart: Option<String>,
    /// Whether its parts go to the object store itself, past the nodes.
    pub is_direct: bool,
}

/// An acknowledged part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// From 1.
    pub number: u32,
    /// Its length.
    pub size_bytes: u64,
    /// Its chaining value, or the file's digest where it is the only part.
    pub digest: Digest,
    /// The side file that holds it; `None` where it lies in its slot.
    pub side: Option<u64>,
    /// Its entity tag in the object store; `None` where it lies in no multipart upload.
    pub tag: Option<String>,
}

/// What became of a part that was to be recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartRecorded {
    /// It counts. Of its side file and that of the try before it, one may no longer be needed.
    Accepted {
        /// The side file that no row names any more.
        unneeded_side: Option<u64>,
    },
    /// The session is no longer open; nothing was changed.
    NotOpen(UploadState),
}

/// What a completed upload becomes.
#[derive(Debug, Clone)]
pub struct NewMedia {
    /// The owner.
    pub connection: ConnectionId,
    /// The session; must be `completing`.
    pub upload: UploadId,
    /// Under which key its bytes were published.
    pub blob: BlobKey,
    /// BLAKE3 of the bytes.
    pub etag: Digest,
    /// How many bytes.
    pub size_bytes: u64,
    /// What its first bytes say it is.
    pub media_type: MediaType,
    /// The format, if it is one.
    pub format: Option<Format>,
    /// The name the client gave.
    pub filename: String,
    /// What follows.
    pub next: NextStep,
}

/// What follows from a completed upload.
#[derive(Debug, Clone)]
pub enum NextStep {
    /// A job of this kind.
    Render(JobKind),
    /// Nothing: no renditions can be made.
    Fail(Failure),
}

/// What [`NewMedia`] became.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Completed {
    /// The media, new or of an earlier run of the same complete.
    pub media: MediaId,
    /// The blob that it shows. Another than was published where the same bytes were here already.
    pub blob: BlobKey,
}

/// A media with all that is shown of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// Its id.
    pub id: MediaId,
    /// Its owner.
    pub connection: ConnectionId,
    /// Where its bytes are.
    pub blob: BlobKey,
    /// What it is.
    pub media_type: MediaType,
    /// How far it has come.
    pub status: MediaStatus,
    /// Why it failed, if it did.
    pub failure: Option<Failure>,
    /// The name the client gave.
    pub filename: String,
    /// Bytes of the original.
    pub size_bytes: u64,
    /// BLAKE3 of the original.
    pub etag: Digest,
    /// SHA-256 of the original, once a job has read it.
    pub sha256: Option<[u8; 32]>,
    /// The original's format, if known.
    pub format: Option<Format>,
    /// Upright size, once known.
    pub dimensions: Option<Size>,
    /// Length in milliseconds, if it has one.
    pub duration_ms: Option<u64>,
    /// How far its renditions are, in thousandths, while a job reports it.
    pub progress_permille: Option<u32>,
    /// Part of every signed URL; moves when older ones must die.
    pub url_version: i64,
    /// How often it was liked.
    pub likes: i64,
    /// Sum of tips.
    pub tips: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when it is in the trash, if it is.
    pub deleted_at: Option<Timestamp>,
    /// The blob of the preview that was chosen by hand.
    pub custom_preview: Option<BlobKey>,
    /// Its renditions.
    pub renditions: Vec<Rendition>,
    /// The release forms attached to it.
    pub release_forms: Vec<AttachedForm>,
    /// The lists it is on.
    pub lists: Vec<ListName>,
}

impl Media {
    /// What the release forms attached to it come to at `now`.
    #[must_use]
    pub fn consent(&self, now: Timestamp) -> Consent {
        Consent::of(self.release_forms.iter().map(|form| form.validity.status(now)))
    }

    /// Where the bytes of one of its renditions are.
    #[must_use]
    pub fn blob_of(&self, name: RenditionName) -> BlobKey {
        self.custom_preview.filter(|_| name.is_preview()).unwrap_or(self.blob)
    }
}

/// Bytes that are kept without a media of their own, such as a preview chosen by hand.
#[derive(Debug, Clone)]
pub struct NewBlob {
    /// The owner.
    pub connection: ConnectionId,
    /// Under which key the bytes were published.
    pub key: BlobKey,
    /// BLAKE3 of the bytes; SHA-256 for a PDF document, which no media may share.
    pub etag: Digest,
    /// How many bytes.
    pub size_bytes: u64,
    /// What they are.
    pub media_type: MediaType,
    /// Their format, if it is one.
    pub format: Option<Format>,
    /// What follows.
    pub next: NextStep,
}

impl NewMedia {
    /// Its bytes.
    pub(crate) fn to_blob(&self) -> NewBlob {
        NewBlob {
            connection: self.connection.clone(),
            key: self.blob,
            etag: self.etag,
            size_bytes: self.size_bytes,
            media_type: self.media_type,
            format: self.format,
            next: self.next.clone(),
        }
    }
}

/// How far a blob's renditions are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobState {
    /// Which blob.
    pub key: BlobKey,
    /// How far it has come.
    pub status: MediaStatus,
    /// Why it failed, if it did.
    pub failure: Option<Failure>,
}

/// One finished rendition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rendition {
    /// Which one.
    pub name: RenditionName,
    /// What it is encoded as.
    pub format: RenditionFormat,
    /// Its upright size.
    pub dimensions: Size,
    /// Its bytes.
    pub size_bytes: u64,
    /// Their BLAKE3, where it is known.
    pub digest: Option<Digest>,
}

/// What delivery needs of a rendition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deliverable {
    /// Where the bytes are.
    pub blob: BlobKey,
    /// Which rendition.
    pub rendition: Rendition,
    /// The media's URL version now.
    pub url_version: i64,
    /// When the renditions were published; part of the entity tag.
    pub published_at: Timestamp,
    /// Whose media.
    pub connection: ConnectionId,
    /// What holds for the connection.
    pub settings: Settings,
    /// The times of the release forms attached to the media.
    pub release_forms: Vec<Validity>,
}

/// A job as a worker holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedJob {
    /// Its id.
    pub id: i64,
    /// Proof of the lease; new for this claim.
    pub lease: LeaseToken,
    /// What to do.
    pub kind: JobKind,
    /// Whose media.
    pub connection: ConnectionId,
    /// Which bytes.
    pub blob: BlobKey,
    /// Which attempt this is, from 1.
    pub attempt: i64,
}

/// What a render job made.
#[derive(Debug, Clone)]
pub struct RenderedFacts {
    /// What it turned out to be.
    pub media_type: MediaType,
    /// Its format.
    pub format: Format,
    /// Upright size, if it has one.
    pub dimensions: Option<Size>,
    /// Length, if it has one.
    pub duration_ms: Option<u64>,
    /// SHA-256 of the original, if it is known by now.
    pub sha256: Option<[u8; 32]>,
    /// The renditions, published already.
    pub renditions: Vec<Rendition>,
}

/// A job as an operator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRecord {
    /// Its id.
    pub id: i64,
    /// What it does.
    pub kind: JobKind,
    /// Where it stands.
    pub state: JobState,
    /// Whose media.
    pub connection: ConnectionId,
    /// Which bytes.
    pub blob: BlobKey,
    /// Attempts begun.
    pub attempts: i64,
    /// What the last failed attempt said.
    pub last_error: Option<String>,
    /// When it may run next.
    pub run_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
}
