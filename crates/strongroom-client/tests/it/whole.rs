//! Uploads where nothing goes wrong.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use strongroom_client::{Error, NoProgress, UploadOptions, Wait};

use crate::server::{Fault, refusal};
use crate::{Bench, PART_BYTES};

#[tokio::test]
async fn parts_arrive_whole_and_in_parallel() {
    let bench = Bench::with_file(10 * PART_BYTES + 17).await;
    let uploaded = bench.upload(&UploadOptions::default()).await.unwrap();
    assert_eq!(bench.server.bytes(), bench.bytes);
    assert_eq!(uploaded.blake3, bench.digest());
    assert_eq!(bench.server.parts_put(0), (1..=11).collect::<Vec<_>>());
    assert_eq!(bench.server.most_parts_at_once(), 3);
    assert_eq!(
        bench.server.state().inits,
        [json!({"filename": "film.mp4", "size": 655_377, "contentType": "video/mp4"})]
    );
    let sums = bench.progress.sums();
    assert_eq!((sums.done, sums.total, sums.retries), (655_377, 655_377, 0));
    assert_eq!(bench.journal_entries(), 0, "a finished upload is forgotten");
}

#[tokio::test]
async fn a_small_file_goes_in_one_request() {
    let bench = Bench::with_file(1000).await;
    bench.upload(&UploadOptions::default()).await.unwrap();
    assert_eq!(bench.server.bytes(), bench.bytes);
    assert_eq!((bench.server.count("PUT "), bench.server.count("/parts/")), (1, 0));
    assert_eq!(bench.server.state().headers, ["prefer: wait=0"]);
}

#[tokio::test]
async fn several_files_share_one_limit() {
    let bench = Bench::with_file(8 * PART_BYTES).await;
    let uploader = bench.uploader();
    let paths: Vec<_> = (0..5).map(|n| bench.scratch.path().join(format!("{n}.jpg"))).collect();
    for path in &paths {
        std::fs::write(path, &bench.bytes).unwrap();
    }
    let options = UploadOptions::default();
    let uploads = paths.iter().map(|path| uploader.upload(path, &options, Arc::new(NoProgress)));
    let media = futures_util::future::try_join_all(uploads).await.unwrap();
    let ids: Vec<_> = media.iter().filter_map(|uploaded| uploaded.media.id()).collect();
    assert_eq!(ids.len(), 5);
    assert_eq!(bench.server.most_parts_at_once(), 3);
}

#[tokio::test]
async fn each_upload_makes_a_media_unless_told_to_skip() {
    let bench = Bench::with_file(PART_BYTES * 2).await;
    let first = bench.upload(&UploadOptions::default()).await.unwrap();
    let second = bench.upload(&UploadOptions::default()).await.unwrap();
    assert_ne!(first.media.id(), second.media.id());
    let requests = bench.server.count(" ");
    let skipping = UploadOptions { skip_existing: true, ..UploadOptions::default() };
    let third = bench.upload(&skipping).await.unwrap();
    assert!(third.media.id() == first.media.id() || third.media.id() == second.media.id());
    assert_eq!(bench.server.count(" "), requests + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_asks_until_the_media_is_ready() {
    let bench = Bench::with_file(PART_BYTES * 2).await;
    bench.server.break_next("/complete", Fault::NotReady);
    bench.server.break_next("/vault/media/1", Fault::NotReady);
    let options = UploadOptions { wait: Wait::UntilSettled, ..UploadOptions::default() };
    let uploaded = bench.upload(&options).await.unwrap();
    assert!(uploaded.media.is_ready());
    assert_eq!(bench.server.count("GET /v2/access/vault/media/1"), 2);
    assert!(bench.server.state().headers.contains(&"prefer: wait=25".to_owned()));
}

#[tokio::test]
async fn waiting_ends_at_its_limit_with_what_is_known() {
    let bench = Bench::with_file(PART_BYTES * 2).await;
    bench.server.break_next("/complete", Fault::NotReady);
    let options = UploadOptions { wait: Wait::AtMost(Duration::from_millis(20)), ..UploadOptions::default() };
    let uploaded = bench.upload(&options).await.unwrap();
    assert!(!uploaded.media.is_settled());
}

#[tokio::test]
async fn a_key_that_cannot_read_the_vault_can_wait() {
    let bench = Bench::with_file(PART_BYTES * 2).await;
    bench.server.break_next("/complete", Fault::NotReady);
    bench.server.break_next("/vault/media/1", Fault::Say(refusal(403, "FORBIDDEN", json!({}))));
    let options = UploadOptions { wait: Wait::AtMost(Duration::from_millis(900)), ..UploadOptions::default() };
    bench.upload(&options).await.unwrap();
    assert_eq!(bench.server.count("GET /v2/access/uploads/"), 1);
}

#[tokio::test]
async fn content_digests_are_sent_when_asked_for() {
    let bench = Bench::with_file(1000).await;
    let options = UploadOptions { content_digest: true, ..UploadOptions::default() };
    bench.upload(&options).await.unwrap();
    let state = bench.server.state();
    assert!(state.headers.iter().any(|line| line.starts_with("content-digest: sha-256=:")), "{:?}", state.headers);
}

#[tokio::test]
async fn an_empty_file_and_a_directory_make_no_call() {
    let bench = Bench::with_file(0).await;
    assert!(matches!(bench.upload(&UploadOptions::default()).await, Err(Error::Unsendable("file is empty"))));
    let outcome = bench.uploader().upload(bench.scratch.path(), &UploadOptions::default(), Arc::new(NoProgress)).await;
    assert!(matches!(outcome, Err(Error::Unsendable(_))));
    assert_eq!(bench.server.count(""), 0);
}
