//! `strongroom worker` beside a server that works off no jobs: processes of their own, which share nothing but the data
//! directory. What becomes of workers that are killed or stopped is conformance/worker_kills.py's to try.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
#![allow(clippy::disallowed_methods, reason = "starts the binary that is under test")]

#[path = "../support/mod.rs"]
mod support;
mod worker;

use std::time::Duration;

use serde_json::{Value, json};
use strongroom_catalog::records::RenderedFacts;
use strongroom_core::clock::Clock as _;
use strongroom_core::job::{JobKind, JobState};
use strongroom_core::media::{Format, MediaType};

use support::{Client, Server, eventually, photo};
use worker::{Process, all_done, settled};

const FILM: &[u8] = include_bytes!("../../../../samples/film.mp4");

/// Uploads a file in one piece, and waits for nothing.
async fn upload(client: &Client, bytes: &[u8]) -> Value {
    let body = json!({ "filename": "file", "size": bytes.len(), "contentType": "application/octet-stream" });
    let init = client.post_json("/v2/access/uploads/init", &body).await.ok();
    let path = format!("/v2/access/uploads/{}", init["mediaUploadId"].as_str().unwrap());
    client.put_bytes(&path, bytes, &[("Prefer", "wait=0")]).await.ok()["media"].clone()
}

#[tokio::test]
async fn two_workers_share_the_jobs_of_a_server() {
    let server = Server::start_without_worker(&[]).await;
    let workers = [Process::start(server.data(), &[]), Process::start(server.data(), &[])];
    let mut media = Vec::new();
    for seed in 0..8 {
        media.push(upload(&server.client, &photo(640, 480, seed)).await);
    }
    media.push(upload(&server.client, FILM).await);
    for media in &media {
        let end = settled(&server.client, &media["id"]).await;
        assert_eq!(end["status"], "ready", "{end:#}");
        let thumb = server.client.get(end["files"]["thumb"]["url"].as_str().unwrap()).await;
        assert_eq!(thumb.status, 200);
    }
    for job in server.catalog.list_jobs(20).await.unwrap() {
        assert_eq!((job.state, job.attempts), (JobState::Done, 1), "no job was taken twice: {job:?}");
    }
    for worker in workers {
        assert_eq!(worker.terminate(), Some(0));
    }
    assert_eq!(std::fs::read_dir(server.data().join("scratch")).unwrap().count(), 0);
}

#[tokio::test]
async fn a_job_of_a_worker_that_died_is_done_carefully_by_another() {
    let server = Server::start_without_worker(&[]).await;
    let film = upload(&server.client, FILM).await;
    let began = server.clock.now();
    let dead = server.catalog.claim_job(JobKind::RenderFilm, began).await.unwrap().unwrap();
    // Its lease ran out long ago.
    let long_ago = began.before(Duration::from_secs(3600));
    assert!(server.catalog.renew_lease(dead.id, dead.lease.clone(), long_ago).await.unwrap());

    let _worker = Process::start(server.data(), &[]);
    let careful = settled(&server.client, &film["id"]).await;
    assert_eq!(careful["status"], "ready", "{careful:#}");
    assert_eq!(server.catalog.list_jobs(1).await.unwrap()[0].attempts, 2);

    // It comes back, and has nothing to say any more.
    let facts = RenderedFacts {
        media_type: MediaType::Photo,
        format: Format::Jpeg,
        dimensions: None,
        duration_ms: None,
        sha256: None,
        renditions: Vec::new(),
    };
    assert!(!server.catalog.finish_render(dead, facts, began).await.unwrap());
    assert_eq!(settled(&server.client, &film["id"]).await["files"], careful["files"]);

    // This film's own pictures fit the best rung, so a first attempt copies them; a second trusts nothing.
    let path = format!("/v2/access/vault/media/{}/reprocess", film["id"]);
    server.client.post_json(&path, &json!({})).await.ok();
    all_done(&server.catalog).await;
    let usual = settled(&server.client, &film["id"]).await;
    assert_ne!(usual["files"]["full"]["size"], careful["files"]["full"]["size"]);
}

#[tokio::test]
async fn a_job_without_room_on_the_disk_is_put_off() {
    let server = Server::start_without_worker(&[]).await;
    let media = upload(&server.client, &photo(64, 48, 1)).await;
    let worker = Process::start(server.data(), &[("STRONGROOM_STORE__MIN_FREE_BYTES", "1_000_000_000_000_000")]);
    let job = eventually(async || {
        let job = server.catalog.list_jobs(1).await.unwrap().remove(0);
        job.last_error.is_some().then_some(job)
    })
    .await;
    assert_eq!((job.state, job.attempts), (JobState::Ready, 0), "no attempt is spent");
    let reason = job.last_error.as_deref().unwrap();
    assert!(reason.contains("bytes are free on the disk") && reason.contains("needs 100000000000"), "{reason}");
    assert_eq!(job.run_at.as_millis() - job.updated_at.as_millis(), 30_000);
    let now = server.client.get(&format!("/v2/access/vault/media/{}", media["id"])).await.ok();
    assert_eq!(now["status"], "processing");
    assert_eq!(worker.terminate(), Some(0));
}

#[tokio::test]
async fn children_that_may_use_more_than_there_is_run_one_at_a_time() {
    let server = Server::start_without_worker(&[]).await;
    let mut media = Vec::new();
    for seed in 0..6 {
        media.push(upload(&server.client, &photo(1600, 1200, seed)).await);
    }
    let settings = [("STRONGROOM_RENDER__TOTAL_MEMORY_BYTES", "1_000_000"), ("STRONGROOM_RENDER__PHOTO_WORKERS", "4")];
    let worker = Process::start(server.data(), &settings);
    let mut most = 0;
    let watching = async {
        loop {
            most = most.max(worker.children());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        () = all_done(&server.catalog) => {}
        () = watching => {}
    }
    assert_eq!(most, 1, "children at a time");
    for media in &media {
        assert_eq!(settled(&server.client, &media["id"]).await["status"], "ready");
    }
}
