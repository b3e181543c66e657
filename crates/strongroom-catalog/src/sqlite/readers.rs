//! The readers: connections that take turns.
//!
//! Not sqlx's pool, which asks a connection whether it is still there before each read and after it. A file does not go away, and
//! each question is a round trip to the connection's own thread: two of the three that a small read made.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{Connection as _, SqlSafeStr};
use tokio::sync::Semaphore;

use crate::CatalogError;

/// Readers at a time. A read takes tens of microseconds; more would only hold memory.
const READERS: usize = 4;

/// A boxed future that borrows the connection it reads through.
pub(crate) type Reading<'c, T> = Pin<Box<dyn Future<Output = Result<T, CatalogError>> + Send + 'c>>;

/// The connections that read. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Readers {
    options: Arc<SqliteConnectOptions>,
    turns: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<SqliteConnection>>>,
}

impl Readers {
    /// Opens the first; the others are opened when they are needed.
    pub(crate) async fn open(options: SqliteConnectOptions) -> Result<Self, CatalogError> {
        let first = SqliteConnection::connect_with(&options).await?;
        let turns = Arc::new(Semaphore::new(READERS));
        Ok(Self { options: Arc::new(options), turns, idle: Arc::new(Mutex::new(vec![first])) })
    }

    /// Runs `work` through the reader that was used last, whose cache is the warmest. One that its caller walks away from, or that
    /// cannot answer, is closed: the next is as good.
    pub(crate) async fn read<T, F>(&self, work: F) -> Result<T, CatalogError>
    where
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> Reading<'c, T>,
    {
        let closed = |_| CatalogError::Unavailable("the readers are closed".to_owned());
        let _turn = self.turns.acquire().await.map_err(closed)?;
        let idle = self.idle().pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => SqliteConnection::connect_with(&self.options).await?,
        };
        let answer = work(&mut connection).await;
        if !matches!(answer, Err(CatalogError::Unavailable(_))) {
            self.idle().push(connection);
        }
        answer
    }

    /// All rows of a statement.
    pub(crate) async fn rows(&self, text: impl SqlSafeStr) -> Result<Vec<SqliteRow>, CatalogError> {
        let query = sqlx::query(text);
        self.read(|connection| Box::pin(async { Ok(query.fetch_all(connection).await?) })).await
    }

    /// How they are opened.
    pub(crate) fn options(&self) -> &SqliteConnectOptions {
        &self.options
    }

    fn idle(&self) -> MutexGuard<'_, Vec<SqliteConnection>> {
        // The list is whole between any two statements, so a panic elsewhere does not spoil it.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
