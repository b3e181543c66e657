//! What can go wrong between a call and its row, as decisions for the caller.

use crate::records::Shortfall;

/// Why the catalog gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CatalogError {
    /// The connection's quota has no room. Nothing was changed.
    #[error("the quota has no room: {0:?}")]
    OverQuota(Shortfall),
    /// The disk under the catalog is full. Nothing was changed.
    #[error("the disk under the catalog is full")]
    Full,
    /// The database did not do it, or could not say so any more: the call can be made again. The text is for the operator.
    #[error("the catalog is unavailable: {0}")]
    Unavailable(String),
    /// Others were at the same rows, again and again. Nothing was changed. The text is for the operator.
    #[error("the catalog is contended: {0}")]
    Contended(String),
    /// The vault moves, or has moved: it answers reads alone, until an operator says otherwise. Nothing was changed.
    #[error("{HELD}")]
    Held,
    /// A text holds what this engine keeps in none: U+0000, on PostgreSQL. Nothing was changed.
    #[error("a text holds U+0000, which the catalog cannot keep")]
    Text,
    /// A row holds what no version of this program writes. The text is for the operator.
    #[error("the catalog holds an unreadable value: {0}")]
    Unreadable(String),
}

/// What the triggers say while writes are held (migration 10).
const HELD: &str = "the vault takes no writes: it moves, or has moved";

/// What PostgreSQL says of a full disk: `disk_full` (postgresql.org/docs/15/errcodes-appendix.html).
const FULL: [&str; 1] = ["53100"];

/// What PostgreSQL says of a transaction that it gave up for another one's sake: `serialization_failure`, `deadlock_detected`.
const CONTENDED: [&str; 2] = ["40001", "40P01"];

/// What PostgreSQL says of a text with U+0000 in it: `character_not_in_repertoire`, `untranslatable_character`.
const TEXT: [&str; 2] = ["22021", "22P05"];

impl From<sqlx::Error> for CatalogError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(database) if database.message() == HELD => Self::Held,
            sqlx::Error::Database(database) if is_one_of(&FULL, database.as_ref()) => Self::Full,
            sqlx::Error::Database(database) if is_one_of(&TEXT, database.as_ref()) => Self::Text,
            sqlx::Error::Database(database) if is_one_of(&CONTENDED, database.as_ref()) => {
                Self::Contended(error.to_string())
            }
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::ColumnNotFound(_) => Self::Unreadable(error.to_string()),
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

impl From<rusqlite::Error> for CatalogError {
    fn from(error: rusqlite::Error) -> Self {
        match &error {
            rusqlite::Error::SqliteFailure(_, Some(message)) if message == HELD => Self::Held,
            _ if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull) => Self::Full,
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

fn is_one_of(codes: &[&str], error: &dyn sqlx::error::DatabaseError) -> bool {
    error.code().is_some_and(|code| codes.contains(&code.as_ref()))
}

impl From<strongroom_core::id::Malformed> for CatalogError {
    fn from(malformed: strongroom_core::id::Malformed) -> Self {
        Self::Unreadable(malformed.to_string())
    }
}
