//! The room that is kept aside. That it helps on a full disk is shown on one: conformance/disk_full.py.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use strongroom_core::id::UploadId;
use strongroom_store::{Durability, Store};

fn kept_bytes(root: &Path) -> u64 {
    root.join("reserve").metadata().unwrap().blocks() * 512
}

#[tokio::test]
async fn the_reserve_is_there_from_the_start_and_again_after_a_discard() {
    let home = tempfile::tempdir().unwrap();
    let store = Store::open(home.path(), Durability::Strict).unwrap();
    let bytes = kept_bytes(home.path());
    assert!(bytes >= 4 << 20, "{bytes}");

    assert_eq!(store.give_up_reserve().await.unwrap(), bytes);
    assert_eq!(kept_bytes(home.path()), 0);
    assert_eq!(store.give_up_reserve().await.unwrap(), 0, "it is given up once");

    store.discard_upload(UploadId::random(), None).await.unwrap();
    assert_eq!(kept_bytes(home.path()), bytes);
}

#[tokio::test]
async fn keeping_the_reserve_again_changes_nothing() {
    let home = tempfile::tempdir().unwrap();
    let store = Store::open(home.path(), Durability::Strict).unwrap();
    let bytes = kept_bytes(home.path());
    store.keep_reserve().await.unwrap();
    assert_eq!(kept_bytes(home.path()), bytes);
}

#[tokio::test]
async fn a_reserve_that_somebody_removed_is_no_error() {
    let home = tempfile::tempdir().unwrap();
    let store = Store::open(home.path(), Durability::Strict).unwrap();
    std::fs::remove_file(home.path().join("reserve")).unwrap();
    assert_eq!(store.give_up_reserve().await.unwrap(), 0);
    store.keep_reserve().await.unwrap();
    assert!(kept_bytes(home.path()) > 0);
}
