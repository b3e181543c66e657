//! Backups, and what is restored from them.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use strongroom_catalog::Catalog;
use strongroom_core::clock::SystemClock;
use strongroom_core::id::UploadId;
use strongroom_server::app::{catalog_path, open_catalog};
use strongroom_server::maintenance::MaintenanceError;
use strongroom_server::maintenance::backup::{Backup, BackupOptions, BackupReport};
use strongroom_server::maintenance::restore::{Restore, RestoreOptions, RestoreReport};
use strongroom_store::{Durability, Store};

use super::{kinds, send_parts, upload, vault};
use crate::support::{Server, noise, photo};

async fn back_up(server: &Server, to: &Path) -> BackupReport {
    let store = Store::open(server.data(), Durability::Relaxed).unwrap();
    let options = BackupOptions {
        data_dir: server.data().to_owned(),
        database_url: server.database().url.clone(),
        to: to.to_owned(),
        keep: 2,
        max_bytes_per_second: None,
    };
    Backup::new(server.catalog.clone(), store, Arc::new(SystemClock), options).run(|_, _| {}).await.unwrap()
}

/// Restores into a new data directory, and where the server's rows are in PostgreSQL, into a new database beside its own.
async fn restore(
    server: &Server,
    from: &Path,
    data_dir: &Path,
) -> Result<(RestoreReport, Catalog, Store), MaintenanceError> {
    let mut database = server.database().clone();
    if let Some(url) = &mut database.url {
        *url = new_database(url);
    }
    let options = RestoreOptions {
        from: from.to_owned(),
        snapshot: None,
        data_dir: data_dir.to_owned(),
        database_url: database.url.clone(),
        catalog: catalog_path(data_dir),
    };
    let mut restore = Restore::begin(options)?;
    let store = Store::open(data_dir, Durability::Relaxed)?;
    restore.bytes(&store, |_| {}).await?;
    restore.rows().await?;
    let catalog = open_catalog(data_dir, &database).await.unwrap();
    let clock = Arc::new(SystemClock);
    let report = restore.end(catalog.clone(), store.clone(), clock, Duration::from_secs(3600)).await?;
    Ok((report, catalog, store))
}

/// Makes a database beside the one that `url` names. Answers its URL.
fn new_database(url: &str) -> String {
    let name = format!("restored_{}", UploadId::random().uuid().simple());
    #[allow(clippy::disallowed_methods, reason = "a tool of the test; it touches no media")]
    let created = std::process::Command::new("psql")
        .args(["-X", "-q", "-d", url, "-c", &format!("create database {name}")])
        .status();
    assert!(created.expect("psql runs").success(), "the database {name} could not be made");
    format!("{}/{name}", url.rsplit_once('/').expect("a URL ends with a database").0)
}

#[tokio::test]
async fn a_backup_restores_to_the_same_vault() {
    let (server, media) = vault().await;
    send_parts(&server.client, &noise(5000)).await;
    // Another file system than /dev/shm has to copy, the same one links.
    let (home, near) = (tempfile::tempdir().unwrap(), server.data().parent().unwrap());
    let linked = tempfile::tempdir_in(near).unwrap();
    for to in [linked.path().join("backup"), home.path().join("backup")] {
        let first = back_up(&server, &to).await;
        assert_eq!((first.missing.len(), first.reused), (0, 0), "{first:?}");
        let second = back_up(&server, &to).await;
        assert_eq!((second.files, second.reused), (first.files, first.files), "{second:?}");

        let new = home.path().join("new");
        let (report, catalog, store) = restore(&server, &to, &new).await.unwrap();
        assert_eq!(kinds(&report.check), serde_json::json!({}), "{:#?}", report.check.faults);
        assert_eq!((report.files, report.parts_forgotten, report.purged_meanwhile), (first.files, 5, 0));
        let id = media[0]["id"].as_i64().map(strongroom_core::id::MediaId::new).unwrap();
        let kept = catalog.media(server.client.connection.clone(), id).await.unwrap().unwrap();
        let bytes = store.read_blob_head(kept.blob, usize::MAX >> 1).await.unwrap();
        assert_eq!(bytes, photo(64, 48, 0));
        assert_eq!(
            std::fs::read(new.join("signing.keys")).unwrap(),
            std::fs::read(server.data().join("signing.keys")).unwrap()
        );
        std::fs::remove_dir_all(new).unwrap();
    }
}

#[tokio::test]
async fn what_is_purged_while_a_backup_is_taken_is_no_hole_in_it() {
    let (server, _) = vault().await;
    let home = tempfile::tempdir().unwrap();
    let purging = async {
        for seed in 100..130 {
            let media = upload(&server.client, &photo(32, 32, seed)).await;
            purge(&server, &media).await;
        }
    };
    let backing = async {
        for number in 0..4 {
            let to = home.path().join("backup");
            back_up(&server, &to).await;
            let new = home.path().join(format!("new{number}"));
            let (report, ..) = restore(&server, &to, &new).await.unwrap();
            // What was being rendered is rendered anew; no original is missing.
            assert!(report.check.faults.iter().all(|fault| !fault.kind.is_loss()), "{:#?}", report.check.faults);
        }
    };
    tokio::join!(purging, backing);
}

async fn purge(server: &Server, media: &Value) {
    server.client.delete(&format!("/v2/access/vault/media/{}?purge=true", media["id"])).await.ok();
}

#[tokio::test]
async fn older_snapshots_go_and_take_along_what_only_they_need() {
    let (server, media) = vault().await;
    let home = tempfile::tempdir().unwrap();
    let to = home.path().join("backup");
    let first = back_up(&server, &to).await;
    purge(&server, &media[0]).await;
    assert_eq!(back_up(&server, &to).await.removed_snapshots, 0);
    let kept = std::fs::read_dir(to.join("blobs"))
        .unwrap()
        .flat_map(|shard| std::fs::read_dir(shard.unwrap().path()).unwrap());
    assert_eq!(kept.count(), 4, "the first snapshot needs the purged photo");
    assert_eq!(back_up(&server, &to).await.removed_snapshots, 1);
    assert!(!to.join("snapshots").join(&first.snapshot).exists());
    let kept = std::fs::read_dir(to.join("blobs"))
        .unwrap()
        .flat_map(|shard| std::fs::read_dir(shard.unwrap().path()).unwrap());
    assert_eq!(kept.count(), 3);
}

#[tokio::test]
async fn a_restore_takes_no_damaged_backup_and_no_directory_in_use() {
    let (server, _) = vault().await;
    let home = tempfile::tempdir().unwrap();
    let (to, new) = (home.path().join("backup"), home.path().join("new"));
    back_up(&server, &to).await;
    assert!(matches!(restore(&server, &to, server.data()).await, Err(MaintenanceError::Refused(_))), "in use");
    let shards = std::fs::read_dir(to.join("blobs")).unwrap();
    let kept =
        shards.flat_map(|shard| std::fs::read_dir(shard.unwrap().path()).unwrap()).next().unwrap().unwrap().path();
    let whole = std::fs::read(&kept).unwrap();
    let mut damaged = whole.clone();
    damaged[3] ^= 1;
    std::fs::write(&kept, damaged).unwrap();
    assert!(matches!(restore(&server, &to, &new).await, Err(MaintenanceError::Refused(_))), "damaged");
    std::fs::write(&kept, whole).unwrap();
    let (report, ..) = restore(&server, &to, &new).await.expect("one that did not end goes on");
    assert_eq!(kinds(&report.check), serde_json::json!({}));
}
