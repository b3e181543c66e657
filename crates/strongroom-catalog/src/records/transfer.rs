//! What a move to another database or store keeps, and whole tables as rows of plain values.

use std::str::FromStr;

use strongroom_core::clock::Timestamp;
use strongroom_core::digest::Digest;
use strongroom_core::id::{ConnectionId, Malformed, UploadId};

/// Which side of a move this vault is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelocationRole {
    /// It is being copied elsewhere.
    Leaving,
    /// It is elsewhere now.
    Left,
    /// It is being copied to here.
    Arriving,
}

impl RelocationRole {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Leaving => "leaving",
            Self::Left => "left",
            Self::Arriving => "arriving",
        }
    }
}

impl FromStr for RelocationRole {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let all = [Self::Leaving, Self::Left, Self::Arriving];
        let found = all.into_iter().find(|role| role.as_str() == text);
        found.ok_or_else(|| Malformed::new(text, "leaving, left or arriving"))
    }
}

/// A move of this vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relocation {
    /// The same on both sides.
    pub token: String,
    /// Which side this is.
    pub role: RelocationRole,
    /// Whether writes are refused.
    pub is_held: bool,
    /// The new database, without a password; `None` where that stays.
    pub to_database: Option<String>,
    /// The new store; `None` where that stays.
    pub to_store: Option<String>,
    /// When it began.
    pub began_at: Timestamp,
}

/// Where a part of an upload under way lies in the new store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelocatedPart {
    /// Whose it is.
    pub connection: ConnectionId,
    /// Of which upload.
    pub upload: UploadId,
    /// Its number.
    pub number: u32,
    /// The digest of the bytes that were copied.
    pub digest: Digest,
    /// The generation of its side file or object; `None` where it is in place.
    pub side: Option<u64>,
    /// Its entity tag in a multipart upload.
    pub tag: Option<String>,
}

/// A value of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Text, or null.
    Text(Option<String>),
    /// A number, or null.
    Number(Option<i64>),
    /// Bytes, or null.
    Bytes(Option<Vec<u8>>),
}

/// The values of a row, in the order of its [`Table`](super::Table)'s columns.
pub type TableRow = Vec<Value>;
