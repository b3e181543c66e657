//! Slots and readers of a store that only this process writes.

use strongroom_core::content_digest::ExpectedDigests;
use strongroom_core::rendition::{RenditionFormat, RenditionName};
use strongroom_store::{PartLocation, Store, StoreError};

use crate::caller::{Caller, PART_BYTES, pattern, read_all};

pub async fn a_slot_belongs_to_one_part_of_one_upload(store: &Store) {
    let file = pattern(2 * PART_BYTES, 13);
    let caller = Caller::new(store, file.len() as u64);
    let slot = store.try_slot(caller.upload, 1).unwrap();
    assert!(store.try_slot(caller.upload, 1).is_none());
    assert!(store.try_slot(caller.upload, 2).is_some());
    assert!(store.try_slot(strongroom_core::id::UploadId::random(), 1).is_some());
    let begun = store
        .begin_part(caller.upload, &caller.plan, caller.part(2), ExpectedDigests::default(), Some(slot), None)
        .await;
    let mut part_try = begun.unwrap();
    part_try.write(caller.slice(2, &file)).await.unwrap();
    let stored = part_try.finish().await.unwrap();
    assert!(matches!(stored.location, PartLocation::Side(_)), "a guard of part 1 does not open the slot of part 2");
}

pub async fn a_slot_is_held_until_the_stored_part_is_dropped(store: &Store) {
    let caller = Caller::new(store, 10);
    let mut part_try = caller.begin(1).await.unwrap();
    part_try.write(&[1; 10]).await.unwrap();
    let stored = part_try.finish().await.unwrap();
    assert!(store.try_slot(caller.upload, 1).is_none());
    drop(stored);
    assert!(store.try_slot(caller.upload, 1).is_some());
}

pub async fn who_reads_reads_on_after_deletion(store: &Store) {
    let file = pattern(500_000, 41);
    let caller = Caller::new(store, file.len() as u64);
    caller.put_all(&file).await;
    caller.publish().await.unwrap();
    let reader = store.open_blob(caller.blob()).await.unwrap();
    store.delete_blob(caller.blob()).await.unwrap();
    store.delete_blob(caller.blob()).await.unwrap();
    assert!(matches!(store.open_blob(caller.blob()).await, Err(StoreError::Missing)));
    assert!(read_all(&reader).await.unwrap() == file);
}

pub async fn what_only_a_bucket_can_do_is_refused(store: &Store) {
    let caller = Caller::new(store, 10);
    let (upload, minute) = (caller.upload, std::time::Duration::from_secs(60));
    assert!(!store.is_shared());
    assert_eq!(store.multiparts().await.unwrap(), []);
    assert!(matches!(store.begin_multipart(upload).await, Err(StoreError::Io(_))));
    assert!(matches!(store.abort_multipart(upload, "id").await, Err(StoreError::Io(_))));
    assert!(matches!(store.direct_parts(upload, "id").await, Err(StoreError::Io(_))));
    assert!(matches!(store.presign_part(upload, caller.part(1), "id", minute).await, Err(StoreError::Io(_))));
    assert_eq!(store.presign_blob(caller.blob(), minute, "image/jpeg", "inline").await.unwrap(), None);
    let (name, format) = (RenditionName::Thumb, RenditionFormat::Jpeg);
    let presigned = store.presign_rendition(caller.blob(), name, format, minute, "image/jpeg", "inline").await;
    assert_eq!(presigned.unwrap(), None);
    // And bytes that a row says are in a bucket are not here.
    caller.put(1, &[7; 10]).await.unwrap();
    let elsewhere = [(caller.part(1), PartLocation::Tagged("tag".into()))];
    let published = store.publish(upload, &caller.plan, &elsewhere, None, caller.blob()).await;
    assert!(matches!(published, Err(StoreError::Missing)));
}
