//! Syncs of one directory that share: whoever comes while one runs waits for the next, which is everybody's who waits.
//!
//! A sync that began after a name was given brings that name to stable storage, whoever asked for it. Small files that come at
//! the same time lie in the same directory (`strongroom_core::id`), so that one flush of the disk serves many; and one that began and
//! ended while a file's bytes were still on their way to the disk has served its name already.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use crate::error::StoreError;

type Outcome = Result<(), StoreError>;

/// The directories in which names are being made safe.
#[derive(Default)]
pub(super) struct Together(Mutex<HashMap<PathBuf, Weak<Directory>>>);

#[derive(Default)]
struct Directory(Mutex<Syncs>);

#[derive(Default)]
struct Syncs {
    /// How many have begun. They run one after another.
    begun: u64,
    running: Option<Arc<Run>>,
    /// The one that has not begun, and waits for the running one.
    next: Option<Arc<Run>>,
    /// The last that has failed, and why.
    failed: Option<(u64, StoreError)>,
}

#[derive(Default)]
struct Run {
    may_begin: Condvar,
    ended: Condvar,
    outcome: OnceLock<Outcome>,
}

/// A name that was given in a directory, and is not safe yet.
pub(super) struct Named {
    directory: Arc<Directory>,
    /// The syncs that had begun before: what they have brought to stable storage may not be this name.
    before: u64,
}

impl Together {
    /// Says that a name was given in the directory at `path`.
    pub(super) fn named(&self, path: &Path) -> Named {
        // The map is whole between any two statements, so a panic elsewhere does not spoil it.
        let mut directories = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let directory = directories.get(path).and_then(Weak::upgrade).unwrap_or_else(|| {
            let directory = Arc::<Directory>::default();
            directories.retain(|_, directory| directory.strong_count() > 0);
            directories.insert(path.to_owned(), Arc::downgrade(&directory));
            directory
        });
        let before = directory.lock().begun;
        Named { directory, before }
    }
}

impl Named {
    /// Runs `sync`, or goes by a run of another caller that began after the name was given. An error is everybody's who shared it.
    pub(super) fn sync(self, sync: impl FnOnce() -> Outcome) -> Outcome {
        let mut syncs = self.directory.lock();
        // Whatever a later one says: Linux tells an error once, and forgets what could not be written.
        if let Some((_, error)) = syncs.failed.as_ref().filter(|(number, _)| *number > self.before) {
            return Err(error.clone());
        }
        let ended = syncs.begun - u64::from(syncs.running.is_some());
        if ended > self.before {
            return Ok(());
        }
        let shared = if syncs.begun > self.before { syncs.running.clone() } else { syncs.next.clone() };
        if let Some(shared) = shared {
            loop {
                if let Some(outcome) = shared.outcome.get() {
                    return outcome.clone();
                }
                syncs = wait(&shared.ended, syncs);
            }
        }
        let mine = Arc::<Run>::default();
        syncs.next = Some(Arc::clone(&mine));
        while syncs.running.is_some() {
            syncs = wait(&mine.may_begin, syncs);
        }
        syncs.running = syncs.next.take();
        syncs.begun += 1;
        let number = syncs.begun;
        drop(syncs);
        let outcome = sync();
        let mut syncs = self.directory.lock();
        syncs.running = None;
        if let Err(error) = &outcome {
            syncs.failed = Some((number, error.clone()));
        }
        if let Some(next) = &syncs.next {
            next.may_begin.notify_one();
        }
        // Only here is it set.
        drop(mine.outcome.set(outcome.clone()));
        mine.ended.notify_all();
        outcome
    }
}

impl Directory {
    fn lock(&self) -> MutexGuard<'_, Syncs> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wait<'s>(change: &Condvar, syncs: MutexGuard<'s, Syncs>) -> MutexGuard<'s, Syncs> {
    change.wait(syncs).unwrap_or_else(PoisonError::into_inner)
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

    const PATH: &str = "/some/where";

    fn named(together: &Together) -> Named {
        together.named(Path::new(PATH))
    }

    fn failed() -> Outcome {
        Err(StoreError::Io("no".to_owned()))
    }

    /// Lets `CALLERS` callers share a sync that ends with `outcome`, behind one that was running. Answers what each was told, and how
    /// many syncs there were.
    fn share(outcome: &Outcome) -> (Vec<Outcome>, usize) {
        let (together, runs) = (Together::default(), AtomicUsize::new(0));
        let (go, gone) = mpsc::channel::<()>();
        let (began, begun) = mpsc::channel();
        let (together, runs) = (&together, &runs);
        let told = thread::scope(|scope| {
            scope.spawn(move || {
                named(together).sync(|| {
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
            let callers: Vec<_> = (0..CALLERS).map(|_| scope.spawn(move || named(together).sync(sync))).collect();
            // All wait for the one behind the first, which none can begin.
            while named(together).directory.lock().next.as_ref().map_or(0, Arc::strong_count) < CALLERS + 1 {
                thread::sleep(Duration::from_millis(1));
            }
            assert_eq!(runs.load(Ordering::Relaxed), 0, "the running one began too early for them");
            go.send(()).unwrap();
            callers.into_iter().map(|caller| caller.join().unwrap()).collect()
        });
        drop(together.named(Path::new("/another")));
        assert_eq!(together.0.lock().unwrap().len(), 1, "nothing is kept of a directory in which nobody waits");
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
        let (told, runs) = share(&failed());
        assert_eq!(runs, 1);
        assert!(told.iter().all(Result::is_err), "nobody is told that a name is safe which is not");
    }

    #[test]
    fn a_name_is_served_by_a_sync_that_began_after_it_and_by_no_other() {
        let together = Together::default();
        let (early, late) = (named(&together), mpsc::channel());
        named(&together)
            .sync(|| {
                late.0.send(named(&together)).unwrap();
                Ok(())
            })
            .unwrap();
        early.sync(|| panic!("one has ended that began after this name")).unwrap();
        let mut has_run = false;
        let sync = || {
            has_run = true;
            Ok(())
        };
        late.1.recv().unwrap().sync(sync).unwrap();
        assert!(has_run, "the one that was running when this name was given may not have seen it");
    }

    #[test]
    fn a_running_one_is_shared_by_whoever_was_named_before_it_began() {
        let together = Together::default();
        let early = named(&together);
        thread::scope(|scope| {
            let (go, gone) = mpsc::channel::<()>();
            let (began, begun) = mpsc::channel();
            let run = move || {
                began.send(()).unwrap();
                gone.recv().unwrap();
                Ok(())
            };
            let mine = named(&together);
            scope.spawn(move || mine.sync(run));
            begun.recv().unwrap();
            let waiting = scope.spawn(|| early.sync(|| panic!("one runs that began after this name")));
            while named(&together).directory.lock().running.as_ref().map_or(0, Arc::strong_count) < 3 {
                thread::sleep(Duration::from_millis(1));
            }
            go.send(()).unwrap();
            waiting.join().unwrap().unwrap();
        });
    }

    #[test]
    fn a_failure_is_told_to_whoever_was_named_before_it_also_where_a_later_one_succeeds() {
        let together = Together::default();
        let early = named(&together);
        named(&together).sync(failed).unwrap_err();
        let late = named(&together);
        named(&together).sync(|| Ok(())).unwrap();
        early.sync(|| Ok(())).unwrap_err();
        late.sync(|| panic!("one has ended that began after this name")).unwrap();
    }

    #[test]
    fn directories_do_not_wait_for_one_another() {
        let together = Together::default();
        let inner = named(&together).sync(|| together.named(Path::new("/b")).sync(|| Ok(())));
        assert!(inner.is_ok());
    }
}
