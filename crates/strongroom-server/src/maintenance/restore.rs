//! `strongroom restore`: a vault from a backup, into a new data directory.
//!
//! Every byte is compared with the manifest on its way, and stored as an upload's would be. Then the rows come, without those that
//! were purged while the backup was taken, and a check of the whole vault has the last word: what it can mend it mends, such as a
//! rendition that was being made anew.
//!
//! Killed at any point it is run again, and goes on: `restore.unfinished` says until the end that this is no vault yet. A database
//! is given its rows in one transaction, so it has all of them or no table; which of the two, the next run asks it.

mod marker;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use strongroom_catalog::Catalog;
use strongroom_catalog::records::Remains;
use strongroom_core::clock::Clock;
use strongroom_core::content_digest::ExpectedDigests;
use strongroom_core::id::BlobKey;
use strongroom_core::upload::{Plan, PlanLimits};
use strongroom_store::{Store, StoreError};

use self::marker::Marker;
pub use self::marker::is_unfinished;
use super::MaintenanceError;
use super::backup::{Entry, Line, Lines, OwnFile, copy_verified, file_digest, latest};
use super::backup::{restore_dump, without_password};
use super::digests::Digester;
use super::fsck::{Fsck, FsckOptions, Report};

/// Read at a time from a backup.
const BLOCK_BYTES: usize = 256 << 10;

/// What to restore, and where to.
#[derive(Debug, Clone)]
pub struct RestoreOptions {
    /// The backup's directory.
    pub from: PathBuf,
    /// Which snapshot; the newest unless given.
    pub snapshot: Option<String>,
    /// The new data directory.
    pub data_dir: PathBuf,
    /// The new PostgreSQL database, where the vault had one.
    pub database_url: Option<String>,
    /// Where the SQLite catalog of that data directory lies.
    pub catalog: PathBuf,
}

/// What a restore came to.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RestoreReport {
    /// Which snapshot it was.
    pub snapshot: String,
    /// Originals and renditions.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Blobs that were purged while the backup was taken, and so are gone.
    pub purged_meanwhile: u64,
    /// Parts of uploads under way, which are to be sent again.
    pub parts_forgotten: u64,
    /// What the check at the end found and mended.
    pub check: Report,
}

/// One run, in the order in which its methods are called: [`Restore::begin`], [`Restore::bytes`], [`Restore::rows`],
/// [`Restore::end`]. Store and catalog can be opened only in between.
#[derive(Debug)]
pub struct Restore {
    options: RestoreOptions,
    snapshot: String,
    digester: Digester,
    files: u64,
    bytes: u64,
    marker: Marker,
}

impl Restore {
    /// Picks the snapshot, verifies its manifest, and takes the data directory, which has to be empty or to be left of a restore
    /// that did not end.
    ///
    /// # Errors
    /// Where that is not so.
    pub fn begin(options: RestoreOptions) -> Result<Self, MaintenanceError> {
        let snapshot = match &options.snapshot {
            None => latest(&options.from)?,
            Some(name) => name.clone(),
        };
        for line in Lines::open(&options.from.join("snapshots").join(&snapshot))? {
            line?;
        }
        let marker = Marker::take(&options.data_dir, &snapshot)?;
        Ok(Self { options, snapshot, digester: Digester::new(None), files: 0, bytes: 0, marker })
    }

    /// Stores the originals and renditions of the snapshot, each compared with the manifest.
    ///
    /// # Errors
    /// Where one is missing in the backup or damaged there, and where the store does not take it.
    pub async fn bytes(&mut self, store: &Store, mut progress: impl FnMut(u64)) -> Result<(), MaintenanceError> {
        for line in Lines::open(&self.snapshot_path())? {
            let Line::File(entry) = line? else { continue };
            match entry.rendition {
                None => self.original(store, &entry).await?,
                Some(_) => self.rendition(store, &entry).await?,
            }
            self.files += 1;
            self.bytes += entry.size;
            if self.files.is_multiple_of(1000) {
                progress(self.files);
            }
        }
        Ok(())
    }

    /// Puts the rows, the keys and the configuration in their places.
    ///
    /// # Errors
    /// Where a file is damaged, or the database is not empty.
    pub async fn rows(&self) -> Result<(), MaintenanceError> {
        let snapshot = self.snapshot_path();
        for line in Lines::open(&snapshot)? {
            let Line::Own(OwnFile { name, blake3, .. }) = line? else { continue };
            let path = snapshot.join(&name);
            if file_digest(&path)?.to_string() != blake3 {
                return Err(damaged(&path));
            }
            if ["signing.keys", "strongroom.toml"].contains(&name.as_str()) {
                copy_verified(&path, &self.options.data_dir.join(&name), None)?;
            }
        }
        match self.options.database_url.as_deref() {
            None => restore_dump(&snapshot, None, &self.options.catalog).await,
            Some(url) => self.fill(url).await,
        }
    }

    /// Puts the rows into the database, unless a run that was cut off has done so, or does so now: its tool may outlive it.
    async fn fill(&self, url: &str) -> Result<(), MaintenanceError> {
        let (database, _) = without_password(url);
        let is_new = Catalog::is_new_postgres(url).await?;
        match self.marker.has_begun(&database)? {
            true if !is_new => return Ok(()),
            true => {}
            false if is_new => self.marker.begin(&database)?,
            false => {
                return Err(MaintenanceError::Refused(format!(
                    "{database} has tables already: expected an empty database of its own for this vault"
                )));
            }
        }
        match restore_dump(&self.snapshot_path(), Some(url), &self.options.catalog).await {
            Err(_) if !Catalog::is_new_postgres(url).await? => Ok(()),
            ended => ended,
        }
    }

    /// Lets rows and bytes agree, checks the whole, and says that this is a vault now.
    ///
    /// # Errors
    /// Where catalog or store do not answer.
    pub async fn end(
        self,
        catalog: Catalog,
        store: Store,
        clock: Arc<dyn Clock>,
        grace: Duration,
    ) -> Result<RestoreReport, MaintenanceError> {
        let parts_forgotten = catalog.forget_staged().await?;
        let purged_meanwhile = self.forget_purged(&catalog, &store).await?;
        let data_dir = self.options.data_dir.clone();
        let options = FsckOptions { data_dir, repair: true, scrub: true, max_bytes_per_second: None, grace };
        let check = Fsck::new(catalog, store, clock, options).run(|_| {}).await?;
        let Self { snapshot, files, bytes, marker, .. } = self;
        marker.remove()?;
        Ok(RestoreReport { snapshot, files, bytes, purged_meanwhile, parts_forgotten, check })
    }

    /// Forgets blobs of which the backup has neither bytes nor a word: they were purged after their rows had been copied.
    async fn forget_purged(&self, catalog: &Catalog, store: &Store) -> Result<u64, MaintenanceError> {
        let missing: BTreeSet<BlobKey> = Lines::open(&self.snapshot_path())?
            .filter_map(|line| match line {
                Ok(Line::Missing(blob)) => Some(Ok(blob)),
                Ok(_) => None,
                Err(error) => Some(Err(error)),
            })
            .collect::<Result<_, _>>()?;
        let mut forgotten = 0;
        for shard in Store::shards() {
            let there = store.stored_blobs(shard).await?;
            let there: BTreeSet<BlobKey> =
                there.into_iter().filter(|stored| stored.original_bytes.is_some()).map(|stored| stored.blob).collect();
            for blob in catalog.blobs_of_shard(shard).await? {
                if !there.contains(&blob.key) && !missing.contains(&blob.key) {
                    let remains = Remains { uploads: Vec::new(), blobs: vec![blob.key] };
                    catalog.forget_remains(blob.connection, remains).await?;
                    forgotten += 1;
                }
            }
        }
        Ok(forgotten)
    }

    /// Stores an original as an upload of it would be stored: that is one way to write for every store.
    async fn original(&self, store: &Store, entry: &Entry) -> Result<(), MaintenanceError> {
        match store.open_blob(entry.blob).await {
            Ok(there) if there.len() == entry.size && self.is_whole(&there, entry).await? => return Ok(()),
            Ok(_) => store.delete_blob(entry.blob).await?,
            Err(StoreError::Missing) => {}
            Err(error) => return Err(error.into()),
        }
        let from = self.options.from.join(&entry.path);
        let unplanned = || MaintenanceError::Refused(format!("{} has {} bytes", from.display(), entry.size));
        let plan = Plan::for_size(entry.size, &PlanLimits::default()).ok_or_else(unplanned)?;
        let upload = entry.blob.upload();
        // What a dead run left of it would take the slots.
        store.discard_upload(upload, None).await?;
        let multipart =
            if store.is_shared() && plan.total_parts() > 1 { Some(store.begin_multipart(upload).await?) } else { None };
        let (mut file, mut digests, mut places) = (open(&from)?, Vec::new(), Vec::new());
        for part in plan.parts() {
            let slot = store.try_slot(upload, part.number);
            let begun = store.begin_part(upload, &plan, part, ExpectedDigests::default(), slot, multipart.as_deref());
            let mut writing = begun.await?;
            let mut left = part.length;
            while left > 0 {
                let block = read_block(&mut file, left.min(BLOCK_BYTES as u64)).map_err(MaintenanceError::at(&from))?;
                left -= block.len() as u64;
                writing.write(&block).await?;
            }
            let stored = writing.finish().await?;
            digests.push(stored.digest);
            places.push((part, stored.location.clone()));
        }
        let whole = strongroom_core::digest::merge(&digests);
        if whole.is_none_or(|digest| digest.to_string() != entry.blake3) {
            store.discard_upload(upload, multipart.as_deref()).await?;
            return Err(damaged(&from));
        }
        Ok(store.publish(upload, &plan, &places, multipart.as_deref(), entry.blob).await?)
    }

    async fn rendition(&self, store: &Store, entry: &Entry) -> Result<(), MaintenanceError> {
        let Some((name, format)) = entry.rendition else { return Ok(()) };
        match store.open_rendition(entry.blob, name, format).await {
            Ok(there) if there.len() == entry.size && self.is_whole(&there, entry).await? => return Ok(()),
            Ok(_) | Err(StoreError::Missing) => {}
            Err(error) => return Err(error.into()),
        }
        let from = self.options.from.join(&entry.path);
        let expected = entry.blake3.parse().map_err(|_| damaged(&from))?;
        let scratch = store.scratch(entry.blob).await?;
        let copy = scratch.output().join("rendition");
        copy_verified(&from, &copy, Some(expected))?;
        store.put_rendition(entry.blob, name, format, &copy).await?;
        scratch.remove().await;
        Ok(())
    }

    async fn is_whole(&self, there: &strongroom_store::BlobReader, entry: &Entry) -> Result<bool, MaintenanceError> {
        Ok(self.digester.of_file(there).await?.to_string() == entry.blake3)
    }

    fn snapshot_path(&self) -> PathBuf {
        self.options.from.join("snapshots").join(&self.snapshot)
    }
}

fn open(path: &Path) -> Result<fs::File, MaintenanceError> {
    fs::File::open(path).map_err(MaintenanceError::at(path))
}

fn read_block(file: &mut fs::File, length: u64) -> std::io::Result<Vec<u8>> {
    use std::io::Read as _;
    let mut block = vec![0; usize::try_from(length).unwrap_or(BLOCK_BYTES)];
    file.read_exact(&mut block)?;
    Ok(block)
}

fn damaged(path: &Path) -> MaintenanceError {
    MaintenanceError::Refused(format!("{} is damaged: its BLAKE3 is not that of the manifest", path.display()))
}
