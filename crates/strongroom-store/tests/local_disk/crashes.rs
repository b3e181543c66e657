//! Killed at every step of publishing, then started again.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use strongroom_core::id::{BlobKey, UploadId};
use strongroom_store::fault::Hook;
use strongroom_store::{Durability, PartLocation, Store, StoreError};

use crate::caller::{Caller, PART_BYTES, pattern};

/// After `steps` more steps nothing reaches the disk any more.
fn mortal(home: &std::path::Path, steps: &Arc<AtomicUsize>) -> Store {
    let left = Arc::clone(steps);
    let hook: Hook = Arc::new(move |_, _| {
        let is_alive = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        if is_alive { Ok(()) } else { Err(io::Error::other("the process is dead")) }
    });
    Store::with_hook(home, Durability::Strict, Some(hook)).unwrap()
}

#[tokio::test]
async fn publishing_may_be_killed_at_every_step() {
    let file = pattern(4 * PART_BYTES - 5, 1);
    let home = tempfile::tempdir().unwrap();
    let mut deaths = 0;
    for steps in 0.. {
        let left = Arc::new(AtomicUsize::new(usize::MAX));
        let caller = Caller::new(&mortal(home.path(), &left), file.len() as u64);
        caller.put_all(&pattern(file.len() as u64, 2)).await;
        for number in [1, 3, 4] {
            caller.put_of(number, &file).await.unwrap();
            assert!(matches!(caller.location(number), Some(PartLocation::Side(_))));
        }
        let expected = [caller.slice(1, &file), &pattern(file.len() as u64, 2)[4096..8192], &file[8192..]].concat();
        left.store(steps, Ordering::SeqCst);
        let first_run = caller.publish().await;
        let unused_steps = left.swap(0, Ordering::SeqCst);

        let caller = caller.restarted(&Store::open(home.path(), Durability::Strict).unwrap());
        match caller.published().await {
            Ok(bytes) => assert!(bytes == expected, "visible means whole, after {steps} steps"),
            Err(error) => assert!(matches!(error, StoreError::Missing), "{error}"),
        }
        caller.publish().await.unwrap();
        caller.assert_published(&expected).await;
        for shard in Store::shards() {
            assert_eq!(caller.store.staged_uploads(shard).await.unwrap(), [], "after {steps} steps");
        }
        deaths += usize::from(first_run.is_err());
        if unused_steps > 0 {
            break;
        }
    }
    assert!(deaths > 5, "{deaths}");
}

/// The states a power cut can leave, made by hand.
#[tokio::test]
async fn a_rename_that_was_not_reported_is_recognised() {
    let home = tempfile::tempdir().unwrap();
    let store = Store::open(home.path(), Durability::Strict).unwrap();
    let file = pattern(2 * PART_BYTES, 3);
    let caller = Caller::new(&store, file.len() as u64);
    caller.put_all(&file).await;
    let name = caller.upload.uuid().to_string();
    let path = |area: &str| home.path().join(area).join(&name[..2]).join(&name);
    std::fs::rename(path("staging"), path("blobs")).unwrap();
    let caller = caller.restarted(&Store::open(home.path(), Durability::Strict).unwrap());
    caller.publish().await.unwrap();
    caller.assert_published(&file).await;
    // A try that begins afterwards makes files that must never replace the blob.
    caller.put_of(1, &pattern(PART_BYTES, 4)).await.unwrap();
    caller.publish().await.unwrap();
    assert!(caller.published().await.unwrap() == file);
    assert!(!path("staging").exists());
}

#[tokio::test]
async fn bytes_that_were_lost_are_missed() {
    let home = tempfile::tempdir().unwrap();
    let store = Store::open(home.path(), Durability::Strict).unwrap();
    let file = pattern(2 * PART_BYTES, 5);
    let caller = Caller::new(&store, file.len() as u64);
    caller.put_all(&file).await;
    let name = caller.upload.uuid().to_string();
    let staging = home.path().join("staging").join(&name[..2]).join(&name);
    let shortened = std::fs::OpenOptions::new().write(true).open(&staging).unwrap();
    shortened.set_len(PART_BYTES).unwrap();
    assert!(matches!(caller.publish().await, Err(StoreError::Missing)));
    std::fs::remove_file(&staging).unwrap();
    assert!(matches!(caller.publish().await, Err(StoreError::Missing)));
}

#[tokio::test]
async fn scratch_of_the_dead_is_swept_and_of_the_living_is_not() {
    let home = tempfile::tempdir().unwrap();
    let (here, there) = (
        || Store::open(home.path(), Durability::Relaxed).unwrap(),
        || Store::open(home.path(), Durability::Relaxed).unwrap(),
    );
    let alive = here().scratch(BlobKey::of_upload(UploadId::random())).await.unwrap();
    // What a killed process leaves: the directory, and no lock.
    let dead = home.path().join("scratch/0123");
    std::fs::create_dir_all(dead.join("out")).unwrap();
    std::fs::write(dead.join("out/half.jpg"), b"half").unwrap();
    assert_eq!(there().sweep_scratch().await.unwrap(), 1);
    assert!(!dead.exists());
    assert!(alive.output().exists());
}
