//! A disk that fails at a chosen step.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use strongroom_core::content_digest::ExpectedDigests;
use strongroom_core::upload::Plan;
use strongroom_store::fault::{Hook, Step};
use strongroom_store::{Durability, PartLocation, Store, StoreError};

use crate::caller::{Caller, PART_BYTES, eventually, pattern};

const EIO: i32 = 5;
const ENOSPC: i32 = 28;

/// Counts steps of one kind and fails the one that is due.
#[derive(Default)]
struct Plot {
    due: Mutex<Option<(Step, usize, i32)>>,
    seen: Mutex<Vec<Step>>,
}

impl Plot {
    fn store(self: &Arc<Self>, root: &Path) -> Store {
        let plot = Arc::clone(self);
        let hook: Hook = Arc::new(move |step, _| plot.take(step));
        Store::with_hook(root, Durability::Strict, Some(hook)).unwrap()
    }

    /// The `nth` step of this kind from now on, counted from 1, fails with `errno`.
    fn fail(&self, step: Step, nth: usize, errno: i32) {
        *self.due.lock().unwrap() = Some((step, nth, errno));
    }

    fn take(&self, step: Step) -> io::Result<()> {
        self.seen.lock().unwrap().push(step);
        let mut due = self.due.lock().unwrap();
        match *due {
            Some((kind, 1, errno)) if kind == step => {
                *due = None;
                Err(io::Error::from_raw_os_error(errno))
            }
            Some((kind, nth, errno)) if kind == step => {
                *due = Some((kind, nth - 1, errno));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn count(&self, step: Step) -> usize {
        self.seen.lock().unwrap().iter().filter(|seen| **seen == step).count()
    }
}

#[tokio::test]
async fn a_sync_that_failed_is_never_retried_into_success() {
    let file = pattern(3 * PART_BYTES, 1);
    for step in [Step::SyncFile, Step::SyncDirectory] {
        let home = tempfile::tempdir().unwrap();
        let plot = Arc::new(Plot::default());
        let store = plot.store(home.path());
        let caller = Caller::new(&store, file.len() as u64);
        plot.fail(step, 1, EIO);
        assert!(matches!(caller.put_of(1, &file).await, Err(StoreError::Io(_))));
        // The next try does not trust the file whose sync failed.
        caller.put_of(1, &file).await.unwrap();
        assert!(matches!(caller.location(1), Some(PartLocation::Side(_))), "{step:?}");
        // A side file whose sync failed is gone, and so is its try.
        plot.fail(step, 1, EIO);
        assert!(matches!(caller.put_of(2, &file).await, Err(StoreError::Io(_))));
        caller.put_all(&file).await;
        caller.publish().await.unwrap();
        caller.assert_published(&file).await;
    }
}

#[tokio::test]
async fn a_name_that_could_not_be_synced_takes_every_part_in_place_with_it() {
    let file = pattern(2 * PART_BYTES, 2);
    let home = tempfile::tempdir().unwrap();
    let plot = Arc::new(Plot::default());
    let store = plot.store(home.path());
    let caller = Caller::new(&store, file.len() as u64);
    let (mut first, mut second) = (caller.begin(1).await.unwrap(), caller.begin(2).await.unwrap());
    first.write(caller.slice(1, &file)).await.unwrap();
    second.write(caller.slice(2, &file)).await.unwrap();
    plot.fail(Step::SyncDirectory, 1, EIO);
    assert!(caller.end(1, first).await.is_err());
    assert!(caller.end(2, second).await.is_err(), "its name is the one that was not synced");
}

#[tokio::test]
async fn names_are_synced_once_a_process() {
    let file = pattern(3 * PART_BYTES, 3);
    let home = tempfile::tempdir().unwrap();
    let plot = Arc::new(Plot::default());
    let caller = Caller::new(&plot.store(home.path()), file.len() as u64);
    let syncs = |plot: &Plot| (plot.count(Step::SyncFile), plot.count(Step::SyncDirectory));
    let (files, directories) = syncs(&plot);
    caller.put_of(1, &file).await.unwrap();
    caller.put_of(2, &file).await.unwrap();
    assert_eq!(syncs(&plot), (files + 2, directories + 1));
    // The process before may have been killed between creating the name and syncing it.
    let plot = Arc::new(Plot::default());
    let caller = caller.restarted(&plot.store(home.path()));
    let (files, directories) = syncs(&plot);
    caller.put_of(3, &file).await.unwrap();
    assert_eq!(syncs(&plot), (files + 1, directories + 1));
    // Its parts were synced when they ended: only the new name is left.
    let (files, directories) = syncs(&plot);
    caller.publish().await.unwrap();
    assert_eq!(syncs(&plot), (files, directories + 1));
    // Nor does who finds the blob know whether who renamed it lived to sync that.
    caller.publish().await.unwrap();
    assert_eq!(syncs(&plot), (files, directories + 2));
}

#[tokio::test]
async fn a_full_disk_is_told_as_such_and_heals() {
    let file = pattern(2 * PART_BYTES, 4);
    let home = tempfile::tempdir().unwrap();
    let plot = Arc::new(Plot::default());
    let store = plot.store(home.path());
    let caller = Caller::new(&store, file.len() as u64);
    for step in [Step::Create, Step::Write, Step::SyncFile] {
        plot.fail(step, 1, ENOSPC);
        let outcome = caller.put_of(1, &file).await;
        assert!(matches!(outcome, Err(StoreError::Full)), "{step:?}: {outcome:?}");
    }
    caller.put_all(&file).await;
    for step in [Step::Write, Step::SyncFile, Step::Rename] {
        plot.fail(step, 1, ENOSPC);
        let outcome = caller.publish().await;
        assert!(matches!(outcome, Err(StoreError::Full)), "{step:?}: {outcome:?}");
    }
    caller.put_of(2, &file).await.unwrap();
    caller.publish().await.unwrap();
    caller.assert_published(&file).await;
    assert!(store.free_bytes().unwrap() > 0);
}

#[tokio::test]
async fn a_blob_whose_name_could_not_be_synced_is_withdrawn() {
    let file = pattern(PART_BYTES, 5);
    let home = tempfile::tempdir().unwrap();
    let plot = Arc::new(Plot::default());
    let caller = Caller::new(&plot.store(home.path()), file.len() as u64);
    caller.put_all(&file).await;
    plot.fail(Step::SyncDirectory, 1, EIO);
    assert!(matches!(caller.publish().await, Err(StoreError::Io(_))));
    assert!(matches!(caller.published().await, Err(StoreError::Missing)));
    let renames = plot.count(Step::Rename);
    caller.publish().await.unwrap();
    assert_eq!(plot.count(Step::Rename), renames + 1, "a sync without a new rename would prove nothing");
    caller.assert_published(&file).await;
}

/// Whatever step of a whole file fails, nothing of it is there. A small one has its name from the start.
#[tokio::test]
async fn a_whole_file_that_failed_is_nowhere() {
    let small = [Step::Create, Step::Write, Step::SyncFile, Step::SyncDirectory];
    fail_a_whole_file(64 << 10, &small).await;
    fail_a_whole_file(1 << 20, &[small.as_slice(), &[Step::Rename]].concat()).await;
}

async fn fail_a_whole_file(size: u64, steps: &[Step]) {
    let file = pattern(size, 9);
    let home = tempfile::tempdir().unwrap();
    let plot = Arc::new(Plot::default());
    let store = plot.store(home.path());
    let plan = Plan::with_part_bytes(size, size).unwrap();
    for &step in steps {
        plot.fail(step, 1, EIO);
        let ended = async {
            let mut writing = store.begin_whole(&plan, ExpectedDigests::default()).await?;
            writing.write(&file).await?;
            writing.finish().await
        };
        let ended = ended.await;
        assert!(matches!(ended, Err(StoreError::Io(_))), "{step:?}: {ended:?}");
        for shard in Store::shards() {
            assert_eq!(store.staged_uploads(shard).await.unwrap(), [], "{step:?}");
            assert_eq!(store.stored_blobs(shard).await.unwrap(), [], "{step:?}");
        }
    }
}

/// The kernel tells of a failed write-back once: to the sync that began while bytes were still coming, if there was one.
#[tokio::test]
async fn a_sync_that_began_early_and_failed_is_not_forgotten_at_the_end() {
    let file = pattern(6 << 20, 10);
    let home = tempfile::tempdir().unwrap();
    let plot = Arc::new(Plot::default());
    let store = plot.store(home.path());
    let plan = Plan::with_part_bytes(file.len() as u64, 8 << 20).unwrap();
    plot.fail(Step::SyncFile, 1, EIO);
    let mut writing = store.begin_whole(&plan, ExpectedDigests::default()).await.unwrap();
    let ended = async {
        for frame in file.chunks(64 << 10) {
            writing.write(frame).await?;
        }
        writing.finish().await
    };
    assert!(matches!(ended.await, Err(StoreError::Io(_))));
    assert_eq!(plot.count(Step::Rename), 0);
}

#[tokio::test]
async fn relaxed_never_syncs() {
    let syncs = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&syncs);
    let hook: Hook = Arc::new(move |step, _| {
        counter.fetch_add(usize::from(matches!(step, Step::SyncFile | Step::SyncDirectory)), Ordering::Relaxed);
        Ok(())
    });
    let home = tempfile::tempdir().unwrap();
    let store = Store::with_hook(home.path(), Durability::Relaxed, Some(hook)).unwrap();
    let file = pattern(2 * PART_BYTES, 6);
    let caller = Caller::new(&store, file.len() as u64);
    caller.put_all(&file).await;
    caller.put_all(&file).await;
    caller.publish().await.unwrap();
    assert_eq!(syncs.load(Ordering::Relaxed), 0);
}

/// The client goes away while its write waits for the disk: the slot stays taken until that write has ended.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_future_does_not_free_a_slot_that_is_being_written() {
    let (is_reached, reached) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let stall = Mutex::new(Some((is_reached, released)));
    let hook: Hook = Arc::new(move |step, _| {
        let mine = if step == Step::Write { stall.lock().unwrap().take() } else { None };
        if let Some((is_reached, released)) = mine {
            is_reached.send(()).unwrap();
            // Ends when the other end is dropped, also by a test that fails before.
            assert!(released.recv().is_err());
        }
        Ok(())
    });
    let home = tempfile::tempdir().unwrap();
    let store = Store::with_hook(home.path(), Durability::Strict, Some(hook)).unwrap();
    let file = pattern(1 << 20, 7);
    let caller = Caller::with_part_bytes(&store, 1 << 20, 1 << 20);
    let mut gone = caller.begin(1).await.unwrap();
    gone.write(&pattern(500_000, 8)).await.unwrap();
    reached.recv_timeout(Duration::from_secs(10)).unwrap();
    drop(gone);
    assert!(store.try_slot(caller.upload, 1).is_none());
    caller.put_of(1, &file).await.unwrap();
    assert!(matches!(caller.location(1), Some(PartLocation::Side(_))));
    caller.publish().await.unwrap();
    drop(release);
    drop(eventually(|| store.try_slot(caller.upload, 1)).await);
    caller.assert_published(&file).await;
}

#[tokio::test]
async fn disk_is_reserved_for_the_part_and_not_for_the_file() {
    use std::os::unix::fs::MetadataExt as _;
    let home = tempfile::tempdir().unwrap();
    let store = Store::open(home.path(), Durability::Relaxed).unwrap();
    let mut caller = Caller::new(&store, 1);
    caller.plan = Plan::with_part_bytes(1 << 40, 64 << 20).unwrap();
    let begun = caller.begin(16_384).await.unwrap();
    let name = caller.upload.uuid().to_string();
    let metadata = home.path().join("staging").join(&name[..2]).join(&name).metadata().unwrap();
    assert_eq!(metadata.len(), 0);
    assert!(metadata.blocks() * 512 <= 65 << 20, "{}", metadata.blocks());
    drop(begun);
}
