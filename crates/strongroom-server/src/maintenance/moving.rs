//! `strongroom move`: the vault goes to another database, another store, or both, while the old one goes on serving reads.
//!
//! Bytes first, while writes go on: what is stored is never changed in place, so most of it is copied by the time that matters.
//! Then writes are held, for as long as it takes to copy what is new since and the rows, and to compare both sides.
//! docs/adr/0017-move.md has the reasons.
//!
//! *Killed at any point*, the next run goes on: which files the new store has tells how far the bytes are, rows that are there
//! stay as they are, and what each side knows of the move is in its catalog. Until the end the old vault is the vault.

mod arriving;
mod begin;
mod copy;
mod originals;
mod parts;
mod renditions;
mod report;
mod rows;
mod surplus;
mod verify;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use strongroom_catalog::Catalog;
use strongroom_catalog::records::{Relocation, RelocationRole};
use strongroom_core::clock::Clock;
use strongroom_core::digest::Digest;
use strongroom_store::{Store, StoredFile, StoredName};
use tokio::time::Instant;

pub(crate) use arriving::admit;
pub use arriving::name_of_store;
pub use report::{Damage, MoveReport, MoveStep};

use super::MaintenanceError;
use super::backup::{lock, make_directory};
use super::digests::Digester;
use copy::Phase;

/// Passes over the bytes while writes go on. Each has only to do what came during the one before.
const MOST_PASSES: u32 = 4;

/// A pass that took less is not worth another: the hold will not be much shorter for it.
const SHORT_PASS: Duration = Duration::from_secs(20);

/// How often the hold is asked for where others keep what it needs locked.
const HOLD_TRIES: u32 = 20;

/// Where a vault goes.
#[derive(Debug, Clone)]
pub struct MoveTarget {
    /// The new catalog, and what to call it: without a password. `None` where the rows stay.
    pub catalog: Option<(Catalog, String)>,
    /// The new store, and what to call it. `None` where the bytes stay.
    pub store: Option<(Store, String)>,
}

/// How to move.
#[derive(Debug, Clone)]
pub struct MoveOptions {
    /// The data directory of the vault, for its signing keys.
    pub data_dir: PathBuf,
    /// Where this run may write what it needs for a moment, and keeps others like it out.
    pub area: PathBuf,
    /// How fast to read at most.
    pub max_bytes_per_second: Option<u64>,
}

/// The files of a shard, by their names.
type Files = BTreeMap<StoredName, StoredFile>;

/// One run.
pub struct Move {
    catalog: Catalog,
    store: Store,
    target: MoveTarget,
    clock: Arc<dyn Clock>,
    options: MoveOptions,
    digester: Digester,
    /// Renditions that this run has sent, by their digest: some 100 bytes for each.
    sent: Mutex<BTreeMap<StoredName, Digest>>,
}

impl Move {
    /// A run from this catalog and store to `target`.
    #[must_use]
    pub fn new(
        catalog: Catalog,
        store: Store,
        target: MoveTarget,
        clock: Arc<dyn Clock>,
        options: MoveOptions,
    ) -> Self {
        let digester = Digester::new(options.max_bytes_per_second);
        Self { catalog, store, target, clock, options, digester, sent: Mutex::default() }
    }

    /// Moves, and tells `progress` of each step.
    ///
    /// # Errors
    /// Where something does not answer or is not as it has to be. The old vault is as it was, though it may take no writes until
    /// the move is run again or aborted.
    pub async fn run(&self, progress: impl Fn(MoveStep) + Send + Sync) -> Result<MoveReport, MaintenanceError> {
        make_directory(&self.options.area)?;
        let _lock = lock(&self.options.area.join("lock"))?;
        let relocation = self.begin().await?;
        let mut report = MoveReport::default();
        if relocation.role == RelocationRole::Left {
            progress(MoveStep::AlreadyMoved);
            self.open_target().await?;
            return Ok(report);
        }
        if let Some((store, _)) = &self.target.store {
            self.refuse_what_cannot_move(store).await?;
            self.copy_while_serving(store, &relocation, &progress, &mut report).await?;
        }
        self.hold(&progress).await?;
        let held = Instant::now();
        if let Some((store, _)) = &self.target.store {
            // A session may have begun since.
            if let Err(refused) = self.refuse_what_cannot_move(store).await {
                self.catalog.end_relocation().await?;
                return Err(refused);
            }
            let copied = self.copy_all(store, Phase::Held, &mut report).await?;
            progress(MoveStep::Copied(copied));
            self.clear_surplus(store).await?;
        }
        if let Some((catalog, _)) = &self.target.catalog {
            self.copy_rows(catalog, &progress, &mut report).await?;
        }
        progress(MoveStep::Comparing);
        self.verify(&mut report).await?;
        let moved_to_shared = self.target.store.as_ref().map(|(store, _)| store.is_shared());
        // The old side first: at no moment do both take writes.
        self.catalog.leave(moved_to_shared.filter(|_| self.target.catalog.is_none())).await?;
        self.open_target().await?;
        report.held_milliseconds = u64::try_from(held.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(report)
    }

    /// Copies bytes, and again what came meanwhile, until little is left to do.
    async fn copy_while_serving(
        &self,
        store: &Store,
        relocation: &Relocation,
        progress: &(impl Fn(MoveStep) + Send + Sync),
        report: &mut MoveReport,
    ) -> Result<(), MaintenanceError> {
        let most = if relocation.is_held { 0 } else { MOST_PASSES };
        for _ in 0..most {
            let began = Instant::now();
            let copied = self.copy_all(store, Phase::Serving, report).await?;
            progress(MoveStep::Copied(copied));
            if began.elapsed() < SHORT_PASS {
                break;
            }
        }
        Ok(())
    }

    /// Holds writes at the source. Others may be at work in the tables for a while.
    async fn hold(&self, progress: &(impl Fn(MoveStep) + Send + Sync)) -> Result<(), MaintenanceError> {
        let mut tries = 1;
        while let Err(error) = self.catalog.hold_writes().await {
            if tries == HOLD_TRIES {
                return Err(error.into());
            }
            tries += 1;
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        progress(MoveStep::Held);
        Ok(())
    }

    /// Lets the new vault take writes.
    async fn open_target(&self) -> Result<(), MaintenanceError> {
        if let Some((catalog, _)) = &self.target.catalog
            && catalog.relocation().await?.is_some()
        {
            let moved_to_shared = self.target.store.as_ref().map(|(store, _)| store.is_shared());
            catalog.arrive(moved_to_shared).await?;
        }
        Ok(())
    }

    /// The catalog that keeps where copies of parts are: the one whose rows will name them.
    fn keeper(&self) -> &Catalog {
        self.target.catalog.as_ref().map_or(&self.catalog, |(catalog, _)| catalog)
    }
}

impl std::fmt::Debug for Move {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = |name: Option<&String>| name.map_or("where it is", String::as_str).to_owned();
        let database = name(self.target.catalog.as_ref().map(|(_, name)| name));
        write!(f, "Move({database}, {})", name(self.target.store.as_ref().map(|(_, name)| name)))
    }
}
