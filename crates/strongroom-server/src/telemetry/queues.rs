//! How much waits, asked of the catalog when it is asked for: a queue's depth is the same on every node, and nobody's to count.

use std::sync::Arc;
use std::time::Duration;

use strongroom_catalog::Catalog;
use strongroom_catalog::records::JobDepth;
use strongroom_core::clock::{Clock, Timestamp};
use strongroom_core::job::{JobKind, LEASE};
use strongroom_store::Store;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::metric::{FREE_BYTES, JOBS, OLDEST_JOB, STUCK_JOBS, STUCK_UPLOADS};
use super::recorder::gauge;

/// How old an answer may be: whoever scrapes without pause does not ask without pause.
const FRESH: Duration = Duration::from_secs(1);

/// How long the catalog may take; a scrape that does not end tells nothing of anything.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long a complete may be at work. The sweep takes one over after 30 s, and one of the largest files takes less than this.
const STUCK_COMPLETE: Duration = Duration::from_secs(300);

/// Looks at what waits.
#[derive(Clone)]
pub(super) struct Queues {
    catalog: Catalog,
    store: Store,
    clock: Arc<dyn Clock>,
    looked: Arc<Mutex<Option<Instant>>>,
}

impl Queues {
    pub(super) fn new(catalog: Catalog, store: Store, clock: Arc<dyn Clock>) -> Self {
        Self { catalog, store, clock, looked: Arc::default() }
    }

    /// Brings the gauges up to date, unless they are.
    pub(super) async fn look(&self) {
        let mut looked = self.looked.lock().await;
        if looked.is_some_and(|at| at.elapsed() < FRESH) {
            return;
        }
        let now = self.clock.now();
        let asking = async {
            let depths = self.catalog.job_depths(now, now.before(LEASE)).await?;
            Ok::<_, strongroom_catalog::CatalogError>((
                depths,
                self.catalog.interrupted_uploads(now.before(STUCK_COMPLETE)).await?,
            ))
        };
        match tokio::time::timeout(PATIENCE, asking).await {
            Ok(Ok((depths, uploads))) => {
                show_jobs(&depths, now);
                gauge(&STUCK_UPLOADS, &[]).set(exact(uploads.len() as u64));
            }
            Ok(Err(error)) => {
                super::catalog_failed(&error);
                forget();
            }
            Err(_) => forget(),
        }
        gauge(&FREE_BYTES, &[]).set(self.store.free_bytes().map_or(f64::NAN, exact));
        *looked = Some(Instant::now());
    }
}

fn show_jobs(depths: &[JobDepth], now: Timestamp) {
    for kind in JobKind::ALL {
        let none = JobDepth { kind: *kind, ready: 0, running: 0, dead: 0, overdue: 0, due: None };
        let depth = depths.iter().find(|depth| depth.kind == *kind).unwrap_or(&none);
        let kind = ("kind", kind.as_str());
        for (state, jobs) in [("ready", depth.ready), ("running", depth.running), ("dead", depth.dead)] {
            gauge(&JOBS, &[kind, ("state", state)]).set(exact(jobs));
        }
        let waited = depth.due.map_or(0, |due| now.as_millis().saturating_sub(due.as_millis()).max(0));
        gauge(&OLDEST_JOB, &[kind]).set(exact(waited.unsigned_abs()) / 1000.0);
    }
    gauge(&STUCK_JOBS, &[]).set(exact(depths.iter().map(|depth| depth.overdue).sum()));
}

/// An old number would be a lie, and 0 would be one too.
fn forget() {
    for kind in JobKind::ALL {
        let kind = ("kind", kind.as_str());
        for state in ["ready", "running", "dead"] {
            gauge(&JOBS, &[kind, ("state", state)]).set(f64::NAN);
        }
        gauge(&OLDEST_JOB, &[kind]).set(f64::NAN);
    }
    gauge(&STUCK_JOBS, &[]).set(f64::NAN);
    gauge(&STUCK_UPLOADS, &[]).set(f64::NAN);
}

#[allow(clippy::cast_precision_loss, reason = "exact below 2^53, which nothing here reaches")]
fn exact(number: u64) -> f64 {
    number as f64
}
