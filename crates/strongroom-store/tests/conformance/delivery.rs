//! What is published: originals and renditions, read in ranges, replaced and deleted.

use strongroom_core::id::{BlobKey, UploadId};
use strongroom_core::rendition::{RenditionFormat, RenditionName};
use strongroom_store::{NewRendition, Scratch, Store, StoreError};

use crate::caller::{Caller, pattern, read_all, read_range};

async fn published(store: &Store, file: &[u8]) -> Caller {
    let caller = Caller::with_part_bytes(store, file.len() as u64, 1 << 20);
    caller.put_all(file).await;
    caller.publish().await.unwrap();
    caller
}

pub async fn ranges_are_what_was_asked_for(store: &Store) {
    let file = pattern(700_001, 40);
    let caller = published(store, &file).await;
    let reader = store.open_blob(caller.blob()).await.unwrap();
    assert_eq!(reader.len(), 700_001);
    assert!(!reader.is_empty());
    for (start, end) in
        [(0, 0), (0, 1), (0, 131_072), (131_071, 131_073), (1, 700_000), (700_000, 700_001), (5, 262_149)]
    {
        assert!(read_range(&reader, start..end).await.unwrap() == file[start as usize..end as usize], "{start}..{end}");
    }
    assert_eq!(read_range(&reader, 700_000..u64::MAX).await.unwrap(), &file[700_000..]);
    assert!(read_range(&reader, 800_000..900_000).await.unwrap().is_empty());
}

pub async fn renditions_are_published_replaced_and_deleted(store: &Store) {
    use {RenditionFormat::*, RenditionName::*};
    let caller = published(store, &pattern(10, 42)).await;
    for round in 0..2 {
        let scratch = store.scratch(caller.blob()).await.unwrap();
        let make = |name, format, seed: u64| {
            let from = scratch.output().join(format!("{name}"));
            std::fs::write(&from, pattern(5000, seed + round)).unwrap();
            NewRendition { name, format, from }
        };
        let batch = [make(Thumb, Jpeg, 50), make(PreviewWebp, Webp, 60)];
        store.put_renditions(caller.blob(), &batch).await.unwrap();
        let full = make(Full, Png, 70);
        store.put_rendition(caller.blob(), Full, Png, &full.from).await.unwrap();
        for (name, format, seed) in [(Thumb, Jpeg, 50), (PreviewWebp, Webp, 60), (Full, Png, 70)] {
            let reader = store.open_rendition(caller.blob(), name, format).await.unwrap();
            assert!(read_all(&reader).await.unwrap() == pattern(5000, seed + round));
        }
        let again = store.put_renditions(caller.blob(), &batch).await;
        assert!(matches!(again, Err(StoreError::Missing)), "they were moved");
        scratch.remove().await;
    }
    assert!(matches!(store.open_rendition(caller.blob(), Thumb, Webp).await, Err(StoreError::Missing)));
    store.delete_blob(caller.blob()).await.unwrap();
    assert!(matches!(store.open_rendition(caller.blob(), Thumb, Jpeg).await, Err(StoreError::Missing)));
}

pub async fn scratch_has_the_original_and_goes_away(store: &Store) {
    let file = pattern(1000, 43);
    let caller = published(store, &file).await;
    let scratch = store.scratch(caller.blob()).await.unwrap();
    let other = store.scratch(BlobKey::of_upload(UploadId::random())).await.unwrap();
    assert_ne!(scratch.path(), other.path());
    let input = scratch.link_original(caller.blob()).await.unwrap();
    assert_eq!(std::fs::read(&input).unwrap(), file);
    std::fs::write(scratch.output().join("x"), b"x").unwrap();
    let path = scratch.path().to_owned();
    // A living scratch directory is nobody's to sweep.
    store.sweep_scratch().await.unwrap();
    assert!(path.exists());
    scratch.remove().await;
    assert!(!path.exists());
    let path = other.path().to_owned();
    drop(other);
    assert!(!path.exists());
    caller.assert_published(&file).await;
}

/// A worker is stopped, its job is taken over, and it goes on.
pub async fn who_lost_his_scratch_publishes_nothing(store: &Store) {
    use {RenditionFormat::Jpeg, RenditionName::Thumb};
    let caller = published(store, &pattern(10, 44)).await;
    let file_of = |scratch: &Scratch, content: &[u8]| {
        let from = scratch.output().join("thumb");
        std::fs::write(&from, content).unwrap();
        from
    };
    let stopped = store.scratch(caller.blob()).await.unwrap();
    let stale = file_of(&stopped, b"stale");
    let successor = store.scratch(caller.blob()).await.unwrap();
    assert!(store.put_rendition(caller.blob(), Thumb, Jpeg, &stale).await.is_err());
    assert!(store.open_rendition(caller.blob(), Thumb, Jpeg).await.is_err());
    let fresh = file_of(&successor, b"fresh");
    drop(stopped);
    store.put_rendition(caller.blob(), Thumb, Jpeg, &fresh).await.unwrap();
    successor.remove().await;
    // Nothing of either is left.
    assert_eq!(store.sweep_scratch().await.unwrap(), 1);
}
