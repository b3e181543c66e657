//! What this process knows of the uploads it writes: which slots are in use, whether the staging file's name is durable,
//! and whether the upload takes bytes at all.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use strongroom_core::id::UploadId;

use crate::error::StoreError;

/// All uploads that this process has touched and not yet published or discarded.
#[derive(Default)]
pub(crate) struct Registry {
    sessions: Mutex<HashMap<UploadId, Arc<Session>>>,
}

/// One upload.
pub(crate) struct Session {
    upload: UploadId,
    /// Read while bytes are written, written while the upload is published, hashed or discarded.
    gate: RwLock<Gate>,
    slots: Mutex<Slots>,
    /// Whether a try of this process had a file of its own. Those of an earlier process that no row names are the sweep's.
    has_side_files: AtomicBool,
    /// Locked while the directory is synced, so that parts which end together sync it once and share the outcome.
    name: Mutex<Name>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Gate {
    Open,
    /// Published or discarded: a try that still has the file open must never write again.
    Closed,
}

#[derive(Default)]
struct Slots {
    in_use: HashSet<u32>,
    are_distrusted: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Name {
    /// It may have been created by a process that was killed before it synced.
    Unknown,
    Durable,
    Failed,
}

impl Registry {
    /// Whether this process has touched the upload.
    pub(crate) fn knows(&self, upload: UploadId) -> bool {
        lock(&self.sessions).contains_key(&upload)
    }

    pub(crate) fn session(&self, upload: UploadId) -> Arc<Session> {
        Arc::clone(lock(&self.sessions).entry(upload).or_insert_with(|| Arc::new(Session::new(upload))))
    }

    /// Forgets a session that was closed. Tries that still hold it see it closed for ever.
    fn forget(&self, session: &Arc<Session>) {
        let mut sessions = lock(&self.sessions);
        if sessions.get(&session.upload).is_some_and(|known| Arc::ptr_eq(known, session)) {
            sessions.remove(&session.upload);
        }
    }
}

impl Session {
    fn new(upload: UploadId) -> Self {
        let (gate, name) = (RwLock::new(Gate::Open), Mutex::new(Name::Unknown));
        Self { upload, gate, slots: Mutex::default(), has_side_files: AtomicBool::new(false), name }
    }

    /// One that no registry knows, for a file that nobody else touches.
    pub(crate) fn alone(upload: UploadId) -> Arc<Self> {
        Arc::new(Self::new(upload))
    }

    /// Remembers that a try has a file of its own.
    pub(crate) fn expect_side_files(&self) {
        self.has_side_files.store(true, Ordering::Release);
    }

    pub(crate) fn has_side_files(&self) -> bool {
        self.has_side_files.load(Ordering::Acquire)
    }

    /// Permission to touch files of the upload, for as long as the guard lives. Refused rather than kept waiting, since
    /// hashing a large file takes minutes and the caller holds a thread.
    pub(crate) fn enter(&self) -> Result<RwLockReadGuard<'_, impl Sized>, StoreError> {
        self.gate.try_read().ok().filter(|gate| **gate == Gate::Open).ok_or(StoreError::Sealed)
    }

    /// Waits for the writes that are running and keeps all others out for as long as the seal lives.
    pub(crate) fn seal(self: &Arc<Self>) -> Seal<'_> {
        Seal { session: self, gate: self.gate.write().unwrap_or_else(PoisonError::into_inner) }
    }

    /// Remembers that a sync of the staging file failed: from now on every try gets a file of its own, since Linux forgets
    /// the pages that it could not write, and another sync of the same file would report success.
    pub(crate) fn distrust_slots(&self) {
        lock(&self.slots).are_distrusted = true;
    }

    /// Makes the staging file's name durable by `sync`, once a process. What failed once stays failed.
    pub(crate) fn ensure_name_is_durable(
        &self,
        sync: impl FnOnce() -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut name = lock(&self.name);
        match *name {
            Name::Durable => Ok(()),
            Name::Failed => Err(StoreError::Io(format!("the name of {} could not be synced", self.upload))),
            Name::Unknown => {
                let synced = sync();
                *name = if synced.is_ok() { Name::Durable } else { Name::Failed };
                synced
            }
        }
    }
}

/// Keeps an upload sealed; dropping it opens the upload again.
pub(crate) struct Seal<'s> {
    session: &'s Arc<Session>,
    gate: RwLockWriteGuard<'s, Gate>,
}

impl Seal<'_> {
    /// Ends the upload: no try that began before will ever write again.
    pub(crate) fn close(mut self, registry: &Registry) {
        *self.gate = Gate::Closed;
        registry.forget(self.session);
    }
}

/// The right to write a part in place. Only one exists for a slot; dropping it frees the slot.
#[must_use = "a slot is held for as long as its guard lives"]
pub(crate) struct LocalSlot {
    session: Arc<Session>,
    number: u32,
}

impl LocalSlot {
    /// Takes the slot of part `number`, unless another try has it or slots are no longer trusted.
    pub(crate) fn acquire(session: Arc<Session>, number: u32) -> Option<Self> {
        let is_taken = {
            let mut slots = lock(&session.slots);
            !slots.are_distrusted && slots.in_use.insert(number)
        };
        is_taken.then(|| Self { session, number })
    }

    pub(crate) const fn session(&self) -> &Arc<Session> {
        &self.session
    }

    pub(crate) fn is_of(&self, upload: UploadId, number: u32) -> bool {
        self.session.upload == upload && self.number == number
    }
}

impl Drop for LocalSlot {
    fn drop(&mut self) {
        lock(&self.session.slots).in_use.remove(&self.number);
    }
}

impl std::fmt::Debug for LocalSlot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LocalSlot({}, part {})", self.session.upload, self.number)
    }
}

/// Locks whatever a thread that panicked may have left: every critical section here is a single assignment.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
