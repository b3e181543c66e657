//! The one writer, on a thread of its own. What is waiting when a transaction begins is committed together, so that one sync to disk
//! acknowledges many calls: at `synchronous = full` that, not the statements, is what a write costs.

use std::future::Future;
use std::pin::Pin;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::statement::run;
use super::watch::Watch;
use crate::CatalogError;

/// The most writes that share one transaction. Bounds how long the first of them waits.
const LARGEST_GROUP: usize = 128;

/// Writes that may wait before callers do.
const QUEUE_LENGTH: usize = 1024;

/// A boxed future that borrows the connection it writes through.
pub(crate) type Writing<'c, T> = Pin<Box<dyn Future<Output = Result<T, CatalogError>> + Send + 'c>>;

/// A write that waits for its transaction. It may be run again; what counts is what its last run answered.
trait Operation: Send {
    fn run(&mut self, connection: &mut Connection) -> Result<(), CatalogError>;

    /// Tells the caller, once the fate of the transaction is known.
    fn answer(self: Box<Self>, committed: Result<(), CatalogError>);
}

struct Asked<T, F> {
    work: F,
    outcome: Option<Result<T, CatalogError>>,
    caller: oneshot::Sender<Result<T, CatalogError>>,
}

impl<T, F> Operation for Asked<T, F>
where
    T: Send,
    F: for<'c> Fn(&'c mut Connection) -> Writing<'c, T> + Send,
{
    fn run(&mut self, connection: &mut Connection) -> Result<(), CatalogError> {
        self.outcome.insert(run((self.work)(connection))).as_ref().map(drop).map_err(Clone::clone)
    }

    fn answer(self: Box<Self>, committed: Result<(), CatalogError>) {
        // One that was never run has changed nothing: dropped, the sender tells.
        let Some(outcome) = self.outcome else { return };
        // A caller that has gone away no longer wants the answer; the write stands.
        drop(self.caller.send(outcome.and_then(|value| committed.map(|()| value))));
    }
}

/// The way to the writer. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Writer {
    queue: mpsc::Sender<Box<dyn Operation>>,
}

impl Writer {
    /// Runs `work` in a transaction and answers once that is on stable storage. Work that fails leaves no trace, whatever
    /// shares its transaction. It may be run twice: where another's failure has undone it.
    pub(crate) async fn write<T, F>(&self, work: F) -> Result<T, CatalogError>
    where
        T: Send + 'static,
        F: for<'c> Fn(&'c mut Connection) -> Writing<'c, T> + Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        let operation = Box::new(Asked { work, outcome: None, caller });
        let refused = || CatalogError::Unavailable("the catalog did not take the write".to_owned());
        self.queue.send(operation).await.map_err(|_| refused())?;
        answer.await.map_err(|_| refused())?
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

/// Starts the writer on `connection`, on a thread of its own. It ends when every [`Writer`] is gone, or when the disk can no longer be
/// trusted.
pub(super) fn start(connection: Connection, watch: Watch) -> Result<Writer, CatalogError> {
    let (queue, waiting) = mpsc::channel(QUEUE_LENGTH);
    let thread = std::thread::Builder::new().name("catalog-writer".to_owned());
    let started = thread.spawn(move || write_all(connection, watch, waiting));
    started.map_err(|error| CatalogError::Unavailable(format!("the writer could not be started: {error}")))?;
    Ok(Writer { queue })
}

fn write_all(mut connection: Connection, mut watch: Watch, mut waiting: mpsc::Receiver<Box<dyn Operation>>) {
    while let Some(first) = waiting.blocking_recv() {
        let mut group = Group { operations: vec![first], waiting: &mut waiting, watch: &mut watch };
        let committed = group.write(&mut connection);
        let is_fatal = matches!(&committed, Err(CatalogError::Unavailable(_)));
        for operation in group.operations {
            operation.answer(committed.clone());
        }
        if is_fatal {
            // After a failed fsync Linux forgets the dirty pages: a retry would report success and lie. Whoever
            // supervises the process starts it again, and SQLite recovers from what is on disk.
            tracing::error!(error = ?committed, "the catalog could not commit; no further write is accepted");
            return;
        }
    }
}

/// The writes that share a transaction, and those that may join them.
struct Group<'w> {
    operations: Vec<Box<dyn Operation>>,
    waiting: &'w mut mpsc::Receiver<Box<dyn Operation>>,
    watch: &'w mut Watch,
}

impl Group<'_> {
    /// Runs the first, and whatever else is waiting, in one transaction.
    ///
    /// At first without savepoints, which cost two statements a write and are hardly ever needed. If one fails that is not
    /// alone, all begin anew, each in a savepoint of its own.
    fn write(&mut self, connection: &mut Connection) -> Result<(), CatalogError> {
        if let Err(error) = self.begin(connection) {
            self.give_up(&error);
            return Ok(());
        }
        let Err(failure) = self.run_together(connection) else { return self.commit(connection) };
        let undone = connection.execute_batch("rollback");
        if let [_] = self.operations.as_slice() {
            // Where there was nothing left to undo, SQLite has done so by itself: see `run_apart`.
            return undone.map_err(|_| failure);
        }
        if let Err(error) = self.begin(connection) {
            self.give_up(&error);
            return Ok(());
        }
        match self.run_apart(connection) {
            Ok(()) => self.commit(connection),
            Err(lost) => {
                drop(connection.execute_batch("rollback"));
                Err(lost)
            }
        }
    }

    fn begin(&mut self, connection: &Connection) -> Result<(), CatalogError> {
        // IMMEDIATE: a deferred transaction that turns from reading to writing fails at once when another process wrote.
        connection.execute_batch("begin immediate")?;
        self.watch.began();
        Ok(())
    }

    fn commit(&self, connection: &Connection) -> Result<(), CatalogError> {
        let committed = connection.execute_batch("commit").map_err(CatalogError::from);
        match committed {
            Ok(()) => self.watch.committed(),
            // SQLite has rolled back by itself on a full disk; then this statement fails, and that is all right.
            Err(_) => drop(connection.execute_batch("rollback")),
        }
        committed
    }

    /// Another process holds the lock, and has for the whole busy timeout. Dropped unrun, a write answers its caller that
    /// nothing was done; those behind it have waited as long, and would otherwise wait once more each.
    fn give_up(&mut self, error: &CatalogError) {
        tracing::warn!(%error, "the catalog is locked by another process");
        self.operations.clear();
        for _ in 0..self.waiting.len() {
            drop(self.waiting.try_recv());
        }
    }

    /// Runs those that are here and those that come meanwhile, up to the first that fails.
    fn run_together(&mut self, connection: &mut Connection) -> Result<(), CatalogError> {
        let mut next = 0;
        while let Some(operation) = self.operations.get_mut(next) {
            operation.run(connection)?;
            next += 1;
            if next == self.operations.len() && next < LARGEST_GROUP {
                self.operations.extend(self.waiting.try_recv());
            }
        }
        Ok(())
    }

    /// Runs each in a savepoint of its own, so that its failure is not its neighbours'. An error means that the whole
    /// transaction is lost: on a full disk or a failed read SQLite may roll back all of it, savepoints included, and whatever
    /// ran after that would be committed alone (sqlite.org/lang_transaction.html, section 3).
    fn run_apart(&mut self, connection: &mut Connection) -> Result<(), CatalogError> {
        for operation in &mut self.operations {
            connection.execute_batch("savepoint one")?;
            let outcome = operation.run(connection);
            let end = if outcome.is_ok() { "release one" } else { "rollback to one; release one" };
            if let Err(error) = connection.execute_batch(end) {
                return outcome.and(Err(error.into()));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
