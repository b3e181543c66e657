//! All SQL of Strongroom, and only SQL.
//!
//! [`Catalog`] is the door. What it answers are the [`records`]. The statements are in `queries/`, written once in the SQL
//! that SQLite and PostgreSQL share; an engine module (`sqlite`) compiles them against its driver and says how a read and a
//! write reach the database. docs/adr/0002-two-sql-dialects.md has the reasons.

mod catalog;
mod error;
pub mod records;
mod sqlite;

pub use catalog::Catalog;
pub use error::CatalogError;
