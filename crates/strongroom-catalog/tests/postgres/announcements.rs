//! What a node hears of another.

use std::time::Duration;

use sqlx::Executor as _;
use strongroom_catalog::{Announcement, Catalog};
use tokio::sync::mpsc;

use crate::cluster::Database;
use crate::conformance::at;
use crate::conformance::fixtures::{claim, completed, facts, failure, tenant};
use crate::open;

fn listen(catalog: Catalog) -> mpsc::UnboundedReceiver<Announcement> {
    let (sender, heard) = mpsc::unbounded_channel();
    tokio::spawn(async move { catalog.listen(move |announcement| sender.send(announcement).unwrap()).await });
    heard
}

async fn next(heard: &mut mpsc::UnboundedReceiver<Announcement>) -> Announcement {
    tokio::time::timeout(Duration::from_secs(20), heard.recv()).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_node_hears_of_jobs_and_of_their_end() {
    let database = Database::migrated().await;
    let (here, there) = (open(&database).await, open(&database).await);
    let mut heard = listen(there);
    assert_eq!(next(&mut heard).await, Announcement::Listening);
    let owner = tenant(&here).await;
    let photo = completed(&here, &owner, 1, at(0)).await;
    assert_eq!(next(&mut heard).await, Announcement::Jobs);
    let job = claim(&here, at(1)).await;
    here.give_back(job.id, job.lease, at(2)).await.unwrap();
    assert_eq!(
        next(&mut heard).await,
        Announcement::Jobs,
        "a job that is given back is news, one that is taken is none"
    );
    let job = claim(&here, at(3)).await;
    assert!(here.finish_render(job, facts(1), at(4)).await.unwrap());
    assert_eq!(next(&mut heard).await, Announcement::Settled(photo.blob));

    let broken = completed(&here, &owner, 2, at(5)).await;
    assert_eq!(next(&mut heard).await, Announcement::Jobs);
    let job = claim(&here, at(6)).await;
    let malformed = failure(strongroom_core::media::FailureCode::Malformed);
    assert!(here.fail_render(job, malformed, at(7)).await.unwrap());
    assert_eq!(next(&mut heard).await, Announcement::Settled(broken.blob));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_connection_is_made_anew() {
    let database = Database::migrated().await;
    let catalog = open(&database).await;
    let owner = tenant(&catalog).await;
    let mut heard = listen(catalog.clone());
    assert_eq!(next(&mut heard).await, Announcement::Listening);
    let end = "select pg_terminate_backend(pid) from pg_stat_activity
               where datname = current_database() and query like 'LISTEN%'";
    let ended = database.superuser().await.execute(end).await.unwrap();
    assert_eq!(ended.rows_affected(), 1);
    assert_eq!(next(&mut heard).await, Announcement::Listening);
    completed(&catalog, &owner, 1, at(0)).await;
    assert_eq!(next(&mut heard).await, Announcement::Jobs);
}
