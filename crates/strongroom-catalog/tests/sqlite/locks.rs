//! Other processes at the same file.

use std::time::Duration;

use strongroom_catalog::Catalog;

use crate::conformance::fixtures::{open, tenant};
use crate::conformance::{at, race};
use crate::home::Home;

/// What `strongroom key create` may do beside a server: it delays, and fails nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_held_for_a_second_delays_but_fails_nothing() {
    let home = Home::new();
    let catalog = home.open().await;
    let owner = tenant(&catalog).await;
    let other = home.connect();
    other.execute_batch("begin immediate").unwrap();
    let mut writes: Vec<_> = (0..16)
        .map(|_| {
            let (catalog, owner) = (catalog.clone(), owner.clone());
            tokio::spawn(async move { open(&catalog, &owner, at(0)).await })
        })
        .collect();
    let early = tokio::time::timeout(Duration::from_secs(1), &mut writes[0]).await;
    assert!(early.is_err(), "no write is acknowledged while another process holds the lock");
    assert_eq!(catalog.list_uploads(owner.clone(), None, 100, 0).await.unwrap(), [], "and readers do not wait");
    other.execute_batch("commit").unwrap();
    for write in writes {
        write.await.unwrap();
    }
    assert_eq!(catalog.list_uploads(owner, None, 100, 0).await.unwrap().len(), 16);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_processes_may_open_a_new_catalog_at_once() {
    let home = Home::new();
    let opened = race(8, |_| {
        let path = home.path();
        async move { Catalog::open_sqlite(&path).await.map(drop) }
    })
    .await;
    for result in opened {
        result.unwrap();
    }
}
