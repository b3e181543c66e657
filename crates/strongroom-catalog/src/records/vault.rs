//! Lists, pages, searches, the trash.

use strongroom_core::clock::Timestamp;
use strongroom_core::id::{BlobKey, ListId, MediaId};
use strongroom_core::list::ListType;
use strongroom_core::media::{MediaStatus, MediaType};

use super::Media;

/// A list, as a media on it names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListName {
    /// Its id.
    pub id: ListId,
    /// What kind of list it is.
    pub list_type: ListType,
    /// Its name.
    pub name: String,
}

/// A list, as a page of lists shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultList {
    /// Its id, kind and name.
    pub name: ListName,
    /// The newest few of its media. Empty only where the list is.
    pub covers: Vec<Media>,
}

/// The vault as a whole, as it is shown above its lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultOverview {
    /// How many media there are of each type that there is.
    pub totals: Vec<(MediaType, i64)>,
    /// The newest few.
    pub covers: Vec<Media>,
    /// Whether another list can be made.
    pub has_room_for_lists: bool,
}

/// What became of a change to the media of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListChange {
    /// It was made.
    Done,
    /// There is no such list; nothing was changed.
    NoSuchList,
    /// There is no media by the name at this index; nothing was changed.
    NoSuchMedia(usize),
}

/// The order of a list of media.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MediaOrder {
    /// By creation.
    #[default]
    Created,
    /// By likes.
    Likes,
    /// By tips.
    Tips,
}

impl MediaOrder {
    /// What it sorts by, beside the id.
    #[must_use]
    pub fn value_of(self, media: &Media) -> i64 {
        match self {
            Self::Created => media.created_at.as_millis(),
            Self::Likes => media.likes,
            Self::Tips => media.tips,
        }
    }
}

/// Where media are listed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shelf {
    /// All that are not in the trash.
    #[default]
    Vault,
    /// Those of one list.
    List(ListId),
    /// The trash.
    Trash,
}

/// A place in an order: that of a media which was there when it was noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MediaPlace {
    /// What it was sorted by.
    pub value: i64,
    /// Which of those with the same value.
    pub media: MediaId,
}

/// Which media to list. The default is the vault's newest, none of them.
#[derive(Debug, Clone)]
pub struct MediaPage {
    /// From where.
    pub shelf: Shelf,
    /// What to sort by.
    pub order: MediaOrder,
    /// Largest or newest first.
    pub descending: bool,
    /// Only this type.
    pub media_type: Option<MediaType>,
    /// Only this status.
    pub status: Option<MediaStatus>,
    /// Only those made then or later.
    pub created_from: Option<Timestamp>,
    /// Only those made then or earlier.
    pub created_to: Option<Timestamp>,
    /// Only those in whose file name or people this occurs, in whatever case.
    pub words: Option<String>,
    /// Only those that come after this place.
    pub after: Option<MediaPlace>,
    /// How many at most.
    pub limit: u32,
    /// How many to pass over.
    pub offset: u64,
}

impl Default for MediaPage {
    fn default() -> Self {
        Self {
            shelf: Shelf::Vault,
            order: MediaOrder::Created,
            descending: true,
            media_type: None,
            status: None,
            created_from: None,
            created_to: None,
            words: None,
            after: None,
            limit: 0,
            offset: 0,
        }
    }
}

/// What is to be changed of a media; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MediaEdit {
    /// Its file name.
    pub filename: Option<String>,
    /// How often it was liked.
    pub likes: Option<i64>,
    /// Sum of tips.
    pub tips: Option<i64>,
}

/// A media that is in the vault or in the trash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownMedia {
    /// Its id.
    pub id: MediaId,
    /// Whether it is in the trash.
    pub is_in_trash: bool,
}

/// What purging let go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Purged {
    /// How many media.
    pub media: u32,
    /// Blobs that no row names any more: their files are to be deleted.
    pub blobs: Vec<BlobKey>,
}
