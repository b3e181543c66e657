//! `strongroom fsck`: whether rows and bytes agree, and what can be done where they do not.
//!
//! It runs beside a server. Bytes come before their row and go after it, so the files of a shard are listed first and its rows
//! read then; and whatever looks wrong is looked at once more, bytes first and then the row, before it is called a fault.
//!
//! What is made again from what is there: renditions, counters, places in lists, the words of searches. What nothing names is
//! deleted once it is older than the sweep's grace, as the sweep does; what is not ours is set aside in `lost+found/`. An
//! original that is lost or damaged puts its media in quarantine: they fail with a reason, nothing of them is served, and nothing
//! is deleted. A part whose bytes are lost is forgotten, so that its client sends it again.

mod blobs;
mod counters;
mod fault;
mod journal;
mod originals;
mod parts;
mod renditions;
mod surplus;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use strongroom_catalog::Catalog;
use strongroom_core::clock::{Clock, Timestamp};
use strongroom_core::id::BlobKey;
use strongroom_store::{Store, StoredFile, StoredName};

pub use self::fault::{Checked, Fault, FaultKind, Report};
use self::journal::Journal;
use super::MaintenanceError;
use super::digests::Digester;

/// Blobs that are looked at side by side: enough to keep a disk busy while another is hashed.
const AT_ONCE: usize = 4;

/// What to check, and what to do about it.
#[derive(Debug, Clone)]
pub struct FsckOptions {
    /// Where the journal of a scrub lies.
    pub data_dir: PathBuf,
    /// Whether to mend what can be mended.
    pub repair: bool,
    /// Whether to read every byte and compare digests.
    pub scrub: bool,
    /// How fast to read at most.
    pub max_bytes_per_second: Option<u64>,
    /// Bytes that are younger may still get their row.
    pub grace: Duration,
}

/// How far a run is, after each shard.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Shards that are done, of 256.
    pub shards: u32,
    /// Blobs looked at.
    pub blobs: u64,
    /// Bytes read for their digests.
    pub bytes_read: u64,
    /// Faults found.
    pub faults: usize,
}

/// One run.
pub struct Fsck {
    catalog: Catalog,
    store: Store,
    clock: Arc<dyn Clock>,
    options: FsckOptions,
    digester: Digester,
}

/// The files of a shard, by what they are.
type Files = BTreeMap<StoredName, StoredFile>;

type Faults = Result<Vec<Fault>, MaintenanceError>;

impl Fsck {
    /// A run over this catalog and store.
    #[must_use]
    pub fn new(catalog: Catalog, store: Store, clock: Arc<dyn Clock>, options: FsckOptions) -> Self {
        let digester = Digester::new(options.max_bytes_per_second);
        Self { catalog, store, clock, options, digester }
    }

    /// Checks everything, and tells `progress` after each shard.
    ///
    /// # Errors
    /// Where catalog or store do not answer. What was mended stays so, and the digests that were compared are not compared
    /// again by the next scrub.
    pub async fn run(&self, mut progress: impl FnMut(Progress)) -> Result<Report, MaintenanceError> {
        let mut report = Report::default();
        report.faults.extend(self.check_database().await?);
        let mut journal =
            if self.options.scrub { Some(Journal::open(&self.options.data_dir, self.clock.now())?) } else { None };
        for shard in Store::shards() {
            let scope = journal.as_ref().map_or(Scope::Nothing, |journal| journal.scope(shard));
            report.checked.shards_scrubbed_before += u64::from(matches!(scope, Scope::Only(_)));
            let found = self.check_shard(shard, &scope, &mut report.checked).await?;
            if let Some(journal) = &mut journal {
                journal.note(shard, found.iter().filter_map(Fault::suspect))?;
            }
            report.faults.extend(found);
            progress(Progress {
                shards: u32::from(shard) + 1,
                blobs: report.checked.blobs,
                bytes_read: self.digester.bytes_read(),
                faults: report.faults.len(),
            });
        }
        report.faults.extend(self.check_scratch().await?);
        report.faults.extend(self.check_multiparts().await?);
        // Last: what was mended above is counted by then.
        report.faults.extend(self.check_connections(&mut report.checked).await?);
        report.checked.bytes_read = self.digester.bytes_read();
        if let Some(journal) = journal {
            journal.end()?;
        }
        Ok(report)
    }

    async fn check_shard(&self, shard: u8, scope: &Scope, checked: &mut Checked) -> Faults {
        let files = self.store.inventory(shard).await?;
        let blobs = self.catalog.blobs_of_shard(shard).await?;
        let parts = self.catalog.parts_of_shard(shard).await?;
        checked.files += files.len() as u64;
        checked.blobs += blobs.len() as u64;
        checked.renditions += blobs.iter().map(|blob| blob.renditions.len() as u64).sum::<u64>();
        checked.parts += parts.len() as u64;
        checked.in_quarantine += blobs.iter().filter(|blob| blob.is_in_quarantine).count() as u64;
        let files: Files = files.into_iter().map(|file| (file.name.clone(), file)).collect();

        let looking = stream::iter(&blobs).map(|blob| self.check_blob(blob, &files, scope.has(blob.key)));
        let found: Vec<Vec<Fault>> = looking.buffer_unordered(AT_ONCE).try_collect().await?;
        let mut faults: Vec<Fault> = found.into_iter().flatten().collect();
        // Before parts are forgotten, whose files nothing would name then.
        faults.extend(self.check_surplus(&files, &blobs).await?);
        for part in &parts {
            faults.extend(self.check_part(part, &files).await?);
        }
        Ok(faults)
    }

    /// What is younger may still get its row.
    fn oldest_kept(&self) -> Timestamp {
        self.clock.now().before(self.options.grace)
    }
}

/// Of which blobs of a shard the digests are compared.
enum Scope {
    Nothing,
    Everything,
    /// The others were compared by the run that was interrupted.
    Only(BTreeSet<BlobKey>),
}

impl Scope {
    fn has(&self, key: BlobKey) -> bool {
        match self {
            Self::Nothing => false,
            Self::Everything => true,
            Self::Only(suspects) => suspects.contains(&key),
        }
    }
}

impl std::fmt::Debug for Fsck {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Fsck({:?})", self.options)
    }
}
