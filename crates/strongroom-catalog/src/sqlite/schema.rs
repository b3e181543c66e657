//! Bringing the schema up to date: sqlx's migrations, applied through our own connection. The table that it keeps of them is the one
//! that its own driver would.

use std::path::Path;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, ready};
use rusqlite::{Connection, params};
use sqlx::migrate::{AppliedMigration, Migrate, MigrateError, Migration};

use crate::CatalogError;

/// Brings the schema up to date in one transaction that holds the write lock from its start: of two processes that open a
/// new catalog at once, the second waits and then finds nothing to do.
pub(super) fn bring_up_to_date(connection: &Connection, path: &Path) -> Result<(), CatalogError> {
    let unavailable = |error: MigrateError| {
        CatalogError::Unavailable(format!("the schema of {} could not be brought up to date: {error}", path.display()))
    };
    connection.execute_batch("begin immediate")?;
    // Nothing in it waits.
    let migrated = sqlx::migrate!("migrations/sqlite").run_direct(None, &mut Schema(connection), false).now_or_never();
    let Some(Ok(())) = migrated else {
        drop(connection.execute_batch("rollback"));
        let failure = migrated.and_then(Result::err).map(unavailable);
        return Err(failure.unwrap_or_else(|| CatalogError::Unavailable("a migration waited".to_owned())));
    };
    Ok(connection.execute_batch("commit")?)
}

/// A connection in the middle of a transaction.
struct Schema<'c>(&'c Connection);

type Step<'e, T> = BoxFuture<'e, Result<T, MigrateError>>;

/// Runs a step at once.
fn done<'e, T: Send + 'e>(step: Result<T, rusqlite::Error>) -> Step<'e, T> {
    Box::pin(ready(step.map_err(|error| MigrateError::Execute(sqlx::Error::Protocol(error.to_string())))))
}

impl Schema<'_> {
    fn applied(&self, table: &str) -> Result<Vec<AppliedMigration>, rusqlite::Error> {
        let mut statement = self.0.prepare(&format!("select version, checksum from {table} order by version"))?;
        let rows = statement.query_map([], |row| {
            let checksum: Vec<u8> = row.get(1)?;
            Ok(AppliedMigration { version: row.get(0)?, checksum: checksum.into() })
        })?;
        rows.collect()
    }

    fn apply_now(&self, table: &str, migration: &Migration) -> Result<Duration, rusqlite::Error> {
        self.0.execute_batch(migration.sql.as_str())?;
        // How long it took is in the table for its readers' interest; nobody reads it.
        self.0.execute(
            &format!("insert into {table} (version, description, success, checksum, execution_time) values (?1, ?2, true, ?3, -1)"),
            params![migration.version, migration.description, migration.checksum],
        )?;
        Ok(Duration::ZERO)
    }
}

impl Migrate for Schema<'_> {
    fn create_schema_if_not_exists<'e>(&'e mut self, _: &'e str) -> Step<'e, ()> {
        done(Ok(()))
    }

    fn ensure_migrations_table<'e>(&'e mut self, table: &'e str) -> Step<'e, ()> {
        done(self.0.execute_batch(&format!(
            "create table if not exists {table} (version bigint primary key, description text not null,
                 installed_on timestamp not null default current_timestamp, success boolean not null, checksum blob not null,
                 execution_time bigint not null)"
        )))
    }

    fn dirty_version<'e>(&'e mut self, _: &'e str) -> Step<'e, Option<i64>> {
        // All are applied in one transaction: none is left half way.
        done(Ok(None))
    }

    fn list_applied_migrations<'e>(&'e mut self, table: &'e str) -> Step<'e, Vec<AppliedMigration>> {
        done(self.applied(table))
    }

    fn lock(&mut self) -> Step<'_, ()> {
        // The transaction has the lock.
        done(Ok(()))
    }

    fn unlock(&mut self) -> Step<'_, ()> {
        done(Ok(()))
    }

    fn apply<'e>(&'e mut self, table: &'e str, migration: &'e Migration) -> Step<'e, Duration> {
        done(self.apply_now(table, migration))
    }

    fn revert<'e>(&'e mut self, _: &'e str, migration: &'e Migration) -> Step<'e, Duration> {
        Box::pin(ready(Err(MigrateError::VersionNotPresent(migration.version))))
    }
}

#[cfg(test)]
mod tests {
    use super::super::connection::{Purpose, connect};
    use super::*;

    #[test]
    fn a_schema_of_a_newer_or_another_program_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("catalog.sqlite");
        let connection = connect(&path, Purpose::Write).unwrap();
        bring_up_to_date(&connection, &path).unwrap();
        bring_up_to_date(&connection, &path).unwrap();
        for (change, word) in [
            ("update _sqlx_migrations set checksum = x'00' where version = 1", "modified"),
            ("update _sqlx_migrations set version = 9999 where version = 1", "missing"),
        ] {
            connection.execute_batch(change).unwrap();
            let refused = bring_up_to_date(&connection, &path).unwrap_err().to_string();
            assert!(refused.contains(word), "{refused}");
            assert!(connection.is_autocommit(), "the transaction has ended");
        }
    }
}
