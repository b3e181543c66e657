//! A whole file in one go: under a key of its own, or nowhere.

use std::time::Duration;

use strongroom_core::content_digest::ExpectedDigests;
use strongroom_core::digest::FileHasher;
use strongroom_core::media::SNIFF_LENGTH;
use strongroom_core::upload::Plan;
use strongroom_store::{Store, StoreError, WholeFile};

use crate::caller::{pattern, read_all};

/// Shorter than a block, of just one, and of several.
const LENGTHS: [usize; 5] = [1, 20_000, 384 << 10, (384 << 10) + 1, 3_000_000];

fn plan(length: usize) -> Plan {
    Plan::with_part_bytes(length as u64, 8 << 20).unwrap()
}

async fn put(store: &Store, file: &[u8], expected: ExpectedDigests) -> Result<WholeFile, StoreError> {
    let mut writing = store.begin_whole(&plan(file.len()), expected).await.unwrap();
    for frame in file.chunks(70_000) {
        writing.write(frame).await?;
    }
    writing.finish().await
}

/// Waits until nothing is staged, and these many blobs are there: what is dropped is removed on a thread of its own. Of a bucket
/// each look would be hundreds of requests, and an object is whole or not there.
async fn assert_left(store: &Store, blobs: usize) {
    let look = async || {
        let mut found = (0, 0);
        for shard in Store::shards() {
            found.0 += store.staged_uploads(shard).await.unwrap().len();
            found.1 += store.stored_blobs(shard).await.unwrap().len();
        }
        found
    };
    for _ in 0..200 {
        if store.is_shared() || look().await == (0, blobs) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("left over: {:?}", look().await);
}

pub async fn a_whole_file_lies_under_its_own_key(store: &Store) {
    let mut keys = Vec::new();
    for length in LENGTHS {
        let file = pattern(length as u64, 40);
        let stored = put(store, &file, ExpectedDigests::default()).await.unwrap();
        let mut hasher = FileHasher::new();
        hasher.update(&file);
        assert_eq!(stored.digest, hasher.finish());
        assert_eq!(stored.head, file[..file.len().min(SNIFF_LENGTH)]);
        assert_eq!(read_all(&store.open_blob(stored.blob).await.unwrap()).await.unwrap(), file);
        keys.push(stored.blob);
    }
    // The same bytes again lie beside the first.
    let again = put(store, &pattern(1, 40), ExpectedDigests::default()).await.unwrap();
    assert!(!keys.contains(&again.blob));
    assert_left(store, LENGTHS.len() + 1).await;
    for blob in keys.into_iter().chain([again.blob]) {
        store.delete_blob(blob).await.unwrap();
    }
    assert_left(store, 0).await;
}

pub async fn a_whole_file_that_is_not_as_announced_is_nowhere(store: &Store) {
    for length in LENGTHS {
        let file = pattern(length as u64, 41);
        let wrong = ExpectedDigests { sha256: Some([7; 32]), ..ExpectedDigests::default() };
        assert!(matches!(put(store, &file, wrong).await, Err(StoreError::Digest(_))));

        let mut short = store.begin_whole(&plan(length), ExpectedDigests::default()).await.unwrap();
        short.write(&file[1..]).await.unwrap();
        assert!(matches!(short.finish().await, Err(StoreError::TooShort { .. })));

        let mut long = store.begin_whole(&plan(length), ExpectedDigests::default()).await.unwrap();
        long.write(&file).await.unwrap();
        assert!(matches!(long.write(b"x").await, Err(StoreError::TooLong { .. })));
    }
    let two_parts = Plan::with_part_bytes(9 << 20, 8 << 20).unwrap();
    let refused = store.begin_whole(&two_parts, ExpectedDigests::default()).await;
    assert!(matches!(refused.err(), Some(StoreError::Missing)));
    assert_left(store, 0).await;
}

pub async fn a_whole_file_that_was_dropped_is_nowhere(store: &Store) {
    for length in LENGTHS {
        let file = pattern(length as u64, 42);
        let mut dropped = store.begin_whole(&plan(length), ExpectedDigests::default()).await.unwrap();
        dropped.write(&file[..length / 2]).await.unwrap();
        drop(dropped);
    }
    assert_left(store, 0).await;
}
