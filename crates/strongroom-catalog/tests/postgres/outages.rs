//! A server that is lost, slow or full. Every error is one that a retry cures.

use std::time::Duration;

use sqlx::{Connection as _, Executor as _};
use strongroom_catalog::{Catalog, CatalogError, PostgresOptions};

use crate::cluster::Database;
use crate::conformance::fixtures::{open, tenant, upload_record};
use crate::conformance::{at, race};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_the_server_ended_are_replaced() {
    let database = Database::migrated().await;
    let catalog = crate::open(&database).await;
    let owner = tenant(&catalog).await;
    race(8, |_| {
        let (catalog, owner) = (catalog.clone(), owner.clone());
        async move { open(&catalog, &owner, at(0)).await }
    })
    .await;
    let end = "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";
    database.superuser().await.execute(end).await.unwrap();
    catalog.probe().await.unwrap();
    open(&catalog, &owner, at(1)).await;
    assert_eq!(catalog.list_uploads(owner, None, 100, 0).await.unwrap().len(), 9);
    assert!(tokio::time::timeout(Duration::from_millis(50), catalog.failed()).await.is_err(), "it serves on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_that_is_not_given_up_fails_a_write_and_no_more() {
    let database = Database::migrated().await;
    let options = PostgresOptions { lock_timeout: Duration::from_millis(100), ..crate::options() };
    let catalog = Catalog::open_postgres(&database.url("guest"), &options).await.unwrap();
    let (held, free) = (tenant(&catalog).await, tenant(&catalog).await);
    let mut superuser = database.superuser().await;
    let mut transaction = superuser.begin().await.unwrap();
    let hold = sqlx::query("select 1 from usage where connection_id = $1 for update").bind(held.to_string());
    transaction.execute(hold).await.unwrap();
    let record = upload_record(&held, at(0));
    let refused = catalog.create_upload(record.clone(), i64::MAX).await;
    assert!(matches!(refused, Err(CatalogError::Unavailable(_))), "{refused:?}");
    open(&catalog, &free, at(0)).await;
    transaction.rollback().await.unwrap();
    assert!(catalog.create_upload(record, i64::MAX).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_whose_caller_goes_away_is_done() {
    let database = Database::migrated().await;
    let catalog = crate::open(&database).await;
    let owner = tenant(&catalog).await;
    let mut superuser = database.superuser().await;
    let mut transaction = superuser.begin().await.unwrap();
    let hold = sqlx::query("select 1 from usage where connection_id = $1 for update").bind(owner.to_string());
    transaction.execute(hold).await.unwrap();
    let write = catalog.create_upload(upload_record(&owner, at(0)), i64::MAX);
    assert!(tokio::time::timeout(Duration::from_millis(200), write).await.is_err(), "it waits for the lock");
    transaction.rollback().await.unwrap();
    // The next write on this tenant's rows waits for it.
    open(&catalog, &owner, at(1)).await;
    assert_eq!(catalog.list_uploads(owner, None, 100, 0).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_pool_without_a_free_connection_says_so_in_time() {
    let database = Database::migrated().await;
    let short = Duration::from_millis(200);
    let options = PostgresOptions { max_connections: 1, acquire_timeout: short, ..crate::options() };
    let catalog = Catalog::open_postgres(&database.url("guest"), &options).await.unwrap();
    let owner = tenant(&catalog).await;
    let mut superuser = database.superuser().await;
    let mut transaction = superuser.begin().await.unwrap();
    let hold = sqlx::query("select 1 from usage where connection_id = $1 for update").bind(owner.to_string());
    transaction.execute(hold).await.unwrap();
    let waiting = tokio::spawn({
        let (catalog, record) = (catalog.clone(), upload_record(&owner, at(0)));
        async move { catalog.create_upload(record, i64::MAX).await }
    });
    tokio::time::sleep(short / 2).await;
    let refused = catalog.probe().await;
    assert!(matches!(refused, Err(CatalogError::Unavailable(_))), "{refused:?}");
    transaction.rollback().await.unwrap();
    assert!(waiting.await.unwrap().unwrap());
    catalog.probe().await.unwrap();
}
