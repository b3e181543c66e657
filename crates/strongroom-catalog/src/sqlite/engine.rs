//! An open file: its writer, its readers, and what was read last.

use std::path::Path;
use std::sync::Arc;

use super::connection::{Purpose, Synchronous, assert_durable, connect};
use super::readers::Readers;
use super::remembered::Answers;
use super::schema::bring_up_to_date;
use super::watch::Watch;
use super::writer::{self, Writer};
use super::{blocking, commits::Commits};
use crate::CatalogError;

/// An open SQLite catalog.
#[derive(Clone)]
pub(crate) struct Engine {
    pub(crate) readers: Readers,
    pub(crate) writer: Writer,
    pub(crate) answers: Arc<Answers>,
    pub(super) synchronous: Synchronous,
}

impl Engine {
    /// Opens or creates the file at `path` and brings its schema up to date.
    pub(crate) async fn open(path: &Path, synchronous: Synchronous) -> Result<Self, CatalogError> {
        let path = Arc::<Path>::from(path);
        blocking(move || {
            let connection = connect(&path, Purpose::Write)?;
            assert_durable(&connection)?;
            bring_up_to_date(&connection, &path)?;
            synchronous.tell(&connection)?;
            let readers = Readers::open(Arc::clone(&path))?;
            let commits = Commits::of(&path).map_err(|error| {
                CatalogError::Unavailable(format!("the index of {}'s write-ahead log: {error}", path.display()))
            })?;
            let answers = Arc::new(Answers::new(&commits));
            let watch = Watch::new(&connection, commits, Arc::clone(&answers))?;
            Ok(Self { readers, writer: writer::start(connection, watch)?, answers, synchronous })
        })
        .await
    }

    /// Whether a read is answered and the writer is alive. Nothing is written: anyone may ask, as often as they like.
    pub(crate) async fn probe(&self) -> Result<(), CatalogError> {
        self.readers.rows("select 1 from organisation limit 1").await?;
        self.writer.check()
    }
}

#[cfg(test)]
mod tests {
    use super::super::remembered::Remembered;
    use super::*;

    const CHANGE: &str = "update organisation set name = name || '.'";

    #[tokio::test]
    async fn a_commit_of_any_connection_is_noticed_and_nothing_else_is() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("catalog.sqlite");
        let engine = Engine::open(&path, Synchronous::Full).await.unwrap();
        let commits = Commits::of(&path).unwrap();
        let before = commits.moment().unwrap();
        engine.readers.rows("select count(*) from media").await.unwrap();
        assert_eq!(commits.moment(), Some(before));
        let elsewhere = connect(&path, Purpose::Write).unwrap();
        for (end, is_commit) in [("rollback", false), ("commit", true)] {
            elsewhere.execute_batch("begin").unwrap();
            elsewhere.execute_batch(CHANGE).unwrap();
            assert_eq!(commits.moment(), Some(before), "nothing is committed yet");
            elsewhere.execute_batch(end).unwrap();
            assert_eq!(commits.moment() != Some(before), is_commit);
        }
    }

    #[tokio::test]
    async fn what_was_read_is_forgotten_with_the_next_commit() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("catalog.sqlite");
        let engine = Engine::open(&path, Synchronous::Full).await.unwrap();
        let remembered = Remembered::new(Commits::of(&path).unwrap());
        let commit = || connect(&path, Purpose::Write).unwrap().execute_batch(CHANGE).unwrap();
        let ask = async |key, answer: u32, is_overtaken: bool| {
            let read = async {
                if is_overtaken {
                    commit();
                }
                Ok::<_, ()>(Some(answer))
            };
            remembered.get_or_read(key, read).await.unwrap()
        };
        assert_eq!(ask("a", 1, false).await, Some(1));
        assert_eq!(ask("a", 2, false).await, Some(1));
        commit();
        assert_eq!(ask("a", 3, false).await, Some(3));
        assert_eq!(ask("b", 4, true).await, Some(4), "it may be older than the commit that overtook it");
        assert_eq!(ask("b", 5, false).await, Some(5));
        drop(engine);
    }

    #[tokio::test]
    async fn readers_cannot_write() {
        let home = tempfile::tempdir().unwrap();
        let engine = Engine::open(&home.path().join("catalog.sqlite"), Synchronous::Full).await.unwrap();
        assert!(engine.readers.rows("delete from organisation").await.is_err());
    }
}
