//! What is kept, and what that costs.

use strongroom_catalog::Catalog;
use strongroom_core::media::MediaStatus;
use strongroom_core::upload::UploadState;

use crate::conformance::fixtures::{IDLE, completed, events_of, facts, media_of, open, part, ready, state, tenant};
use crate::conformance::{at, race};
use crate::home::Home;

#[tokio::test]
async fn everything_is_there_after_reopening() {
    let home = Home::new();
    let catalog = home.open().await;
    let owner = tenant(&catalog).await;
    let upload = open(&catalog, &owner, at(0)).await;
    catalog.record_part(owner.clone(), upload, part(1, Some(4)), at(1), at(1).after(IDLE)).await.unwrap();
    let done = ready(&catalog, &owner, 1, at(2)).await;
    let waiting = completed(&catalog, &owner, 2, at(3)).await;
    let job = catalog.claim_job(strongroom_core::job::JobKind::RenderPhoto, at(4)).await.unwrap().unwrap();
    let media = media_of(&catalog, &owner, done).await;
    let jobs = catalog.list_jobs(10).await.unwrap();
    drop(catalog);

    let catalog = home.open().await;
    assert_eq!(state(&catalog, &owner, upload).await, UploadState::Open);
    assert_eq!(catalog.parts(owner.clone(), upload).await.unwrap(), [part(1, Some(4))]);
    assert_eq!(media_of(&catalog, &owner, done).await, media);
    assert_eq!(events_of(&catalog, &owner, done).await, ["upload.completed", "media.ready"]);
    assert_eq!(catalog.list_jobs(10).await.unwrap(), jobs);
    assert!(catalog.finish_render(job, facts(2), at(5)).await.unwrap(), "a lease outlives the process that gave it");
    assert_eq!(media_of(&catalog, &owner, waiting).await.status, MediaStatus::Ready);
}

/// The commit records in the write-ahead log (sqlite.org/fileformat2.html, section 4.1: a frame that ends a transaction holds
/// the size of the database after it). A frame of an earlier run of the log has another salt.
fn commits(home: &Home) -> usize {
    const HEADER: usize = 32;
    const FRAME_HEADER: usize = 24;
    let log = std::fs::read(home.path().with_extension("sqlite-wal")).unwrap();
    let page_bytes = u32::from_be_bytes(log[8..12].try_into().unwrap()) as usize;
    log[HEADER..]
        .chunks_exact(FRAME_HEADER + page_bytes)
        .take_while(|frame| frame[8..16] == log[16..24])
        .filter(|frame| frame[4..8] != [0; 4])
        .count()
}

/// Has 64 callers record `each` parts, every one on a session of its own.
async fn record_parts(catalog: &Catalog, each: u32) {
    let owner = tenant(catalog).await;
    let mut uploads = Vec::new();
    for _ in 0..64 {
        uploads.push(open(catalog, &owner, at(0)).await);
    }
    race(uploads.len(), |index| {
        let (catalog, owner, upload) = (catalog.clone(), owner.clone(), uploads[index]);
        async move {
            for number in 1..=each {
                catalog.record_part(owner.clone(), upload, part(number, None), at(1), at(1).after(IDLE)).await.unwrap();
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_that_wait_together_are_committed_together() {
    let home = Home::new();
    let catalog = home.open().await;
    // Not after many more writes: at a thousand pages SQLite begins the log anew, and the count with it.
    let before = commits(&home);
    record_parts(&catalog, 4).await;
    let commits = commits(&home) - before;
    // 1 + 64 for the tenant and the sessions; 64 × 4 parts in what is left.
    assert!((66..66 + 64).contains(&commits), "{commits} commits for 65 + 256 writes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement: cargo nextest run -p strongroom-catalog --run-ignored only --no-capture"]
#[allow(clippy::disallowed_methods, reason = "it measures")]
async fn parts_a_second() {
    let home = Home::new();
    let catalog = home.open().await;
    let owner = tenant(&catalog).await;
    let upload = open(&catalog, &owner, at(0)).await;
    let start = std::time::Instant::now();
    for number in 1..=200 {
        catalog.record_part(owner.clone(), upload, part(number, None), at(1), at(1).after(IDLE)).await.unwrap();
    }
    let alone = 200.0 / start.elapsed().as_secs_f64();
    let start = std::time::Instant::now();
    record_parts(&catalog, 200).await;
    let together = 12_800.0 / start.elapsed().as_secs_f64();
    eprintln!("record_part a second: {alone:.0} from one caller, {together:.0} from 64");
}
