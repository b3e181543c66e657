//! How often renditions are fetched: counted in memory, and written now and then. Whoever fetches waits for none of it, and
//! a crash loses what the last few seconds counted.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use strongroom_catalog::records::{Fetches, NewFetches};
use strongroom_catalog::{Catalog, CatalogError};
use strongroom_core::clock::Timestamp;
use strongroom_core::id::{ConnectionId, MediaId};
use strongroom_core::rendition::RenditionName;
use tokio::sync::Notify;

use crate::jobs::Drain;

/// How often counts are written.
const INTERVAL: Duration = Duration::from_secs(5);

/// The most renditions counted at a time, some 100 bytes each. From half of it on they are written early; when all of it is
/// taken, fetches of yet others are not counted.
const MOST: usize = 8192;

/// Which rendition: one of a media's, and whose media it is.
type Key = (MediaId, RenditionName, ConnectionId);

/// Counts fetches. Cheap to clone.
#[derive(Clone)]
pub(crate) struct FetchCounts {
    catalog: Catalog,
    counts: Arc<Mutex<HashMap<Key, (u64, Timestamp)>>>,
    filling: Arc<Notify>,
}

impl FetchCounts {
    pub(crate) fn new(catalog: Catalog) -> Self {
        Self { catalog, counts: Arc::default(), filling: Arc::default() }
    }

    /// Counts one fetch.
    pub(crate) fn count(&self, connection: &ConnectionId, media: MediaId, name: RenditionName, now: Timestamp) {
        if self.add((media, name, connection.clone()), 1, now) >= MOST / 2 {
            self.filling.notify_one();
        }
    }

    /// Adds to a count. Answers how many there are.
    fn add(&self, key: Key, more: u64, at: Timestamp) -> usize {
        let mut counts = self.counts();
        if counts.len() >= MOST && !counts.contains_key(&key) {
            return MOST;
        }
        let (total, last_at) = counts.entry(key).or_insert((0, at));
        *total += more;
        *last_at = at.max(*last_at);
        counts.len()
    }

    /// Writes now and then until the process drains.
    pub(crate) async fn run(self, drain: Drain) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(INTERVAL) => {}
                () = self.filling.notified() => {}
                () = drain.begun() => return,
            }
            self.write().await;
        }
    }

    /// Writes what was counted, in one transaction. What could not be written is counted on.
    pub(crate) async fn write(&self) {
        let counted = std::mem::take(&mut *self.counts());
        if counted.is_empty() {
            return;
        }
        let new = counted.iter().map(|((media, name, connection), (total, last_at))| NewFetches {
            connection: connection.clone(),
            media: *media,
            fetches: Fetches { name: *name, total: *total, last_at: *last_at },
        });
        if let Err(error) = self.catalog.count_fetches(new.collect()).await {
            if error != CatalogError::Held {
                tracing::warn!(%error, "counts of fetches could not be written; the next try has them too");
            }
            for (key, (total, last_at)) in counted {
                self.add(key, total, last_at);
            }
        }
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<Key, (u64, Timestamp)>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
