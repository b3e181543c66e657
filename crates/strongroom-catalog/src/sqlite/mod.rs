//! The embedded engine: one file, one writer, many readers.

mod engine;
#[cfg(test)]
mod plans;
mod writer;

pub(crate) use engine::Engine;

/// The driver that `queries` is compiled against here.
pub(crate) type Driver = sqlx::Sqlite;

/// What PostgreSQL spells `for update skip locked`; a database with one writer needs nothing.
pub(crate) mod dialect {
    /// Appended to the sub-select of a claim.
    macro_rules! skip_locked {
        () => {
            ""
        };
    }
    pub(crate) use skip_locked;
}

#[path = "../queries/mod.rs"]
pub(crate) mod queries;
