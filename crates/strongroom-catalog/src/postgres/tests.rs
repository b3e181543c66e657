//! What the engine does with transactions, asked of a server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sqlx::Executor as _;
use tokio::sync::Barrier;

#[allow(dead_code, reason = "it is there for the tests outside of this crate, too")]
#[path = "../../tests/postgres/cluster.rs"]
pub(super) mod cluster;

use super::{Engine, PostgresOptions};
use crate::CatalogError;
use cluster::Database;

/// Locks two rows, and waits between for whoever takes them in the opposite order.
async fn lock_both(
    engine: Engine,
    rows: [&'static str; 2],
    between: Arc<Barrier>,
    tries: Arc<AtomicU32>,
) -> Result<(), CatalogError> {
    let write = engine.write(None, move |connection| {
        let between = Arc::clone(&between);
        tries.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            connection.execute(rows[0]).await?;
            // Who is run again finds nobody to wait for.
            drop(tokio::time::timeout(Duration::from_millis(200), between.wait()).await);
            connection.execute(rows[1]).await?;
            Ok(())
        })
    });
    write.await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_that_wait_for_one_another_are_both_done() {
    let database = Database::migrated().await;
    let engine = Engine::open(&database.url("guest"), &PostgresOptions::default()).await.unwrap();
    let live = "update organisation_settings set quota_bytes = coalesce(quota_bytes, 0) + 1 where environment = 'live'";
    let sandbox =
        "update organisation_settings set quota_bytes = coalesce(quota_bytes, 0) + 1 where environment = 'sandbox'";
    let (between, tries) = (Arc::new(Barrier::new(2)), Arc::new(AtomicU32::new(0)));
    let (one, other) = tokio::join!(
        lock_both(engine.clone(), [live, sandbox], Arc::clone(&between), Arc::clone(&tries)),
        lock_both(engine.clone(), [sandbox, live], between, Arc::clone(&tries)),
    );
    one.unwrap();
    other.unwrap();
    let sums = "select cast(sum(quota_bytes) as bigint) from organisation_settings";
    assert_eq!(sqlx::query_scalar::<_, i64>(sums).fetch_one(&mut database.superuser().await).await.unwrap(), 4);
    assert!(tries.load(Ordering::Relaxed) > 2, "one of them was given up and run again");
}

#[tokio::test]
async fn a_write_that_fails_half_way_leaves_nothing() {
    let database = Database::migrated().await;
    let engine = Engine::open(&database.url("guest"), &PostgresOptions::default()).await.unwrap();
    let half = engine.write(None, |connection| {
        Box::pin(async move {
            connection.execute("insert into organisation (id, name, created_at) values ('half', '', 0)").await?;
            connection.execute("insert into organisation (id, name, created_at) values ('half', '', 0)").await?;
            Ok(())
        })
    });
    assert!(matches!(half.await, Err(CatalogError::Unavailable(_))));
    let kept = "select count(*) from organisation where id = 'half'";
    assert_eq!(sqlx::query_scalar::<_, i64>(kept).fetch_one(&mut database.superuser().await).await.unwrap(), 0);
}
