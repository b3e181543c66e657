//! All SQL of Strongroom, and only SQL.
//!
//! [`Catalog`] is the door. What it answers are the [`records`]. The statements are in `queries/`, written once in the SQL
//! that SQLite and PostgreSQL share; an engine module (`sqlite`, `postgres`) compiles them against its driver and says how a read and a
//! write reach the database. docs/adr/0002-two-sql-dialects.md has the reasons.

#![allow(clippy::duplicate_mod, reason = "each engine compiles the statements against its own driver")]

// The tests' own server, which tests inside and outside of this crate share, names it so.
#[cfg(test)]
extern crate self as strongroom_catalog;

mod announcement;
mod catalog;
mod error;
mod postgres;
pub mod records;
mod sqlite;

pub use announcement::Announcement;
pub use catalog::Catalog;
pub use error::CatalogError;
pub use postgres::PostgresOptions;
