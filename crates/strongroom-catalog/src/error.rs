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
    /// The database did not do it. Nothing was changed. The text is for the operator.
    #[error("the catalog is unavailable: {0}")]
    Unavailable(String),
    /// A row holds what no version of this program writes. The text is for the operator.
    #[error("the catalog holds an unreadable value: {0}")]
    Unreadable(String),
}

/// SQLite's primary result code for a full disk (`SQLITE_FULL`, sqlite.org/rescode.html).
const SQLITE_FULL: &str = "13";

impl From<sqlx::Error> for CatalogError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(database) if database.code().as_deref() == Some(SQLITE_FULL) => Self::Full,
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::ColumnNotFound(_) => Self::Unreadable(error.to_string()),
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

impl From<strongroom_core::id::Malformed> for CatalogError {
    fn from(malformed: strongroom_core::id::Malformed) -> Self {
        Self::Unreadable(malformed.to_string())
    }
}
