//! Syncs of one directory that share: whoever comes while one runs waits for the next, which is everybody's who waits.
//!
//! A sync that began after a name was given brings that name to stable storage, whoever asked for it. Small files that come at
//! the same time lie in the same directory (`strongroom_core::id`), so that one flush of the disk serves many.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::error::StoreError;

type Outcome = Result<(), StoreError>;

/// The directories that are being synced, or waited for.
#[derive(Default)]
pub(super) struct Together {
    directories: Mutex<HashMap<PathBuf, Syncs>>,
    ended: Condvar,
}

#[derive(Default)]
struct Syncs {
    is_running: bool,
    /// The one that has not begun, and those who wait for it.
    next: Option<Arc<OnceLock<Outcome>>>,
}

impl Together {
    /// Runs `sync` for `path`, or waits for a run of another caller that begins from now on. An error is everybody's who shared it.
    pub(super) fn sync(&self, path: &Path, sync: impl FnOnce() -> Outcome) -> Outcome {
        let mut directories = self.lock();
        let syncs = directories.entry(path.to_owned()).or_default();
        if let Some(next) = syncs.next.clone() {
            while next.get().is_none() {
                directories = self.wait(directories);
            }
            return next.get().cloned().unwrap_or(Ok(()));
        }
        let mine = Arc::new(OnceLock::new());
        syncs.next = Some(Arc::clone(&mine));
        while directories.get(path).is_some_and(|syncs| syncs.is_running) {
            directories = self.wait(directories);
        }
        directories.insert(path.to_owned(), Syncs { is_running: true, next: None });
        drop(directories);
        let outcome = sync();
        let mut directories = self.lock();
        match directories.get_mut(path) {
            Some(syncs) if syncs.next.is_some() => syncs.is_running = false,
            _ => drop(directories.remove(path)),
        }
        // Only here is it set.
        drop(mine.set(outcome.clone()));
        self.ended.notify_all();
        outcome
    }

    fn wait<'m>(
        &self,
        directories: MutexGuard<'m, HashMap<PathBuf, Syncs>>,
    ) -> MutexGuard<'m, HashMap<PathBuf, Syncs>> {
        self.ended.wait(directories).unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<PathBuf, Syncs>> {
        // The map is whole between any two statements, so a panic elsewhere does not spoil it.
        self.directories.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    use super::*;

    /// While the first sync runs, these many callers come for the same directory.
    const CALLERS: usize = 8;

    /// Lets `CALLERS` callers share a sync that ends with `outcome`, behind one that was running. Answers what each was told, and how
    /// many syncs there were.
    fn share(outcome: &Outcome) -> (Vec<Outcome>, usize) {
        let (together, path, runs) = (Together::default(), Path::new("/some/where"), AtomicUsize::new(0));
        let (go, gone) = mpsc::channel::<()>();
        let (began, begun) = mpsc::channel();
        let (together, runs) = (&together, &runs);
        let told = thread::scope(|scope| {
            scope.spawn(move || {
                together.sync(path, || {
                    began.send(()).unwrap();
                    gone.recv().unwrap();
                    Ok(())
                })
            });
            begun.recv().unwrap();
            let sync = || {
                runs.fetch_add(1, Ordering::Relaxed);
                outcome.clone()
            };
            let callers: Vec<_> = (0..CALLERS).map(|_| scope.spawn(move || together.sync(path, sync))).collect();
            // All wait for the one behind the first, which none can begin.
            while together.lock()[path].next.as_ref().map_or(0, Arc::strong_count) < CALLERS + 1 {
                thread::sleep(Duration::from_millis(1));
            }
            assert_eq!(runs.load(Ordering::Relaxed), 0, "the running one began too early for them");
            go.send(()).unwrap();
            callers.into_iter().map(|caller| caller.join().unwrap()).collect()
        });
        assert!(together.lock().is_empty(), "nothing is kept of a directory that nobody waits for");
        (told, runs.load(Ordering::Relaxed))
    }

    #[test]
    fn those_who_come_while_one_runs_share_the_next() {
        let (told, runs) = share(&Ok(()));
        assert_eq!(runs, 1);
        assert!(told.iter().all(Result::is_ok) && told.len() == CALLERS);
    }

    #[test]
    fn a_failure_is_everybodys() {
        let (told, runs) = share(&Err(StoreError::Io("no".to_owned())));
        assert_eq!(runs, 1);
        assert!(told.iter().all(Result::is_err), "nobody is told that a name is safe which is not");
    }

    #[test]
    fn directories_do_not_wait_for_one_another() {
        let together = Together::default();
        let inner = together.sync(Path::new("/a"), || together.sync(Path::new("/b"), || Ok(())));
        assert!(inner.is_ok());
    }
}
