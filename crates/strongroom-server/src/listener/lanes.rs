//! The threads that serve connections, one for each core. A connection stays on one from its first byte to its last, and none takes work
//! from another: where they share their tasks, a connection's bytes wander between the cores' caches, and threads wake one another to
//! look for work.

use std::io;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// How long a thread waits at its end for what it has begun on the disk.
const PATIENCE: Duration = Duration::from_secs(2);

/// The threads. What a connection has begun runs until they are dropped, also where the connection has ended. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Lanes(Arc<[Lane]>);

struct Lane {
    runtime: Handle,
    /// Shared by the lane's connections.
    load: Arc<()>,
    /// Ends the thread when dropped.
    _open: oneshot::Sender<()>,
}

/// A place on a lane, taken while it lives.
pub(super) struct OnLane(#[allow(dead_code, reason = "counted")] Arc<()>);

impl Lanes {
    /// Starts a thread for each core.
    pub(crate) fn start() -> io::Result<Self> {
        let cores = available_parallelism().map_or(1, std::num::NonZero::get);
        (0..cores).map(|_| Lane::start()).collect::<io::Result<_>>().map(Self)
    }

    /// The lane with the fewest connections, and a place on it.
    pub(super) fn emptiest(&self) -> Option<(&Handle, OnLane)> {
        let lane = self.0.iter().min_by_key(|lane| Arc::strong_count(&lane.load))?;
        Some((&lane.runtime, OnLane(Arc::clone(&lane.load))))
    }
}

impl Lane {
    fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (open, closed) = oneshot::channel();
        let thread = std::thread::Builder::new().name("connections".to_owned());
        thread.spawn(move || {
            // Never sent to: it ends when the lane is dropped.
            drop(runtime.block_on(closed));
            runtime.shutdown_timeout(PATIENCE);
        })?;
        Ok(Self { runtime: handle, load: Arc::default(), _open: open })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn connections_are_spread_and_each_stays_on_its_thread() {
        let lanes = Lanes((0..3).map(|_| Lane::start().unwrap()).collect());
        let mut taken = Vec::new();
        for _ in 0..6 {
            let (runtime, place) = lanes.emptiest().unwrap();
            let here = async {
                let before = std::thread::current().id();
                tokio::time::sleep(Duration::from_millis(1)).await;
                assert_eq!(std::thread::current().id(), before);
                before
            };
            taken.push((runtime.spawn(here).await.unwrap(), place));
        }
        let on = |thread| taken.iter().filter(|(other, _)| *other == thread).count();
        assert!(taken.iter().all(|(thread, _)| on(*thread) == 2));
        let (freed, place) = taken.remove(4);
        drop(place);
        let again = lanes.emptiest().unwrap().0.spawn(async { std::thread::current().id() });
        assert_eq!(again.await.unwrap(), freed);
    }

    #[tokio::test]
    async fn what_runs_when_they_are_dropped_is_ended() {
        let lanes = Lanes::start().unwrap();
        let (running, ended) = oneshot::channel::<()>();
        let endless = async move {
            std::future::pending::<()>().await;
            drop(running);
        };
        drop(lanes.emptiest().unwrap().0.spawn(endless));
        drop(lanes);
        assert!(ended.await.is_err());
    }
}
