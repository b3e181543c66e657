//! The end of an upload: published or discarded, once, whole, and whoever comes late changes nothing.

use std::time::Duration;

use strongroom_core::content_digest::ExpectedDigests;
use strongroom_core::id::{BlobKey, UploadId};
use strongroom_store::{PartLocation, Store, StoreError};

use crate::caller::{Caller, part_bytes, pattern};

pub async fn publishing_twice_is_publishing_once(store: &Store) {
    let file = pattern(3 * part_bytes(store) + 1, 20);
    let caller = Caller::new(store, file.len() as u64);
    caller.put_all(&file).await;
    caller.put_of(2, &file).await.unwrap();
    caller.publish().await.unwrap();
    caller.publish().await.unwrap();
    caller.assert_published(&file).await;
}

pub async fn publishing_at_once_is_publishing_once(store: &Store) {
    let file = pattern(4 * part_bytes(store), 21);
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
    let file = pattern(3 * part_bytes(store), 22);
    let caller = Caller::new(store, file.len() as u64);
    assert!(matches!(caller.publish().await, Err(StoreError::Missing)));
    caller.put_of(1, &file).await.unwrap();
    caller.put_of(3, &file).await.unwrap();
    assert!(matches!(caller.publish().await, Err(StoreError::Missing)));
    // A row that names bytes which are not there.
    let mut list = caller.list();
    list.insert(1, (caller.part(2), PartLocation::Side(42)));
    let published = store.publish(caller.upload, &caller.plan, &list, caller.multipart().await, caller.blob()).await;
    assert!(matches!(published, Err(StoreError::Missing)));
    assert!(matches!(caller.published().await, Err(StoreError::Missing)));
    // And the upload is usable still.
    caller.put_of(2, &file).await.unwrap();
    caller.publish().await.unwrap();
    caller.assert_published(&file).await;
}

pub async fn a_file_without_a_part_in_place_is_published(store: &Store) {
    let file = pattern(2 * part_bytes(store), 23);
    let caller = Caller::new(store, file.len() as u64);
    for part in caller.plan.parts() {
        let slot = caller.occupy(part.number).unwrap();
        caller.put_of(part.number, &file).await.unwrap();
        drop(slot);
        assert!(matches!(caller.location(part.number), Some(PartLocation::Side(_))));
    }
    if !store.is_shared() {
        let checked = store.hash_staged(caller.upload, &caller.plan, &caller.list(), ExpectedDigests::default()).await;
        checked.unwrap();
    }
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
        // In a bucket it may end, and what it leaves is not what is read.
        assert!(matches!(outcome, Err(StoreError::Sealed)) || store.is_shared() && outcome.is_ok(), "{outcome:?}");
    }
    caller.assert_published(&file).await;
}

pub async fn the_whole_file_is_checked_before_it_is_published(store: &Store) {
    let file = b"{\"hello\": \"world\"}\n".to_vec();
    let mut expected = ExpectedDigests::default();
    expected.add_digest_field("sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:").unwrap();
    let caller = Caller::new(store, file.len() as u64);
    let announced = expected.clone();
    let check = || async {
        let list = caller.list();
        store.hash_staged(caller.upload, &caller.plan, &list, announced.clone()).await
    };
    assert!(matches!(check().await, Err(StoreError::Missing)));
    caller.put(1, &[7; 19]).await.unwrap();
    // What is in a bucket is checked once it is published.
    assert!(matches!(check().await, Err(StoreError::Digest(_) | StoreError::Missing)));
    caller.put(1, &file).await.unwrap();
    assert!(matches!(caller.location(1), Some(PartLocation::Side(_))));
    assert_eq!(check().await.is_ok(), !store.is_shared());
    caller.publish().await.unwrap();
    store.hash_blob(caller.blob(), expected.clone()).await.unwrap();
    expected.sha256 = Some([7; 32]);
    assert!(matches!(store.hash_blob(caller.blob(), expected).await, Err(StoreError::Digest(_))));
    caller.assert_published(&file).await;
}

pub async fn the_first_bytes_can_be_seen(store: &Store) {
    let file = pattern(5000, 26);
    let caller = Caller::new(store, file.len() as u64);
    caller.put_all(&file).await;
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
    caller.discard().await.unwrap();
    caller.discard().await.unwrap();
    running.write(&file[1000..1 << 18]).await.unwrap();
    let outcome = running.finish().await.map(drop);
    assert!(matches!(outcome, Err(StoreError::Sealed)) || store.is_shared() && outcome.is_ok(), "{outcome:?}");
    // A try that ends after the end leaves an object in a bucket: the sweep finds it, and discards again.
    caller.discard().await.unwrap();
    assert!(matches!(caller.publish().await, Err(StoreError::Missing)));
    assert!(!is_staged(store, caller.upload).await);
}

pub async fn what_was_published_or_dropped_leaves_no_files(store: &Store) {
    let file = pattern(2 * part_bytes(store), 28);
    let caller = Caller::new(store, file.len() as u64);
    caller.put_all(&file).await;
    caller.put_all(&file).await;
    drop(caller.begin(1).await.unwrap());
    assert!(is_staged(store, caller.upload).await);
    caller.publish().await.unwrap();
    assert!(!is_staged(store, caller.upload).await);
    let lists = store.stored_blobs(shard(caller.upload)).await.unwrap();
    let stored = lists.iter().find(|stored| stored.blob == caller.blob()).unwrap();
    assert_eq!((stored.original_bytes, stored.renditions), (Some(file.len() as u64), 0));
    assert!(stored.modified_at.as_millis() > 0);
}

pub async fn staged_files_are_listed(store: &Store) {
    let file = pattern(2 * part_bytes(store), 29);
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
    caller.discard().await.unwrap();
    assert_eq!(staged(store, caller.upload).await, None);
}

async fn is_staged(store: &Store, upload: UploadId) -> bool {
    staged(store, upload).await.is_some()
}

async fn staged(store: &Store, upload: UploadId) -> Option<strongroom_store::StagedUpload> {
    let listed = store.staged_uploads(shard(upload)).await.unwrap();
    listed.into_iter().find(|listed| listed.upload == upload)
}

fn shard(upload: UploadId) -> u8 {
    upload.uuid().as_bytes()[0]
}
