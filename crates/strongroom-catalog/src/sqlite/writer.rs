//! The one writer, on a thread of its own. What is waiting when a transaction begins is committed together, so that one sync to disk
//! acknowledges many calls: at `synchronous = full` that, not the statements, is what a write costs.
//!
//! Writes of which a power cut may take the last ones back are not kept waiting for a sync: they are committed at
//! `synchronous = normal`, before those that are synced. The log is one file, so the next sync is theirs, too.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::statement::run;
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

    /// Whether its caller waits for stable storage.
    fn is_synced(&self) -> bool;

    /// Tells the caller, once the fate of the transaction is known.
    fn answer(self: Box<Self>, committed: Result<(), CatalogError>);
}

struct Asked<T, F> {
    work: F,
    is_synced: bool,
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

    fn is_synced(&self) -> bool {
        self.is_synced
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
        self.ask(work, true).await
    }

    /// As [`Self::write`], but what is answered may be lost in a power cut, though not in a crash, until a [`Self::write`] after it is
    /// answered.
    pub(crate) async fn write_unsynced<T, F>(&self, work: F) -> Result<T, CatalogError>
    where
        T: Send + 'static,
        F: for<'c> Fn(&'c mut Connection) -> Writing<'c, T> + Send + 'static,
    {
        self.ask(work, false).await
    }

    async fn ask<T, F>(&self, work: F, is_synced: bool) -> Result<T, CatalogError>
    where
        T: Send + 'static,
        F: for<'c> Fn(&'c mut Connection) -> Writing<'c, T> + Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        let operation = Box::new(Asked { work, is_synced, outcome: None, caller });
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
pub(crate) fn start(connection: Connection) -> Result<Writer, CatalogError> {
    let (queue, waiting) = mpsc::channel(QUEUE_LENGTH);
    let thread = std::thread::Builder::new().name("catalog-writer".to_owned());
    let started = thread.spawn(move || write_all(connection, waiting));
    started.map_err(|error| CatalogError::Unavailable(format!("the writer could not be started: {error}")))?;
    Ok(Writer { queue })
}

fn write_all(mut connection: Connection, waiting: mpsc::Receiver<Box<dyn Operation>>) {
    let mut queue = Queue { waiting, here: VecDeque::new() };
    let mut is_synced = true;
    while queue.wait() {
        is_synced = queue.next_is_synced(is_synced);
        let mut group = Group { operations: Vec::new(), is_synced, queue: &mut queue };
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

/// Writes that wait for their transaction.
struct Queue {
    waiting: mpsc::Receiver<Box<dyn Operation>>,
    /// Those that were looked at, in the order of their coming.
    here: VecDeque<Box<dyn Operation>>,
}

impl Queue {
    /// Waits until there is something to write. `false` is the end.
    fn wait(&mut self) -> bool {
        if self.here.is_empty() {
            self.here.extend(self.waiting.blocking_recv());
        }
        !self.here.is_empty()
    }

    fn look(&mut self) {
        while self.here.len() < QUEUE_LENGTH
            && let Ok(operation) = self.waiting.try_recv()
        {
            self.here.push_back(operation);
        }
    }

    /// What goes next. Those that need no sync go first, and where both wait they take turns.
    fn next_is_synced(&mut self, last_was_synced: bool) -> bool {
        self.look();
        let waits = |is_synced| self.here.iter().any(|operation| operation.is_synced() == is_synced);
        if last_was_synced { !waits(false) } else { waits(true) }
    }

    /// The first that is to be synced, or that is not.
    fn take(&mut self, is_synced: bool) -> Option<Box<dyn Operation>> {
        self.look();
        let place = self.here.iter().position(|operation| operation.is_synced() == is_synced)?;
        self.here.remove(place)
    }

    fn clear(&mut self) {
        self.look();
        self.here.clear();
    }
}

/// The writes that share a transaction, and where others come from that may join them.
struct Group<'q> {
    operations: Vec<Box<dyn Operation>>,
    is_synced: bool,
    queue: &'q mut Queue,
}

impl Group<'_> {
    /// Runs whatever is waiting in one transaction.
    ///
    /// At first without savepoints, which cost two statements a write and are hardly ever needed. If one fails that is not
    /// alone, all begin anew, each in a savepoint of its own.
    fn write(&mut self, connection: &mut Connection) -> Result<(), CatalogError> {
        if let Err(error) = self.begin(connection) {
            self.give_up(&error);
            return Ok(());
        }
        let Err(failure) = self.run_together(connection) else { return commit(connection) };
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
            Ok(()) => commit(connection),
            Err(lost) => {
                drop(connection.execute_batch("rollback"));
                Err(lost)
            }
        }
    }

    fn begin(&self, connection: &Connection) -> Result<(), CatalogError> {
        // IMMEDIATE: a deferred transaction that turns from reading to writing fails at once when another process wrote.
        Ok(connection.execute_batch(match self.is_synced {
            true => "pragma synchronous = full; begin immediate",
            false => "pragma synchronous = normal; begin immediate",
        })?)
    }

    /// Another process holds the lock, and has for the whole busy timeout. Dropped unrun, a write answers its caller that
    /// nothing was done; those behind it have waited as long, and would otherwise wait once more each.
    fn give_up(&mut self, error: &CatalogError) {
        tracing::warn!(%error, "the catalog is locked by another process");
        self.operations.clear();
        self.queue.clear();
    }

    /// Runs those that are here and those that come meanwhile, up to the first that fails.
    fn run_together(&mut self, connection: &mut Connection) -> Result<(), CatalogError> {
        while self.operations.len() < LARGEST_GROUP
            && let Some(next) = self.queue.take(self.is_synced)
        {
            self.operations.push(next);
            self.operations.last_mut().map_or(Ok(()), |operation| operation.run(connection))?;
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

fn commit(connection: &Connection) -> Result<(), CatalogError> {
    let committed = connection.execute_batch("commit").map_err(CatalogError::from);
    if committed.is_err() {
        // SQLite has rolled back by itself on a full disk; then this statement fails, and that is all right.
        drop(connection.execute_batch("rollback"));
    }
    committed
}

#[cfg(test)]
mod tests;
