//! The statements, in the SQL that both engines share: static text, `$N` parameters.

pub(crate) mod blobs;
pub(crate) mod completion;
pub(crate) mod connections;
pub(crate) mod events;
pub(crate) mod jobs;
pub(crate) mod keys;
pub(crate) mod media;
pub(crate) mod outcome;
pub(crate) mod parts;
pub(crate) mod uploads;

mod columns;

use super::{Driver, dialect};
use columns::Columns;

type Connection = <Driver as sqlx::Database>::Connection;
type Row = <Driver as sqlx::Database>::Row;
type Answer<T> = Result<T, crate::CatalogError>;

/// A statement of this engine.
fn sql(text: &'static str) -> sqlx::query::Query<'static, Driver, <Driver as sqlx::Database>::Arguments> {
    sqlx::query(text)
}

/// Lengths and sizes are unsigned in the program and `bigint` in the catalog; beyond 2⁶³ neither disk nor contract goes.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
