//! Several nodes at the same rows.

use sqlx::Executor as _;
use strongroom_catalog::records::{Fetches, NewFetches, SettingsChange};
use strongroom_core::job::JobKind;
use strongroom_core::media::MediaStatus;
use strongroom_core::rendition::RenditionName;

use crate::cluster::Database;
use crate::conformance::fixtures::{
    SIZE_BYTES, claim, completed, completing, events_of, facts, photo, status_of, tenant, upload_record,
};
use crate::conformance::{at, race};
use crate::open;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_workers_on_two_nodes_take_each_of_500_jobs_once() {
    let database = Database::migrated().await;
    let nodes = [open(&database).await, open(&database).await];
    tenant(&nodes[0]).await;
    let fill = "insert into blob (connection_id, key, etag, size_bytes, type, status, created_at)
                    select connection.id, gen_random_uuid(), int4send(number), 1, 'photo', 'processing', 0
                    from connection, generate_series(1, 500) number;
                insert into job (connection_id, kind, blob_key, state, run_at, created_at, updated_at)
                    select connection_id, 'render_photo', key, 'ready', 0, 0, 0 from blob;";
    database.superuser().await.execute(fill).await.unwrap();
    let taken = race(8, |worker| {
        let node = nodes[worker % 2].clone();
        async move {
            let mut taken = Vec::new();
            while let Some(job) = node.claim_job(JobKind::RenderPhoto, at(1)).await.unwrap() {
                taken.push(job.id);
            }
            taken
        }
    })
    .await;
    assert!(taken.iter().all(|taken| !taken.is_empty()), "every worker had some");
    let mut all: Vec<i64> = taken.into_iter().flatten().collect();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 500);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_share_one_quota() {
    let database = Database::migrated().await;
    let nodes = [open(&database).await, open(&database).await];
    let owner = tenant(&nodes[0]).await;
    let change = SettingsChange { quota_bytes: Some(Some(32 * SIZE_BYTES - 1)), ..SettingsChange::default() };
    assert!(nodes[0].change_connection_settings(owner.clone(), change, at(0)).await.unwrap());
    let opened = race(64, |index| {
        let (node, record) = (nodes[index % 2].clone(), upload_record(&owner, at(0)));
        async move { node.create_upload(record, i64::MAX).await.is_ok_and(|created| created) }
    })
    .await;
    assert_eq!(opened.into_iter().filter(|opened| *opened).count(), 31);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_bytes_at_two_nodes_are_kept_once() {
    let database = Database::migrated().await;
    let nodes = [open(&database).await, open(&database).await];
    let owner = tenant(&nodes[0]).await;
    let mut uploads = Vec::new();
    for _ in 0..16 {
        uploads.push(completing(&nodes[0], &owner, at(0)).await);
    }
    let completed = race(16, |index| {
        let (node, new) = (nodes[index % 2].clone(), photo(&owner, uploads[index], 1));
        async move { node.complete_upload(new, at(1)).await.unwrap() }
    })
    .await;
    assert!(completed.iter().all(|media| media.blob == completed[0].blob), "{completed:?}");
    assert_eq!(nodes[1].list_jobs(10).await.unwrap().len(), 1);
    assert_eq!(nodes[1].usage(owner).await.unwrap().stored_bytes, SIZE_BYTES);
}

/// A media that comes while its bytes are being finished is finished with them, or comes after and is ready at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_media_is_left_behind_by_the_end_of_its_render() {
    let database = Database::migrated().await;
    let nodes = [open(&database).await, open(&database).await];
    let owner = tenant(&nodes[0]).await;
    for seed in 0..12 {
        completed(&nodes[0], &owner, seed, at(0)).await;
        let job = claim(&nodes[0], at(1)).await;
        let mut uploads = Vec::new();
        for _ in 0..4 {
            uploads.push(completing(&nodes[0], &owner, at(1)).await);
        }
        let late = race(5, |index| {
            let (node, job, owner) = (nodes[index % 2].clone(), job.clone(), owner.clone());
            let new = uploads.get(index).map(|upload| photo(&owner, *upload, seed));
            async move {
                match new {
                    Some(new) => Some(node.complete_upload(new, at(2)).await.unwrap()),
                    None => {
                        assert!(node.finish_render(job, facts(seed), at(2)).await.unwrap());
                        None
                    }
                }
            }
        })
        .await;
        for media in late.into_iter().flatten() {
            assert_eq!(status_of(&nodes[0], &owner, media).await, MediaStatus::Ready);
            assert_eq!(events_of(&nodes[0], &owner, media).await, ["upload.completed", "media.ready"]);
        }
    }
}

/// Two that take the same rows in opposite order wait for one another.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counts_of_the_same_media_add_up_whatever_their_order() {
    let database = Database::migrated().await;
    let node = open(&database).await;
    let owner = tenant(&node).await;
    let mut media = Vec::new();
    for seed in 0..8 {
        media.push(completed(&node, &owner, seed, at(0)).await.media);
    }
    const RACERS: usize = 12;
    race(RACERS, |index| {
        let (node, owner, mut media) = (node.clone(), owner.clone(), media.clone());
        if index % 2 == 0 {
            media.reverse();
        }
        let fetches = Fetches { name: RenditionName::Thumb, total: 1, last_at: at(1) };
        let count = move |media| NewFetches { connection: owner.clone(), media, fetches };
        async move { node.count_fetches(media.into_iter().map(count).collect()).await.unwrap() }
    })
    .await;
    let counted = sqlx::query_scalar::<_, i64>("select cast(sum(total) as bigint) from rendition_access");
    assert_eq!(counted.fetch_one(&mut database.superuser().await).await.unwrap(), 8 * i64::try_from(RACERS).unwrap());
}
