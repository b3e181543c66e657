//! The statements, in the SQL that both engines share: static text, `$N` parameters.

pub(crate) mod attached;
pub(crate) mod attaching;
pub(crate) mod audit;
pub(crate) mod blobs;
pub(crate) mod completion;
pub(crate) mod connections;
pub(crate) mod depth;
pub(crate) mod direct;
pub(crate) mod documents;
pub(crate) mod edits;
pub(crate) mod events;
pub(crate) mod fetches;
pub(crate) mod forms;
mod gate;
pub(crate) mod jobs;
pub(crate) mod keys;
pub(crate) mod lapsing;
pub(crate) mod listing;
pub(crate) mod lists;
pub(crate) mod media;
pub(crate) mod members;
pub(crate) mod named;
pub(crate) mod organisations;
pub(crate) mod outcome;
pub(crate) mod parts;
pub(crate) mod people;
pub(crate) mod quarantine;
pub(crate) mod recount;
pub(crate) mod removal;
pub(crate) mod scrub;
pub(crate) mod search;
pub(crate) mod settings;
pub(crate) mod signing_keys;
pub(crate) mod slots;
pub(crate) mod stored;
pub(crate) mod stored_totals;
pub(crate) mod transfer;
pub(crate) mod trash;
pub(crate) mod uploads;
pub(crate) mod usage;

mod columns;

use super::{Connection, Row, Statement, dialect};
use columns::Columns;

type Answer<T> = Result<T, crate::CatalogError>;

/// A statement of this engine.
fn sql(text: &'static str) -> Statement {
    dialect::statement(text)
}

/// Lengths and sizes are unsigned in the program and `bigint` in the catalog; beyond 2⁶³ neither disk nor contract goes.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A list as the parameter of `one_of!` and `one_of_words!`. Words and numbers always have a JSON form.
fn json_list<T: serde::Serialize>(list: &[T]) -> String {
    serde_json::to_string(list).unwrap_or_default()
}
