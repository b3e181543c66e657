//! What the stored-media calls show beside media.

use strongroom_core::clock::Timestamp;
use strongroom_core::connection::Environment;
use strongroom_core::id::{ConnectionId, MediaId, OrganisationId};
use strongroom_core::media::{MediaStatus, MediaType};
use strongroom_core::rendition::{RenditionFormat, RenditionName};

use super::Media;

/// A media as the stored-media calls show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMedia {
    /// The media.
    pub media: Media,
    /// When its renditions were published, once they were.
    pub stored_at: Option<Timestamp>,
    /// How often its renditions were fetched; those that never were are left out.
    pub fetches: Vec<Fetches>,
}

/// How often a rendition was fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fetches {
    /// Which one.
    pub name: RenditionName,
    /// How often.
    pub total: u64,
    /// When last.
    pub last_at: Timestamp,
}

/// Fetches of one rendition that are to be added to its count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFetches {
    /// Whose media.
    pub connection: ConnectionId,
    /// Which media.
    pub media: MediaId,
    /// Which of its renditions, how often, and when last.
    pub fetches: Fetches,
}

/// Which stored media to list, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPage {
    /// Those in the trash, last removed first, and not those in the vault.
    pub in_trash: bool,
    /// Only these types.
    pub types: Option<Vec<MediaType>>,
    /// Only these statuses.
    pub statuses: Option<Vec<MediaStatus>>,
    /// Only those with a rendition in one of these formats.
    pub formats: Option<Vec<RenditionFormat>>,
    /// Only those at least this long, in milliseconds.
    pub shortest_ms: Option<u64>,
    /// Only those at most this long, in milliseconds.
    pub longest_ms: Option<u64>,
    /// Only those made at this time or later.
    pub created_from: Option<Timestamp>,
    /// Only what comes after this place.
    pub after: Option<StoredPlace>,
    /// How many at most.
    pub limit: u32,
}

/// A place in a list of stored media: the time that it is sorted by, and the media's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredPlace {
    /// When the media was made, or removed where the list is the trash.
    pub at: Timestamp,
    /// Which media.
    pub media: MediaId,
}

impl StoredMedia {
    /// Where it stands in a list.
    #[must_use]
    pub fn place(&self) -> StoredPlace {
        StoredPlace { at: self.media.deleted_at.unwrap_or(self.media.created_at), media: self.media.id }
    }
}

/// What was put in the trash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Freed {
    /// How many media.
    pub media: u64,
    /// How many variants they showed. A film's best MP4 is one, though it is shown as `full` too.
    pub variants: u64,
    /// The bytes of those.
    pub bytes: u64,
}

impl std::ops::AddAssign for Freed {
    fn add_assign(&mut self, more: Self) {
        self.media += more.media;
        self.variants += more.variants;
        self.bytes += more.bytes;
    }
}

/// What a connection has stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredTotals {
    /// All of its media but those in the trash.
    pub media: u64,
    /// Those that can be fetched.
    pub stored: u64,
    /// Those that are still processed.
    pub pending: u64,
    /// Bytes on disk: originals and renditions, also of what lies in the trash.
    pub bytes: u64,
}

/// What an organisation's connections have stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrganisationTotals {
    /// Its connections.
    pub connections: u64,
    /// Those for which the stored-media calls were switched on.
    pub with_vault_plus: u64,
    /// Bytes on disk.
    pub bytes: u64,
    /// Media, but those in the trash.
    pub media: u64,
}

/// Whose connections to count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// Of this organisation.
    pub organisation: OrganisationId,
    /// In this world.
    pub environment: Environment,
    /// Only these, where a key may use no others.
    pub connections: Option<Vec<ConnectionId>>,
}
