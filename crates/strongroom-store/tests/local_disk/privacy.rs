//! Everything is its owner's alone, and nothing is followed that somebody else placed.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use strongroom_core::rendition::{RenditionFormat, RenditionName};
use strongroom_store::{Durability, NewRendition, Store, StoreError};

use crate::caller::{Caller, PART_BYTES, pattern};

fn modes_below(path: &Path, visit: &mut impl FnMut(&Path, bool, u32)) {
    for entry in fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        let metadata = path.symlink_metadata().unwrap();
        visit(&path, metadata.is_dir(), metadata.permissions().mode() & 0o7777);
        if metadata.is_dir() {
            modes_below(&path, visit);
        }
    }
}

#[tokio::test]
async fn files_and_directories_are_private() {
    let home = tempfile::tempdir().unwrap();
    let root = home.path().join("new/store");
    // A directory that somebody made too open is closed again.
    fs::create_dir_all(root.join("blobs/00")).unwrap();
    fs::set_permissions(root.join("blobs/00"), fs::Permissions::from_mode(0o755)).unwrap();
    let store = Store::open(&root, Durability::Relaxed).unwrap();
    let file = pattern(2 * PART_BYTES, 1);
    let [staged, published] = [(); 2].map(|()| Caller::new(&store, file.len() as u64));
    for caller in [&staged, &published] {
        caller.put_all(&file).await;
    }
    staged.put_of(2, &file).await.unwrap();
    published.publish().await.unwrap();
    let scratch = store.scratch(published.blob()).await.unwrap();
    let from = scratch.output().join("thumb");
    fs::write(&from, b"picture").unwrap();
    fs::set_permissions(&from, fs::Permissions::from_mode(0o644)).unwrap();
    store.put_rendition(published.blob(), RenditionName::Thumb, RenditionFormat::Jpeg, &from).await.unwrap();
    let mut files = 0;
    modes_below(&root, &mut |path, is_directory, mode| {
        files += usize::from(!is_directory);
        assert_eq!(mode, if is_directory { 0o700 } else { 0o600 }, "{}", path.display());
    });
    // Both uploads, the side file, the rendition and the reserve.
    assert_eq!(files, 5);
}

#[tokio::test]
async fn a_link_in_a_files_place_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let root = home.path().join("store");
    let store = Store::open(&root, Durability::Relaxed).unwrap();
    let victim = home.path().join("victim");
    fs::write(&victim, b"untouched").unwrap();
    let caller = Caller::new(&store, PART_BYTES);
    let name = caller.upload.uuid().to_string();
    let place = |area: &str| root.join(area).join(&name[..2]).join(&name);
    symlink(&victim, place("staging")).unwrap();
    assert!(matches!(caller.put(1, &pattern(PART_BYTES, 2)).await, Err(StoreError::Io(_))));
    fs::remove_file(place("staging")).unwrap();
    // Also one that leads nowhere yet.
    symlink(home.path().join("nowhere"), place("staging")).unwrap();
    assert!(matches!(caller.put(1, &pattern(PART_BYTES, 2)).await, Err(StoreError::Io(_))));
    assert!(!home.path().join("nowhere").exists());
    fs::remove_file(place("staging")).unwrap();
    symlink(&victim, place("blobs")).unwrap();
    assert!(matches!(store.open_blob(caller.blob()).await, Err(StoreError::Io(_))));
    assert_eq!(fs::read(&victim).unwrap(), b"untouched");
}

#[test]
fn a_link_in_a_directorys_place_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let root = home.path().join("store");
    fs::create_dir(&root).unwrap();
    symlink(home.path(), root.join("scratch")).unwrap();
    assert!(matches!(Store::open(&root, Durability::Relaxed), Err(StoreError::Io(_))));
}

/// What a decoder that was taken over may leave in its output directory.
#[tokio::test]
async fn only_plain_files_become_renditions() {
    let home = tempfile::tempdir().unwrap();
    let store = Store::open(&home.path().join("store"), Durability::Relaxed).unwrap();
    let caller = Caller::new(&store, PART_BYTES);
    caller.put_all(&pattern(PART_BYTES, 3)).await;
    caller.publish().await.unwrap();
    let scratch = store.scratch(caller.blob()).await.unwrap();
    let input = scratch.link_original(caller.blob()).await.unwrap();
    let out = |name: &str| scratch.output().join(name);
    symlink("/etc/passwd", out("link")).unwrap();
    fs::hard_link(&input, out("original")).unwrap();
    fs::create_dir(out("directory")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        out("pipe"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    for name in ["link", "original", "directory", "pipe"] {
        let new = NewRendition { name: RenditionName::Thumb, format: RenditionFormat::Jpeg, from: out(name) };
        let outcome = store.put_renditions(caller.blob(), &[new]).await;
        assert!(matches!(outcome, Err(StoreError::Io(_))), "{name}: {outcome:?}");
    }
    let thumb = store.open_rendition(caller.blob(), RenditionName::Thumb, RenditionFormat::Jpeg).await;
    assert!(matches!(thumb, Err(StoreError::Missing)));
}

/// Bytes that are missing since the disk is not mounted are not deleted bytes.
#[tokio::test]
async fn an_absent_disk_is_no_missing_blob() {
    let home = tempfile::tempdir().unwrap();
    let root = home.path().join("store");
    let store = Store::open(&root, Durability::Relaxed).unwrap();
    let caller = Caller::new(&store, 1);
    assert!(matches!(store.open_blob(caller.blob()).await, Err(StoreError::Missing)));
    fs::rename(&root, home.path().join("elsewhere")).unwrap();
    assert!(matches!(store.open_blob(caller.blob()).await, Err(StoreError::Io(_))));
}
