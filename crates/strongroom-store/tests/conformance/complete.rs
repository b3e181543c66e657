//! The end of an upload: published or discarded, once, whole, and whoever comes late changes nothing.

use std::time::Duration;

use strongroom_core::content_digest::ExpectedDigests;
use strongroom_core::id::{BlobKey, UploadId};
use strongroom_store::{PartLocation, Store, StoreError};

use crate::caller::{Caller, PART_BYTES, pattern};

pub async fn publishing_twice_is_publishing_once(store: &Store) {
    let file = pattern(3 * PART_BYTES + 1, 20);
    let caller = Caller::new(store, file.len() as u64);
    caller.put_all(&file).await;
    caller.put_of(2, &file).await.unwrap();
    caller.publish().await.unwrap();
    caller.publish().await.unwrap();
    caller.assert_published(&file).await;
}

pub async fn publishing_at_once_is_publishing_once(store: &Store) {
    let file = pattern(4 * PART_BYTES, 21);
    let caller = Caller::new(store, file.len() as u64);
    caller.put_all(&file).await;
    caller.put_all(&file).await;
    let (a, b, c, d) = tokio::join!(caller.publish(), caller.publish(), caller.publish(), caller.publish());
    for outcome in [a, b, c, d] {
        outcome.unwrap();
    }
    caller.assert_published(&file).await;
}

pub async fn publishing_wants_every_part(store: &Store) {
    let file = pattern(3 * PART_BYTES, 22);
    let caller = Caller::new(store, file.len() as u64);
    assert!(matches!(caller.publish().await, Err(StoreError::Missing)));
    caller.put_of(1, &file).await.unwrap();
    caller.put_of(3, &file).await.unwrap();
    assert!(matches!(caller.publish().await, Err(StoreError::Missing)));
    // A row that names bytes which are not there.
    let mut list = caller.list();
    list.insert(1, (caller.part(2), PartLocation::Side(42)));
    let published = store.publish(caller.upload, &caller.plan, &list, caller.blob()).await;
    assert!(matches!(published, Err(StoreError::Missing)));
    assert!(matches!(caller.published().await, Err(StoreError::Missing)));
    // And the upload is usable still.
    caller.put_of(2, &file).await.unwrap();
    caller.publish().await.unwrap();
    caller.assert_published(&file).await;
}

pub async fn a_file_without_a_part_in_place_is_published(store: &Store) {
    let file = pattern(2 * PART_BYTES, 23);
    let caller = Caller::new(store, file.len() as u64);
    for part in caller.plan.parts() {
        let slot = store.try_slot(caller.upload, part.number).unwrap();
        caller.put_of(part.number, &file).await.unwrap();
        drop(slot);
        assert!(matches!(caller.location(part.number), Some(PartLocation::Side(_))));
    }
    let checked = store.hash_staged(caller.upload, &caller.plan, &caller.list(), ExpectedDigests::default()).await;
    checked.unwrap();
    caller.publish().await.unwrap();
    caller.assert_published(&file).await;
}

/// A writer stalls in the slot while another try is acknowledged from a side file; then the upload is published.
pub async fn a_late_try_changes_nothing(store: &Store) {
    let (stale, file) = (pattern(1 << 20, 24), pattern(1 << 20, 25));
    let caller = Caller::with_part_bytes(store, 1 << 20, 1 << 20);
    let mut stalled = caller.begin(1).await.unwrap();
    stalled.write(&stale[..300_000]).await.unwrap();
    caller.put_of(1, &file).await.unwrap();
    let mut stalled_aside = caller.begin(1).await.unwrap();
    stalled_aside.write(&stale[..300_000]).await.unwrap();
    caller.publish().await.unwrap();
    for mut late in [stalled, stalled_aside] {
        let written = late.write(&stale[300_000..]).await;
        let outcome = match written {
            Ok(()) => late.finish().await.map(drop),
            Err(error) => Err(error),
        };
        assert!(matches!(outcome, Err(StoreError::Sealed)), "{outcome:?}");
    }
    caller.assert_published(&file).await;
}

pub async fn the_whole_file_is_checked_before_it_is_published(store: &Store) {
    let file = b"{\"hello\": \"world\"}\n".to_vec();
    let mut expected = ExpectedDigests::default();
    expected.add_digest_field("sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:").unwrap();
    let caller = Caller::new(store, file.len() as u64);
    let check = || async {
        let list = caller.list();
        store.hash_staged(caller.upload, &caller.plan, &list, expected.clone()).await
    };
    assert!(matches!(check().await, Err(StoreError::Missing)));
    caller.put(1, &[7; 19]).await.unwrap();
    assert!(matches!(check().await, Err(StoreError::Digest(_))));
    caller.put(1, &file).await.unwrap();
    assert!(matches!(caller.location(1), Some(PartLocation::Side(_))));
    check().await.unwrap();
    caller.publish().await.unwrap();
    caller.assert_published(&file).await;
}

pub async fn the_first_bytes_can_be_seen(store: &Store) {
    let file = pattern(2 * PART_BYTES, 26);
    let caller = Caller::new(store, file.len() as u64);
    caller.put_all(&file).await;
    caller.put_of(1, &file).await.unwrap();
    let first = caller.location(1).unwrap();
    assert_eq!(store.read_staged_head(caller.upload, first, 100).await.unwrap(), &file[..100]);
    caller.publish().await.unwrap();
    assert_eq!(store.read_blob_head(caller.blob(), 100).await.unwrap(), &file[..100]);
    assert_eq!(store.read_blob_head(caller.blob(), 1 << 20).await.unwrap(), &file[..]);
    let unknown = BlobKey::of_upload(UploadId::random());
    assert!(matches!(store.read_blob_head(unknown, 1).await, Err(StoreError::Missing)));
}

pub async fn a_discarded_upload_is_gone(store: &Store) {
    let file = pattern(1 << 20, 27);
    let caller = Caller::with_part_bytes(store, 1 << 20, 1 << 18);
    caller.put_all(&file).await;
    caller.put_of(2, &file).await.unwrap();
    let mut running = caller.begin(1).await.unwrap();
    running.write(&file[..1000]).await.unwrap();
    store.discard_upload(caller.upload).await.unwrap();
    store.discard_upload(caller.upload).await.unwrap();
    running.write(&file[1000..1 << 18]).await.unwrap();
    assert!(matches!(running.finish().await, Err(StoreError::Sealed)));
    assert!(matches!(caller.publish().await, Err(StoreError::Missing)));
    assert!(!is_staged(store, caller.upload).await);
}

pub async fn what_was_published_or_dropped_leaves_no_files(store: &Store) {
    let file = pattern(2 * PART_BYTES, 28);
    let caller = Caller::new(store, file.len() as u64);
    caller.put_all(&file).await;
    caller.put_all(&file).await;
    drop(caller.begin(1).await.unwrap());
    assert!(is_staged(store, caller.upload).await);
    caller.publish().await.unwrap();
    assert!(!is_staged(store, caller.upload).await);
    let mut lists = Vec::new();
    for shard in Store::shards() {
        lists.extend(store.stored_blobs(shard).await.unwrap());
    }
    let stored = lists.iter().find(|stored| stored.blob == caller.blob()).unwrap();
    assert_eq!((stored.original_bytes, stored.renditions), (Some(2 * PART_BYTES), 0));
    assert!(stored.modified_at.as_millis() > 0);
}

pub async fn staged_files_are_listed(store: &Store) {
    let file = pattern(2 * PART_BYTES, 29);
    let caller = Caller::new(store, file.len() as u64);
    caller.put_all(&file).await;
    caller.put_of(2, &file).await.unwrap();
    let listed = staged(store, caller.upload).await.unwrap();
    let sides: Vec<_> = listed.side_files.iter().map(|side| PartLocation::Side(side.generation)).collect();
    assert_eq!(sides, [caller.location(2).unwrap()]);
    assert_eq!(listed.side_files[0].number, 2);
    // A try that is dropped, or fails, removes its side file by itself.
    drop(caller.begin(1).await.unwrap());
    assert!(caller.put(1, b"short").await.is_err());
    let removed = async { while staged(store, caller.upload).await.unwrap().side_files.len() > 1 {} };
    tokio::time::timeout(Duration::from_secs(10), removed).await.unwrap();
    store.discard_upload(caller.upload).await.unwrap();
    assert_eq!(staged(store, caller.upload).await, None);
}

async fn is_staged(store: &Store, upload: UploadId) -> bool {
    staged(store, upload).await.is_some()
}

async fn staged(store: &Store, upload: UploadId) -> Option<strongroom_store::StagedUpload> {
    let mut found = None;
    for shard in Store::shards() {
        found = found.or(store.staged_uploads(shard).await.unwrap().into_iter().find(|listed| listed.upload == upload));
    }
    found
}
