//! Opening the file.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, Error, ErrorCode, OpenFlags};

use crate::CatalogError;

/// How long a statement waits for another process's lock, such as that of `strongroom key create`.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Statements that a connection keeps prepared: all there are.
const STATEMENTS: usize = 512;

/// What every connection is told.
///
/// - Whatever a client was promised is on stable storage when COMMIT returns; `synchronous = normal` loses it on power loss.
/// - What a statement may have to undo lies in memory, and not in a file that is made for it below /var/tmp: a trigger's work spilled
///   in every complete, and a full disk there was a full catalog.
/// - The log stays as short as SQLite makes it: on a full disk it is the reserve of 4 MiB that a checkpoint has to fit into
///   (strongroom-store's local/reserve.rs).
const PRAGMAS: &str = "pragma synchronous = full; pragma foreign_keys = on; pragma temp_store = memory";

/// What the writer keeps of the file: 16 MiB. More than a group of writes changes: what does not fit is written before the commit,
/// and again by it.
const OF_WRITER: &str = "pragma cache_size = -16384";

/// What is on stable storage when a commit returns, in SQLite's own words (sqlite.org/pragma.html#pragma_synchronous). Either way
/// commits reach the disk in their order, and the file is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Synchronous {
    /// The commit.
    Full,
    /// What was committed before the log was written back last. For a store that is relaxed, too.
    Normal,
}

impl Synchronous {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Normal => "normal",
        }
    }

    /// Tells a connection, once it has been seen to be durable, and its schema is there.
    pub(super) fn tell(self, connection: &Connection) -> Result<(), CatalogError> {
        Ok(connection.pragma_update(None, "synchronous", self.as_str())?)
    }
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The one that writes. Makes the file if it is not there.
    Write,
    /// One of those that read, which cannot write.
    Read,
    /// Reads the file and writes another one; the pragma that keeps readers from writing would keep it from that, too.
    Copy,
}

/// Opens a connection to the file at `path`.
pub(super) fn connect(path: &Path, purpose: Purpose) -> Result<Connection, CatalogError> {
    let create = if purpose == Purpose::Write { OpenFlags::SQLITE_OPEN_CREATE } else { OpenFlags::empty() };
    // One thread at a time has it: the type says so, and no lock of SQLite's own has to.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | create;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    if purpose == Purpose::Write {
        use_log(&connection)?;
        connection.execute_batch(OF_WRITER)?;
    }
    connection.execute_batch(PRAGMAS)?;
    if purpose == Purpose::Read {
        connection.execute_batch("pragma query_only = on")?;
    }
    Ok(connection)
}

/// Turns the file to a write-ahead log. For that SQLite does not wait, busy timeout or not
/// (sqlite.org/pragma.html#pragma_journal_mode): of two processes that open a new file at once, the second asks again.
fn use_log(connection: &Connection) -> Result<(), CatalogError> {
    const PAUSE: Duration = Duration::from_millis(25);
    let mut waited = Duration::ZERO;
    loop {
        match connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(())) {
            Err(error) if is_busy(&error) && waited < BUSY_TIMEOUT => {
                std::thread::sleep(PAUSE);
                waited += PAUSE;
            }
            turned => return Ok(turned?),
        }
    }
}

fn is_busy(error: &Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
}

/// Refuses to go on with a connection that would acknowledge what a power cut can take back.
pub(super) fn assert_durable(connection: &Connection) -> Result<(), CatalogError> {
    const FULL: i64 = 2;
    let synchronous: i64 = connection.pragma_query_value(None, "synchronous", |row| row.get(0))?;
    let journal: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
    if synchronous == FULL && journal == "wal" {
        return Ok(());
    }
    Err(CatalogError::Unavailable(format!(
        "SQLite runs with synchronous={synchronous} and journal_mode={journal}; it must be 2 (full) and wal"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_for_what_is_synced_is_sqlites() {
        let home = tempfile::tempdir().unwrap();
        let connection = connect(&home.path().join("catalog.sqlite"), Purpose::Write).unwrap();
        for (synchronous, number) in [(Synchronous::Normal, 1), (Synchronous::Full, 2)] {
            synchronous.tell(&connection).unwrap();
            let told: i64 = connection.pragma_query_value(None, "synchronous", |row| row.get(0)).unwrap();
            assert_eq!(told, number, "{}", synchronous.as_str());
        }
    }

    #[test]
    fn a_connection_that_does_not_sync_at_commit_is_refused() {
        let home = tempfile::tempdir().unwrap();
        for (changes, is_durable) in [
            ("", true),
            ("pragma synchronous = normal", false),
            ("pragma synchronous = off", false),
            ("pragma journal_mode = delete", false),
        ] {
            let connection = connect(&home.path().join("catalog.sqlite"), Purpose::Write).unwrap();
            connection.execute_batch(changes).unwrap();
            assert_eq!(assert_durable(&connection).is_ok(), is_durable, "{changes}");
        }
    }
}
