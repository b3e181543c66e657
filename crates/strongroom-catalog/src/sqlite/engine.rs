//! Opening the file, and reading from it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Connection as _, Row as _};

use super::commits::Commits;
use super::readers::Readers;
use super::remembered::Answers;
use super::writer::{self, Writer};
use crate::CatalogError;

/// How long a statement waits for another process's lock, such as that of `strongroom key create`.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// What the writer keeps of the file, in KiB as SQLite wants it. More than a group of writes changes: what does not fit is written
/// before the commit, and again by it.
const WRITER_CACHE: &str = "-16384";

/// How many rows a connection's thread may be ahead of who reads them: 10,000 parts are two dozen waits for one another, and not
/// two hundred.
const ROWS_AHEAD: usize = 400;

/// Statements that a connection keeps prepared: all there are.
const STATEMENTS: usize = 512;

/// An open SQLite catalog.
#[derive(Clone)]
pub(crate) struct Engine {
    pub(crate) readers: Readers,
    pub(crate) writer: Writer,
    pub(crate) answers: Arc<Answers>,
}

impl Engine {
    /// Opens or creates the file at `path` and brings its schema up to date.
    pub(crate) async fn open(path: &Path) -> Result<Self, CatalogError> {
        let options = options(path);
        let mut connection = connect(&options.clone().pragma("cache_size", WRITER_CACHE)).await?;
        assert_durable(&mut connection).await?;
        migrate(&mut connection, path).await?;
        let readers = Readers::open(options.create_if_missing(false).pragma("query_only", "on")).await?;
        let commits = Commits::of(path).map_err(|error| {
            CatalogError::Unavailable(format!("the index of {}'s write-ahead log: {error}", path.display()))
        })?;
        Ok(Self { readers, writer: writer::start(connection), answers: Arc::new(Answers::new(&commits)) })
    }
}

/// Opens a connection. Turning a new file to WAL takes a lock for which SQLite does not wait, busy timeout or not
/// (sqlite.org/pragma.html#pragma_journal_mode): of two processes that open it at once, the second asks again.
async fn connect(options: &SqliteConnectOptions) -> Result<SqliteConnection, sqlx::Error> {
    const PAUSE: Duration = Duration::from_millis(25);
    let mut waited = Duration::ZERO;
    loop {
        match SqliteConnection::connect_with(options).await {
            Err(error) if is_busy(&error) && waited < BUSY_TIMEOUT => {
                tokio::time::sleep(PAUSE).await;
                waited += PAUSE;
            }
            connected => return connected,
        }
    }
}

/// `SQLITE_BUSY`, alone or with the reason that an extended code has in its higher bits (sqlite.org/rescode.html).
fn is_busy(error: &sqlx::Error) -> bool {
    const BUSY: u32 = 5;
    let code = error.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok());
    code.is_some_and(|code| code & 0xff == BUSY)
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // Whatever a client was promised is on stable storage when COMMIT returns; NORMAL loses it on power loss.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(true)
        // What a statement may have to undo lies in memory, and not in a file that is made for it below /var/tmp: a trigger's
        // work spilled in every complete, and a full disk there was a full catalog.
        .pragma("temp_store", "memory")
        // The log stays as short as SQLite makes it: on a full disk it is the reserve of 4 MiB that a checkpoint has to fit into
        // (strongroom-store's local/reserve.rs).
        .statement_cache_capacity(STATEMENTS)
        .row_buffer_size(ROWS_AHEAD)
}

/// Brings the schema up to date in one transaction that holds the write lock from its start: of two processes that open a
/// new catalog at once, the second waits and then finds nothing to do.
async fn migrate(connection: &mut SqliteConnection, path: &Path) -> Result<(), CatalogError> {
    let mut transaction = connection.begin_with("begin immediate").await?;
    // `run_direct` and not `run`: the latter's future is not `Send` for every lifetime, so no task could open a catalog.
    sqlx::migrate!("migrations/sqlite").run_direct(None, &mut *transaction, false).await.map_err(|error| {
        CatalogError::Unavailable(format!("the schema of {} could not be brought up to date: {error}", path.display()))
    })?;
    Ok(transaction.commit().await?)
}

impl Engine {
    /// Whether a read is answered and the writer is alive. Nothing is written: anyone may ask, as often as they like.
    pub(crate) async fn probe(&self) -> Result<(), CatalogError> {
        self.readers.rows("select 1 from organisation limit 1").await?;
        self.writer.check()
    }
}

/// Refuses to go on with a connection that would acknowledge what a power cut can take back.
async fn assert_durable(connection: &mut SqliteConnection) -> Result<(), CatalogError> {
    const FULL: i64 = 2;
    let synchronous: i64 = sqlx::query("pragma synchronous").fetch_one(&mut *connection).await?.try_get(0)?;
    let journal: String = sqlx::query("pragma journal_mode").fetch_one(&mut *connection).await?.try_get(0)?;
    if synchronous == FULL && journal == "wal" {
        return Ok(());
    }
    Err(CatalogError::Unavailable(format!(
        "SQLite runs with synchronous={synchronous} and journal_mode={journal}; it must be 2 (full) and wal"
    )))
}

#[cfg(test)]
mod tests {
    use super::super::remembered::Remembered;
    use super::*;

    #[tokio::test]
    async fn a_connection_that_does_not_sync_at_commit_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let durable = |name: &str| options(&home.path().join(name));
        for (options, is_durable) in [
            (durable("full"), true),
            (durable("normal").synchronous(SqliteSynchronous::Normal), false),
            (durable("off").synchronous(SqliteSynchronous::Off), false),
            (durable("delete").journal_mode(SqliteJournalMode::Delete), false),
        ] {
            let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
            assert_eq!(assert_durable(&mut connection).await.is_ok(), is_durable, "{options:?}");
        }
    }

    #[tokio::test]
    async fn a_commit_of_any_connection_is_noticed_and_nothing_else_is() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("catalog.sqlite");
        let engine = Engine::open(&path).await.unwrap();
        let commits = Commits::of(&path).unwrap();
        let before = commits.moment().unwrap();
        engine.readers.rows("select count(*) from media").await.unwrap();
        assert_eq!(commits.moment(), Some(before));
        let mut elsewhere = SqliteConnection::connect_with(&options(&path)).await.unwrap();
        for rolled_back in [true, false] {
            let mut transaction = elsewhere.begin().await.unwrap();
            sqlx::query("update organisation set name = name || '.'").execute(&mut *transaction).await.unwrap();
            assert_eq!(commits.moment(), Some(before), "nothing is committed yet");
            if rolled_back {
                transaction.rollback().await.unwrap()
            } else {
                transaction.commit().await.unwrap()
            }
            assert_eq!(commits.moment() == Some(before), rolled_back);
        }
    }

    #[tokio::test]
    async fn what_was_read_is_forgotten_with_the_next_commit() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("catalog.sqlite");
        let engine = Engine::open(&path).await.unwrap();
        let remembered = Remembered::new(Commits::of(&path).unwrap());
        let commit = async || {
            let update = sqlx::query("update organisation set name = name || '.'");
            update.execute(&mut SqliteConnection::connect_with(&options(&path)).await.unwrap()).await.unwrap();
        };
        let ask = async |key, answer: u32, is_overtaken: bool| {
            let read = async {
                if is_overtaken {
                    commit().await;
                }
                Ok::<_, ()>(Some(answer))
            };
            remembered.get_or_read(key, read).await.unwrap()
        };
        assert_eq!(ask("a", 1, false).await, Some(1));
        assert_eq!(ask("a", 2, false).await, Some(1));
        commit().await;
        assert_eq!(ask("a", 3, false).await, Some(3));
        assert_eq!(ask("b", 4, true).await, Some(4), "it may be older than the commit that overtook it");
        assert_eq!(ask("b", 5, false).await, Some(5));
        drop(engine);
    }

    #[tokio::test]
    async fn readers_cannot_write() {
        let home = tempfile::tempdir().unwrap();
        let engine = Engine::open(&home.path().join("catalog.sqlite")).await.unwrap();
        assert!(engine.readers.rows("delete from organisation").await.is_err());
    }
}
