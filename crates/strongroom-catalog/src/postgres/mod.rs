//! The scaled engine: one PostgreSQL, many nodes. docs/adr/0014-postgresql.md has the reasons.
//!
//! Writes on what a tenant owns run one after another, as all writes do on SQLite: each begins by locking the tenant's row in
//! `usage`. So no query function has to be read for what another one does meanwhile. Writes of different tenants meet nowhere,
//! and what says so in `catalog.rs` (`write[owner]`) says it in one place.
//!
//! Through a pooler in transaction mode, such as PgBouncer, a session lasts a transaction. Then every read is a transaction, too;
//! no statement has a name that outlives it; timeouts are set in each transaction and not at the start of a session; and
//! migrations and announcements, which need a session, go to the server directly.

mod about;
pub(crate) mod dialect;
mod engine;
mod listen;
mod options;
#[cfg(test)]
mod plans;
mod schema;
#[cfg(test)]
mod tests;
pub(crate) mod transfer;

pub(crate) use engine::Engine;
pub use options::PostgresOptions;
pub(crate) use schema::is_new;

/// What `queries` is compiled against here.
pub(crate) use sqlx::postgres::{PgConnection as Connection, PgRow as Row};
pub(crate) type Statement = sqlx::query::Query<'static, sqlx::Postgres, sqlx::postgres::PgArguments>;

#[path = "../queries/mod.rs"]
pub(crate) mod queries;
