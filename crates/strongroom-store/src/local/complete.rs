//! From staging to a blob: the end of an upload, one way or the other.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use strongroom_core::content_digest::{DigestChecker, ExpectedDigests};
use strongroom_core::id::{BlobKey, UploadId};
use strongroom_core::upload::{PartRange, Plan};

use crate::blocking::blocking;
use crate::error::StoreError;
use crate::local::store::LocalStore;
use crate::names::parse_staged;
use crate::part::PartLocation;

/// How many bytes are read at once for hashing.
const READ_BYTES: usize = 256 << 10;

impl LocalStore {
    pub(crate) async fn publish(
        &self,
        upload: UploadId,
        plan: &Plan,
        parts: &[(PartRange, PartLocation)],
        blob: BlobKey,
    ) -> Result<(), StoreError> {
        let staged = Staged::new(upload, plan, parts)?;
        let store = self.clone();
        blocking(move || {
            let session = store.registry().session(upload);
            let seal = session.seal();
            store.publish_sealed(&staged, blob)?;
            if staged.has_side_files() || session.has_side_files() {
                store.remove_leftovers(upload);
            }
            seal.close(store.registry());
            Ok(())
        })
        .await
    }

    pub(crate) async fn hash_staged(
        &self,
        upload: UploadId,
        plan: &Plan,
        parts: &[(PartRange, PartLocation)],
        expected: ExpectedDigests,
    ) -> Result<(), StoreError> {
        let staged = Staged::new(upload, plan, parts)?;
        let store = self.clone();
        blocking(move || {
            let session = store.registry().session(upload);
            let _seal = session.seal();
            let mut checker = DigestChecker::new(expected);
            staged.read(&store, |bytes| checker.update(bytes))?;
            Ok(checker.verify()?)
        })
        .await
    }

    pub(crate) async fn discard_upload(&self, upload: UploadId) -> Result<(), StoreError> {
        let store = self.clone();
        blocking(move || {
            let session = store.registry().session(upload);
            let seal = session.seal();
            store.disk().remove(&store.layout().staging(upload))?;
            store.remove_side_files(upload)?;
            seal.close(store.registry());
            // The row of this discard may have needed the reserve. Where others took the room at once, the next sweep tries.
            drop(store.keep_reserve_now());
            Ok(())
        })
        .await
    }

    pub(crate) async fn discard_side(&self, upload: UploadId, number: u32, generation: u64) -> Result<(), StoreError> {
        let store = self.clone();
        blocking(move || store.disk().remove(&store.layout().side(upload, number, generation))).await
    }

    fn publish_sealed(&self, staged: &Staged, blob: BlobKey) -> Result<(), StoreError> {
        let (from, to) = (self.layout().staging(staged.upload), self.layout().blob(blob));
        match self.disk().open_read(&to) {
            // Published by an earlier run, which may have been killed before it synced the names.
            Ok(file) if file.metadata().is_ok_and(|metadata| metadata.len() == staged.size) => {
                return self.disk().sync_directory(to.parent().unwrap_or(Path::new("/")));
            }
            Ok(_) => return Err(StoreError::Io(format!("{} is not of this upload", to.display()))),
            Err(StoreError::Missing) => {}
            Err(error) => return Err(error),
        }
        staged.join(self, &from)?;
        // Every part was synced when it ended, and what `join` wrote by it.
        self.disk().publish_synced(&from, &to)
    }

    /// After publishing, what is left is of no use; a failure to remove it is the sweep's business.
    fn remove_leftovers(&self, upload: UploadId) {
        let removed = self.remove_side_files(upload).and_then(|()| self.disk().remove(&self.layout().staging(upload)));
        if let Err(error) = removed {
            tracing::warn!(%upload, %error, "files of a published upload are left for the sweep");
        }
    }

    /// Removes every side file, also those that no row names.
    fn remove_side_files(&self, upload: UploadId) -> Result<(), StoreError> {
        let shard = self.layout().staging_shard(upload);
        for entry in shard.read_dir().map_err(|e| StoreError::of("list", &shard, &e))? {
            let entry = entry.map_err(|e| StoreError::of("list", &shard, &e))?;
            let is_ours = entry
                .file_name()
                .to_str()
                .and_then(parse_staged)
                .is_some_and(|(of, side)| of == upload && side.is_some());
            if is_ours {
                self.disk().remove(&entry.path())?;
            }
        }
        Ok(())
    }
}

/// All parts of an upload, in order, and where each is.
struct Staged {
    upload: UploadId,
    size: u64,
    parts: Vec<(PartRange, PartLocation)>,
}

impl Staged {
    /// Refuses a list that is not the whole plan, or names bytes that are in a bucket: publishing it would leave a hole.
    fn new(upload: UploadId, plan: &Plan, parts: &[(PartRange, PartLocation)]) -> Result<Self, StoreError> {
        let is_whole = plan.parts().eq(parts.iter().map(|(part, _)| *part))
            && !parts.iter().any(|(_, location)| matches!(location, PartLocation::Tagged(_)));
        let staged = || Self { upload, size: plan.size(), parts: parts.to_vec() };
        is_whole.then(staged).ok_or(StoreError::Missing)
    }

    fn has_side_files(&self) -> bool {
        self.parts.iter().any(|(_, location)| *location != PartLocation::InPlace)
    }

    fn is_all_aside(&self) -> bool {
        self.parts.iter().all(|(_, location)| matches!(location, PartLocation::Side(_)))
    }

    /// Makes the staging file whole: each side file in its slot. May be run again.
    fn join(&self, store: &LocalStore, path: &Path) -> Result<(), StoreError> {
        let disk = store.disk();
        let mut file = if self.is_all_aside() { disk.open_or_create(path)? } else { disk.open_write(path)? };
        let length = |file: &File| file.metadata().map(|m| m.len()).map_err(|e| StoreError::of("inspect", path, &e));
        let mut in_place = self.parts.iter().filter(|(_, location)| *location == PartLocation::InPlace);
        // Before anything is copied: copying beyond the end would turn bytes that were lost into zeros.
        let end_in_place = in_place.next_back().map_or(0, |(part, _)| part.offset + part.length);
        if length(&file)? < end_in_place {
            return Err(StoreError::Missing);
        }
        for (part, location) in &self.parts {
            if let PartLocation::Side(generation) = location {
                disk.before_write(path)?;
                let side = disk.open_read(&store.layout().side(self.upload, part.number, *generation))?;
                copy_into(&side, &mut file, part).map_err(|e| StoreError::of("write", path, &e))?;
            }
        }
        if self.has_side_files() {
            // Through the handle that wrote: a later one might not be told of a write-back that has failed.
            disk.sync_data(&file, path)?;
        }
        // Every part ends at its own length, so only somebody else can have made the file longer.
        let length = length(&file)?;
        let foreign = || StoreError::Io(format!("{} has {length} bytes, not {}", path.display(), self.size));
        (length == self.size).then_some(()).ok_or_else(foreign)
    }

    /// Gives all bytes to `take`, in order.
    fn read(&self, store: &LocalStore, mut take: impl FnMut(&[u8])) -> Result<(), StoreError> {
        let staging_path = store.layout().staging(self.upload);
        let staging = if self.is_all_aside() { None } else { Some(store.disk().open_read(&staging_path)?) };
        let mut block = vec![0; READ_BYTES];
        for (part, location) in &self.parts {
            match (location, &staging) {
                (PartLocation::InPlace, Some(file)) => {
                    read_exactly(file, &staging_path, part.offset, part.length, &mut block, &mut take)?;
                }
                (PartLocation::InPlace, None) | (PartLocation::Tagged(_), _) => return Err(StoreError::Missing),
                (PartLocation::Side(generation), _) => {
                    let path = store.layout().side(self.upload, part.number, *generation);
                    let file = store.disk().open_read(&path)?;
                    read_exactly(&file, &path, 0, part.length, &mut block, &mut take)?;
                }
            }
        }
        Ok(())
    }
}

/// Copies a side file into its slot; within the kernel, and without moving a byte on file systems that share extents.
fn copy_into(mut side: &File, staging: &mut File, part: &PartRange) -> io::Result<()> {
    staging.seek(SeekFrom::Start(part.offset))?;
    let copied = io::copy(&mut side.by_ref().take(part.length), staging)?;
    if copied == part.length { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

fn read_exactly(
    mut file: &File,
    path: &Path,
    offset: u64,
    length: u64,
    block: &mut [u8],
    take: &mut impl FnMut(&[u8]),
) -> Result<(), StoreError> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::UnexpectedEof => StoreError::Missing,
        _ => StoreError::of("read", path, &error),
    };
    file.seek(SeekFrom::Start(offset)).map_err(failed)?;
    let mut left = length;
    while left > 0 {
        let now = usize::try_from(left).map_or(block.len(), |left| left.min(block.len()));
        let Some(block) = block.get_mut(..now) else { break };
        file.read_exact(block).map_err(failed)?;
        take(block);
        left -= now as u64;
    }
    Ok(())
}
