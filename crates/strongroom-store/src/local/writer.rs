//! The blocking side of a try: the open file, the hashers, and the slot or side file they belong to.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use strongroom_core::content_digest::DigestChecker;
use strongroom_core::digest::{Digest, PartHasher};
use strongroom_core::id::{BlobKey, UploadId};
use strongroom_core::upload::PartRange;

use crate::error::StoreError;
use crate::local::session::{LocalSlot, Session};
use crate::local::store::LocalStore;
use crate::names::random_generation;
use crate::part::{PartLocation, StoredPart};
use crate::slot::SlotGuard;

/// What writes, moved into one blocking call after another: while a call runs, nobody else can free the slot it writes.
pub(crate) struct Writer {
    store: LocalStore,
    session: Arc<Session>,
    /// Opened for this try alone: Linux reports a failed write-back once to every open file description, so two tries
    /// that shared one would share one report. Held by a sync that began early, too, which hands its report on.
    file: Arc<File>,
    path: PathBuf,
    /// Where in `file` the next byte goes.
    position: u64,
    hasher: PartHasher,
    checker: DigestChecker,
    place: Place,
}

/// What it takes to write a whole upload's file.
pub(crate) struct Opening {
    pub(crate) store: LocalStore,
    pub(crate) hasher: PartHasher,
    pub(crate) checker: DigestChecker,
}

impl Opening {
    /// Writes all of a small file under its blob's name at once: until a row names that, nobody else knows it.
    pub(crate) fn publish(mut self, bytes: &[u8], blob: BlobKey) -> Result<Digest, StoreError> {
        self.hasher.update(bytes);
        self.checker.update(bytes);
        self.checker.verify()?;
        self.store.disk().publish_new(&self.store.layout().blob(blob), bytes)?;
        Ok(self.hasher.finish())
    }
}

enum Place {
    Slot(LocalSlot),
    Side(SideFile),
}

/// A side file that is removed unless kept.
struct SideFile {
    store: LocalStore,
    path: PathBuf,
    generation: u64,
    is_kept: bool,
}

impl SideFile {
    fn create(store: &LocalStore, upload: UploadId, number: u32) -> Result<(File, Self), StoreError> {
        let generation = random_generation();
        let path = store.layout().side(upload, number, generation);
        let file = store.disk().create(&path)?;
        Ok((file, Self { store: store.clone(), path, generation, is_kept: false }))
    }
}

impl Drop for SideFile {
    fn drop(&mut self) {
        if !self.is_kept
            && let Err(error) = self.store.disk().remove(&self.path)
        {
            tracing::warn!(path = %self.path.display(), %error, "an unfinished part is left for the sweep");
        }
    }
}

impl Writer {
    pub(crate) fn open(
        store: LocalStore,
        upload: UploadId,
        part: PartRange,
        slot: Option<LocalSlot>,
        hasher: PartHasher,
        checker: DigestChecker,
    ) -> Result<Self, StoreError> {
        let session = slot.as_ref().map_or_else(|| store.registry().session(upload), |slot| Arc::clone(slot.session()));
        let (file, path, position, place) = {
            let _open = session.enter()?;
            match slot {
                Some(slot) => {
                    let path = store.layout().staging(upload);
                    (store.disk().open_or_create(&path)?, path, part.offset, Place::Slot(slot))
                }
                None => {
                    session.expect_side_files();
                    let (file, side) = SideFile::create(&store, upload, part.number)?;
                    (file, side.path.clone(), 0, Place::Side(side))
                }
            }
        };
        store.disk().reserve(&file, &path, position, part.length)?;
        Ok(Self { store, session, file: Arc::new(file), path, position, hasher, checker, place })
    }

    /// What brings all that is written by now to stable storage, beside the writes that follow. Its failure is the try's.
    /// `None` where nothing is synced.
    pub(crate) fn early_sync(&self) -> Option<impl FnOnce() -> Result<(), StoreError> + Send + 'static> {
        let (store, session, file, path) =
            (self.store.clone(), Arc::clone(&self.session), Arc::clone(&self.file), self.path.clone());
        let sync = move || store.disk().sync_data(&file, &path).inspect_err(|_| session.distrust_slots());
        self.store.disk().is_strict().then_some(sync)
    }

    /// Opens a file for a whole upload, which nobody else knows of: no session is there to be ended while it is written.
    pub(crate) fn open_whole(opening: Opening, name: UploadId, part: PartRange) -> Result<Self, StoreError> {
        let Opening { store, hasher, checker } = opening;
        let (file, side) = SideFile::create(&store, name, part.number)?;
        let path = side.path.clone();
        store.disk().reserve(&file, &path, 0, part.length)?;
        let session = Session::alone(name);
        let file = Arc::new(file);
        Ok(Self { store, session, file, path, position: 0, hasher, checker, place: Place::Side(side) })
    }

    /// Ends a whole upload: the file gets its blob's name.
    pub(crate) fn publish(mut self: Box<Self>, last: &[u8], blob: BlobKey) -> Result<Digest, StoreError> {
        if !last.is_empty() {
            self.write(last)?;
        }
        let Self { store, file, path, hasher, checker, place, .. } = *self;
        checker.verify()?;
        store.disk().sync_data(&file, &path)?;
        drop(file);
        store.disk().publish_synced(&path, &store.layout().blob(blob))?;
        if let Place::Side(mut side) = place {
            side.is_kept = true;
        }
        Ok(hasher.finish())
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        let disk = self.store.disk();
        disk.before_write(&self.path)?;
        {
            let _open = self.session.enter()?;
            disk.write_at(&self.file, &self.path, bytes, self.position)?;
        }
        self.position += bytes.len() as u64;
        self.hasher.update(bytes);
        self.checker.update(bytes);
        Ok(())
    }

    pub(crate) fn finish(mut self: Box<Self>, last: &[u8]) -> Result<Finished, StoreError> {
        if !last.is_empty() {
            self.write(last)?;
        }
        let Self { store, session, file, path, hasher, checker, place, .. } = *self;
        checker.verify()?;
        let synced = store.disk().sync_data(&file, &path);
        drop(file);
        let sync_name = || store.disk().sync_directory(path.parent().unwrap_or(Path::new("/")));
        match place {
            Place::Slot(_) => synced
                .and_then(|()| session.ensure_name_is_durable(sync_name))
                .inspect_err(|_| session.distrust_slots())?,
            Place::Side(_) => synced.and_then(|()| sync_name())?,
        }
        Ok(Finished { digest: hasher.finish(), place })
    }
}

/// What a try leaves when its last sync has ended. Dropped with nobody waiting for it, it still counts for nothing.
pub(crate) struct Finished {
    digest: Digest,
    place: Place,
}

impl Finished {
    pub(crate) fn keep(self) -> StoredPart {
        let (location, slot) = match self.place {
            Place::Slot(slot) => (PartLocation::InPlace, Some(SlotGuard::of_local(slot))),
            Place::Side(mut side) => {
                side.is_kept = true;
                (PartLocation::Side(side.generation), None)
            }
        };
        StoredPart::new(self.digest, location, slot)
    }
}
