//! The one writer. What is waiting when a transaction begins is committed together, so that one sync to disk acknowledges
//! many calls: at `synchronous = full` that, not the statements, is what a write costs.

use std::future::Future;
use std::pin::Pin;

use sqlx::Executor as _;
use sqlx::sqlite::SqliteConnection;
use tokio::sync::{mpsc, oneshot};

use crate::CatalogError;

/// The most writes that share one transaction. Bounds how long the first of them waits.
const LARGEST_GROUP: usize = 128;

/// Writes that may wait before callers do.
const QUEUE_LENGTH: usize = 1024;

/// A boxed future that borrows the connection it writes through.
pub(crate) type Writing<'c, T> = Pin<Box<dyn Future<Output = Result<T, CatalogError>> + Send + 'c>>;

/// One write that has run, and waits for the fate of its transaction.
struct Pending {
    outcome: Result<(), CatalogError>,
    answer: Answer,
}

type Answer = Box<dyn FnOnce(Result<(), CatalogError>) + Send>;

type Operation =
    Box<dyn for<'c> FnOnce(&'c mut SqliteConnection) -> Pin<Box<dyn Future<Output = Pending> + Send + 'c>> + Send>;

/// The way to the writer. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Writer {
    queue: mpsc::Sender<Operation>,
}

impl Writer {
    /// Runs `operation` in a transaction and answers once that is on stable storage. An operation that fails leaves no
    /// trace, whatever shares its transaction.
    pub(crate) async fn write<T, F>(&self, operation: F) -> Result<T, CatalogError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> Writing<'c, T> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let operation: Operation = Box::new(move |connection| {
            Box::pin(async move {
                let result = operation(connection).await;
                let outcome = result.as_ref().map(drop).map_err(Clone::clone);
                // A caller that has gone away no longer wants the answer; the write stands.
                let answer: Answer = Box::new(move |committed| {
                    drop(sender.send(result.and_then(|value| committed.map(|()| value))));
                });
                Pending { outcome, answer }
            })
        });
        let refused = || CatalogError::Unavailable("the catalog did not take the write".to_owned());
        self.queue.send(operation).await.map_err(|_| refused())?;
        receiver.await.map_err(|_| refused())?
    }

    /// Whether the writer still takes writes.
    pub(crate) fn check(&self) -> Result<(), CatalogError> {
        if self.queue.is_closed() {
            Err(CatalogError::Unavailable("the writer has stopped".to_owned()))
        } else {
            Ok(())
        }
    }

    /// Resolves when the writer has stopped, which it does only after a failed sync.
    pub(crate) async fn stopped(&self) {
        self.queue.closed().await;
    }
}

/// Starts the writer on `connection`. It ends when every [`Writer`] is gone, or when the disk can no longer be trusted.
pub(crate) fn start(mut connection: SqliteConnection) -> Writer {
    let (queue, mut waiting) = mpsc::channel::<Operation>(QUEUE_LENGTH);
    tokio::spawn(async move {
        while let Some(first) = waiting.recv().await {
            let (answers, committed) = run_group(&mut connection, first, &mut waiting).await;
            let is_fatal = matches!(&committed, Err(CatalogError::Unavailable(_)));
            for answer in answers {
                answer(committed.clone());
            }
            if is_fatal {
                // After a failed fsync Linux forgets the dirty pages: a retry would report success and lie. Whoever
                // supervises the process starts it again, and SQLite recovers from what is on disk.
                tracing::error!(error = ?committed, "the catalog could not commit; no further write is accepted");
                return;
            }
        }
    });
    Writer { queue }
}

/// Runs `first` and whatever else is waiting in one transaction.
async fn run_group(
    connection: &mut SqliteConnection,
    first: Operation,
    waiting: &mut mpsc::Receiver<Operation>,
) -> (Vec<Answer>, Result<(), CatalogError>) {
    let mut answers = Vec::new();
    let mut next = Some(first);
    if let Err(error) = begin(connection).await {
        // Another process holds the lock, and has for the whole busy timeout. Dropped unrun, an operation answers its caller
        // that nothing was done; those behind it have waited as long, and would otherwise wait once more each.
        tracing::warn!(%error, "the catalog is locked by another process");
        for _ in 0..waiting.len() {
            drop(waiting.try_recv());
        }
        return (answers, Ok(()));
    }
    while let Some(operation) = next {
        if let Err(lost) = run_one(connection, operation, &mut answers).await {
            drop(connection.execute("rollback").await);
            return (answers, Err(lost));
        }
        next = if answers.len() < LARGEST_GROUP { waiting.try_recv().ok() } else { None };
    }
    let committed = connection.execute("commit").await.map(drop).map_err(CatalogError::from);
    if committed.is_err() {
        // SQLite has rolled back by itself on a full disk; then this statement fails, and that is all right.
        drop(connection.execute("rollback").await);
    }
    (answers, committed)
}

async fn begin(connection: &mut SqliteConnection) -> Result<(), CatalogError> {
    // IMMEDIATE: a deferred transaction that turns from reading to writing fails at once when another process wrote.
    connection.execute("begin immediate").await.map(drop).map_err(CatalogError::from)
}

/// Runs one write in a savepoint of its own, so that its failure is not its neighbours'. An error means that the whole
/// transaction is lost: on a full disk or a failed read SQLite may roll back all of it, savepoints included, and whatever
/// ran after that would be committed alone (sqlite.org/lang_transaction.html, section 3).
async fn run_one(
    connection: &mut SqliteConnection,
    operation: Operation,
    answers: &mut Vec<Answer>,
) -> Result<(), CatalogError> {
    connection.execute("savepoint one").await?;
    let Pending { outcome, answer } = operation(connection).await;
    answers.push(answer);
    let end = if outcome.is_ok() { "release one" } else { "rollback to one; release one" };
    match connection.execute(end).await {
        Ok(_) => Ok(()),
        Err(error) => outcome.and(Err(error.into())),
    }
}

#[cfg(test)]
mod tests;
