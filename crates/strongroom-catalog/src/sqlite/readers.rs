//! The readers: connections that take turns, each on a thread that may block.

use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::blocking;
use super::connection::{Purpose, connect};
use super::statement::{Row, Statement, run};
use crate::CatalogError;

/// Readers at a time. A read takes tens of microseconds; more would only hold memory.
const READERS: usize = 4;

/// A boxed future that borrows the connection it reads through.
pub(crate) type Reading<'c, T> = Pin<Box<dyn Future<Output = Result<T, CatalogError>> + Send + 'c>>;

/// The connections that read. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Readers {
    path: Arc<Path>,
    turns: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl Readers {
    /// Opens the first; the others are opened when they are needed.
    pub(super) fn open(path: Arc<Path>) -> Result<Self, CatalogError> {
        let first = connect(&path, Purpose::Read)?;
        let turns = Arc::new(Semaphore::new(READERS));
        Ok(Self { path, turns, idle: Arc::new(Mutex::new(vec![first])) })
    }

    /// Runs `work` through the reader that was used last, whose cache is the warmest. It runs to its end, also where its caller has
    /// gone away. A reader that cannot answer is closed: the next is as good.
    pub(crate) async fn read<T, F>(&self, work: F) -> Result<T, CatalogError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut Connection) -> Reading<'c, T> + Send + 'static,
    {
        let closed = |_| CatalogError::Unavailable("the readers are closed".to_owned());
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(closed)?;
        let this = self.clone();
        blocking(move || {
            let idle = this.idle().pop();
            let mut connection = idle.map_or_else(|| connect(&this.path, Purpose::Read), Ok)?;
            let answer = run(work(&mut connection));
            if !matches!(answer, Err(CatalogError::Unavailable(_))) {
                this.idle().push(connection);
            }
            drop(turn);
            answer
        })
        .await
    }

    /// All rows of a statement.
    pub(crate) async fn rows(&self, text: impl Into<std::borrow::Cow<'static, str>>) -> Result<Vec<Row>, CatalogError> {
        let statement = Statement::new(text);
        self.read(|connection| Box::pin(async { Ok(statement.fetch_all(connection).await?) })).await
    }

    /// Where the file is.
    pub(super) fn path(&self) -> Arc<Path> {
        Arc::clone(&self.path)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        // The list is whole between any two statements, so a panic elsewhere does not spoil it.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
