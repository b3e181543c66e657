//! Where rows lie.

use std::fmt;

use strongroom_catalog::PostgresOptions;
use strongroom_store::Durability;

use super::reader::Reader;

/// Where rows lie.
#[derive(Clone)]
pub struct Database {
    /// The PostgreSQL database; `None` means the SQLite catalog of the data directory. Holds a password.
    pub url: Option<String>,
    /// How it is used.
    pub options: PostgresOptions,
    /// How sure an acknowledged row is in an SQLite catalog: as sure as the bytes that it names. A server's is its own.
    pub durability: Durability,
}

impl Database {
    /// The URL of the PostgreSQL server itself, for its own tools: a pooler gives them no session.
    #[must_use]
    pub fn direct_url(&self) -> Option<&str> {
        self.url.as_deref().map(|url| self.options.direct_url.as_deref().unwrap_or(url))
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.url.is_some() { "Database(PostgreSQL)" } else { "Database(SQLite)" })
    }
}

pub(super) fn read(from: &mut Reader<'_>) -> Database {
    Database {
        url: postgres_url(from, "database.url"),
        options: PostgresOptions {
            direct_url: postgres_url(from, "database.direct_url"),
            max_connections: from.whole_u32("database.max_connections", 2..=10_000),
            acquire_timeout: from.span("database.acquire_seconds", 1.0, 0.1),
            statement_timeout: from.span("database.statement_seconds", 1.0, 0.1),
            lock_timeout: from.span("database.lock_seconds", 1.0, 0.1),
        },
        // The store's, once that is read.
        durability: Durability::Strict,
    }
}

/// Not shown where it is wrong: there may be a password in it.
fn postgres_url(from: &mut Reader<'_>, key: &str) -> Option<String> {
    let is_good = |text: &str| text.is_empty() || text.starts_with("postgres://") || text.starts_with("postgresql://");
    let url = from.secret(key, "empty, or a URL such as postgres://user:password@host/name", is_good);
    Some(url).filter(|url| !url.is_empty())
}
