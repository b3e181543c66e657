//! `strongroom backup`: a copy of the whole vault at one moment, taken beside a server that goes on.
//!
//! ```text
//! DIR/LATEST                              the newest whole snapshot, and the digest of its manifest
//! DIR/snapshots/2026-11-22T…/manifest     what belongs to it: a line each, with size and BLAKE3
//! DIR/snapshots/2026-11-22T…/catalog.db   rows, signing keys, configuration
//! DIR/blobs/3f/3f0c…                      originals, shared by all snapshots
//! DIR/renditions/3f/3f0c….thumb.<digest>  renditions, by their digest, since they are made anew now and then
//! DIR/aside/                              files that are being written
//! ```
//!
//! *Every row's blob exists.* The rows are copied first, in one moment; then the bytes of all rows are kept that are there **now**.
//! A row of the copy is among those, or it was purged in between: then [`restore`](super::restore) finds neither bytes nor
//! a word of them in the manifest, and forgets the row, as the purge did. Originals are never changed in place, so a hard link
//! keeps them, at no cost; on another file system they are copied and synced. Uploads under way are not part of it: their
//! sessions are, and ask for their parts again.
//!
//! *Killed at any point.* Nothing that an older snapshot needs is touched before the new one is whole, and it is whole when
//! its directory has its name and `LATEST` says so. What a dead run left is removed by the next.

mod dump;
mod files;
mod manifest;
mod pool;
mod prune;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::Serialize;
use strongroom_catalog::Catalog;
use strongroom_catalog::records::{KeptBlob, KeptRendition};
use strongroom_core::clock::Clock;
use strongroom_core::digest::Digest;
use strongroom_core::id::{BlobKey, ConnectionId};
use strongroom_core::media::Format;
use strongroom_store::{Store, StoredName};

pub(super) use self::dump::{restore_dump, without_password};
pub(super) use self::files::{copy_verified, create, file_digest, lock, make_directory, sync_directory};
pub(super) use self::manifest::{Entry, Line, Lines, OwnFile, latest};
use self::manifest::{ManifestWriter, point_at};
use self::pool::{Pool, Wanted};
use super::MaintenanceError;
use super::digests::Digester;

/// Blobs that are kept side by side: more than one only helps where they are copied.
const AT_ONCE: usize = 4;

/// What to copy, and where to.
#[derive(Debug, Clone)]
pub struct BackupOptions {
    /// The data directory, for the keys and the configuration in it.
    pub data_dir: PathBuf,
    /// The PostgreSQL database, where the catalog is in one.
    pub database_url: Option<String>,
    /// Where the copy goes.
    pub to: PathBuf,
    /// How many snapshots stay there.
    pub keep: usize,
    /// How fast to read at most.
    pub max_bytes_per_second: Option<u64>,
}

/// What a backup came to.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BackupReport {
    /// The snapshot's name.
    pub snapshot: String,
    /// Originals and renditions that belong to it.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files that were linked.
    pub linked: u64,
    /// Files that were copied.
    pub copied: u64,
    /// Files that an older snapshot had already.
    pub reused: u64,
    /// Originals that are lost or damaged in the vault itself; `strongroom fsck` says more.
    pub missing: Vec<Missing>,
    /// Older snapshots that were removed.
    pub removed_snapshots: u64,
}

/// An original that could not be copied.
#[derive(Debug, Clone, Serialize)]
pub struct Missing {
    /// Which one.
    pub blob: BlobKey,
    /// Whose.
    pub connection: ConnectionId,
    /// What is wrong with it.
    pub detail: String,
}

/// One run.
pub struct Backup {
    catalog: Catalog,
    store: Store,
    clock: Arc<dyn Clock>,
    options: BackupOptions,
    digester: Digester,
}

/// What is kept of one blob.
#[derive(Default)]
struct KeptFiles {
    entries: Vec<(Entry, pool::How)>,
    missing: Option<Missing>,
    is_known_missing: bool,
}

impl Backup {
    /// A run over this catalog and store.
    #[must_use]
    pub fn new(catalog: Catalog, store: Store, clock: Arc<dyn Clock>, options: BackupOptions) -> Self {
        let digester = Digester::new(options.max_bytes_per_second);
        Self { catalog, store, clock, options, digester }
    }

    /// Takes a snapshot, and tells `progress` after each of 256 shards how many files there are so far.
    ///
    /// # Errors
    /// Where something does not answer, or another backup goes to the same directory. Older snapshots are as they were.
    pub async fn run(&self, mut progress: impl FnMut(u32, u64)) -> Result<BackupReport, MaintenanceError> {
        let to = &self.options.to;
        make_directory(to)?;
        let _lock = lock(&to.join("lock"))?;
        let pool = Pool::open(to, &self.store, &self.digester)?;
        prune::remove_unfinished(to)?;

        let name = self.clock.now().to_rfc3339().replace(':', "-");
        let partial = to.join("snapshots").join(format!("{name}{}", prune::UNFINISHED));
        make_directory(&partial)?;
        let mut report = BackupReport { snapshot: name.clone(), ..BackupReport::default() };
        // Rows first: whatever a row of the copy names was there after this moment, or was purged.
        dump::dump(&self.catalog, self.options.database_url.as_deref(), &partial).await?;
        self.copy_settings(&partial)?;
        let mut manifest = ManifestWriter::create(&partial)?;
        manifest.own_files(&partial)?;
        for shard in Store::shards() {
            self.keep_shard(shard, &pool, &mut manifest, &mut report).await?;
            pool.sync(shard)?;
            progress(u32::from(shard) + 1, report.files);
        }
        let digest = manifest.end(report.files, report.bytes)?;
        files::publish(&partial, &to.join("snapshots").join(&name))?;
        point_at(to, &name, digest)?;
        report.removed_snapshots = prune::prune(to, &name, self.options.keep)?;
        Ok(report)
    }

    async fn keep_shard(
        &self,
        shard: u8,
        pool: &Pool<'_>,
        manifest: &mut ManifestWriter,
        report: &mut BackupReport,
    ) -> Result<(), MaintenanceError> {
        let blobs = self.catalog.blobs_of_shard(shard).await?;
        let mut keeping = stream::iter(&blobs).map(|blob| self.keep_blob(pool, blob)).buffered(AT_ONCE);
        while let Some(kept) = keeping.try_next().await? {
            for (entry, how) in kept.entries {
                report.files += 1;
                report.bytes += entry.size;
                match how {
                    pool::How::Linked => report.linked += 1,
                    pool::How::Copied => report.copied += 1,
                    pool::How::Reused => report.reused += 1,
                }
                manifest.line(&Line::File(entry))?;
            }
            if let Some(missing) = kept.missing {
                manifest.line(&Line::Missing(missing.blob))?;
                if !kept.is_known_missing {
                    report.missing.push(missing);
                }
            }
        }
        Ok(())
    }

    /// Keeps an original with its renditions. Of one that is purged meanwhile nothing is said, and nothing need be kept.
    async fn keep_blob(&self, pool: &Pool<'_>, blob: &KeptBlob) -> Result<KeptFiles, MaintenanceError> {
        let mut kept = KeptFiles::default();
        let original = if blob.is_in_quarantine { None } else { self.keep_original(pool, blob).await? };
        match original {
            Some(original) => kept.entries.push(original),
            None if self.catalog.kept_blob(blob.key).await?.is_none() => return Ok(kept),
            None => {
                let detail = format!("{} bytes are not there as they were sent", blob.size_bytes);
                let (key, connection) = (blob.key, blob.connection.clone());
                kept.missing = Some(Missing { blob: key, connection, detail });
                kept.is_known_missing = blob.is_in_quarantine;
            }
        }
        for rendition in &blob.renditions {
            kept.entries.extend(self.keep_rendition(pool, blob, rendition).await?);
        }
        Ok(kept)
    }

    async fn keep_original(
        &self,
        pool: &Pool<'_>,
        blob: &KeptBlob,
    ) -> Result<Option<(Entry, pool::How)>, MaintenanceError> {
        // Of a signed PDF the row has another digest than the manifest's.
        let digest = (blob.format != Some(Format::Pdf)).then_some(blob.etag);
        let name = StoredName::Original(blob.key);
        let path = name.path();
        let Some((how, digest)) = pool.keep(&Wanted { name, path: &path, size: blob.size_bytes, digest }).await? else {
            return Ok(None);
        };
        Ok(Some((Entry::original(blob.key, &path, blob.size_bytes, digest), how)))
    }

    /// Keeps a rendition, if it is what its row says. One that is not, for it is made anew just now or is damaged, is left out:
    /// whoever restores this makes it again.
    async fn keep_rendition(
        &self,
        pool: &Pool<'_>,
        blob: &KeptBlob,
        rendition: &KeptRendition,
    ) -> Result<Option<(Entry, pool::How)>, MaintenanceError> {
        let Some(digest) = self.digest_of(blob.key, rendition).await? else { return Ok(None) };
        let KeptRendition { name, format, size_bytes: size, .. } = *rendition;
        let hexadecimal = digest.to_string();
        let short = hexadecimal.get(..16).unwrap_or(&hexadecimal);
        let stored = StoredName::Rendition { blob: blob.key, name, format };
        let path = stored.path().with_file_name(format!("{}.{name}.{short}", blob.key));
        let wanted = Wanted { name: stored, path: &path, size, digest: Some(digest) };
        let kept = pool.keep(&wanted).await?;
        Ok(kept.map(|(how, digest)| (Entry::rendition(blob.key, name, format, &path, size, digest), how)))
    }

    /// The digest of a rendition: what was noted when it was made, or else that of what is there.
    async fn digest_of(&self, blob: BlobKey, rendition: &KeptRendition) -> Result<Option<Digest>, MaintenanceError> {
        if rendition.digest.is_some() {
            return Ok(rendition.digest);
        }
        match self.store.open_rendition(blob, rendition.name, rendition.format).await {
            Err(strongroom_store::StoreError::Missing) => Ok(None),
            reader => Ok(Some(self.digester.of_file(&reader?).await?)),
        }
    }

    /// The keys that sign URLs, and the configuration, where they are files of the data directory.
    fn copy_settings(&self, partial: &Path) -> Result<(), MaintenanceError> {
        for name in ["signing.keys", "strongroom.toml"] {
            let from = self.options.data_dir.join(name);
            if from.exists() {
                copy_verified(&from, &partial.join(name), None)?;
            }
        }
        Ok(())
    }
}

impl std::fmt::Debug for Backup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Backup({})", self.options.to.display())
    }
}
