//! Uploads over a bad network, to a server in trouble, of a file that moves.

use serde_json::json;
use strongroom_client::{Error, UploadOptions};

use crate::http::Answer;
use crate::server::{Fault, refusal};
use crate::{Bench, PART_BYTES};

fn busy(status: u16, code: &str, retry_after_seconds: u32) -> Fault {
    let headers = format!("retry-after: {retry_after_seconds}\r\n");
    Fault::Say(Answer { headers, ..refusal(status, code, json!({})) })
}

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    let bench = Bench::with_file(6 * PART_BYTES).await;
    bench.server.break_next("/init", busy(503, "STORAGE_UNAVAILABLE", 0));
    bench.server.break_next("/parts/2", Fault::Reset(PART_BYTES / 2));
    bench.server.break_next("/parts/2", Fault::Reset(0));
    bench.server.break_next("/parts/3", busy(429, "RATE_LIMIT_EXCEEDED", 0));
    bench.server.break_next("/parts/4", Fault::LoseAnswer);
    bench.server.break_next("/complete", Fault::LoseAnswer);
    bench.upload(&UploadOptions::default()).await.unwrap();
    assert_eq!(bench.server.bytes(), bench.bytes);
    assert_eq!(bench.server.parts_put(0), [1, 2, 2, 2, 3, 3, 4, 4, 5, 6]);
    assert_eq!((bench.server.count("/init"), bench.server.count("/complete")), (2, 2));
    let sums = bench.progress.sums();
    assert_eq!((sums.done, sums.retries), (sums.total, 6), "bytes that were lost are counted once");
}

#[tokio::test]
async fn retry_after_is_obeyed() {
    let bench = Bench::with_file(1000).await;
    bench.server.break_next("PUT ", busy(503, "STORAGE_UNAVAILABLE", 1));
    let start = tokio::time::Instant::now();
    bench.upload(&UploadOptions::default()).await.unwrap();
    assert!(start.elapsed().as_secs() >= 1);
}

#[tokio::test]
async fn retries_are_counted_and_the_last_reason_is_shown() {
    let bench = Bench::with_file(3 * PART_BYTES).await;
    for _ in 0..4 {
        bench.server.break_next("/parts/2", busy(503, "STORAGE_UNAVAILABLE", 0));
    }
    let error = bench.upload(&UploadOptions::default()).await.unwrap_err();
    let text = "gave up after 4 attempts: refused by STORAGE_UNAVAILABLE (503 STORAGE_UNAVAILABLE, request req_1)";
    assert_eq!(error.to_string(), text);
    assert_eq!(bench.server.count("/parts/2"), 4);
    assert_eq!(bench.journal_entries(), 1, "the next run can go on");
}

#[tokio::test]
async fn a_refusal_is_final_and_in_the_servers_words() {
    let bench = Bench::with_file(1000).await;
    bench.server.break_next("/init", Fault::Say(refusal(413, "QUOTA_EXCEEDED", json!({"limit": 1}))));
    let error = bench.upload(&UploadOptions::default()).await.unwrap_err();
    assert_eq!(error.to_string(), "refused by QUOTA_EXCEEDED (413 QUOTA_EXCEEDED, request req_1)");
    assert_eq!(bench.server.count(""), 1);
}

#[tokio::test]
async fn a_part_that_stands_still_is_sent_again() {
    let bench = Bench::with_file(3 * PART_BYTES).await;
    bench.server.break_next("/parts/3", Fault::Stall);
    bench.upload(&UploadOptions::default()).await.unwrap();
    assert_eq!(bench.server.bytes(), bench.bytes);
    assert_eq!(bench.server.count("/parts/3"), 2);
}

#[tokio::test]
async fn exactly_the_parts_that_complete_misses_are_sent_again() {
    let bench = Bench::with_file(5 * PART_BYTES).await;
    bench.server.break_next("/complete", Fault::DropPart(2));
    bench.server.break_next("/complete", Fault::DropPart(5));
    bench.upload(&UploadOptions::default()).await.unwrap();
    assert_eq!(bench.server.bytes(), bench.bytes);
    assert_eq!(bench.server.parts_put(0), [1, 2, 2, 3, 4, 5, 5]);
    assert_eq!(bench.progress.sums().done, bench.progress.sums().total);
}

#[tokio::test]
async fn a_server_that_keeps_missing_parts_is_left() {
    let bench = Bench::with_file(5 * PART_BYTES).await;
    for _ in 0..3 {
        bench.server.break_next("/complete", Fault::DropPart(1));
    }
    let error = bench.upload(&UploadOptions::default()).await.unwrap_err();
    assert!(matches!(error, Error::PartsKeepMissing { rounds: 3 }), "{error}");
}

#[tokio::test]
async fn a_bent_part_is_sent_again() {
    let bench = Bench::with_file(3 * PART_BYTES).await;
    bench.server.break_next("/parts/2", Fault::Say(refusal(400, "DIGEST_MISMATCH", json!({}))));
    let options = UploadOptions { content_digest: true, ..UploadOptions::default() };
    bench.upload(&options).await.unwrap();
    assert_eq!(bench.server.parts_put(0), [1, 2, 2, 3]);
}

#[tokio::test]
async fn a_single_put_whose_answer_was_lost_is_not_a_failure() {
    let bench = Bench::with_file(1000).await;
    bench.server.break_next("PUT ", Fault::LoseAnswer);
    let uploaded = bench.upload(&UploadOptions::default()).await.unwrap();
    assert_eq!(uploaded.media.id(), Some(1));
    assert_eq!(bench.server.bytes(), bench.bytes);
}

#[tokio::test]
async fn other_bytes_on_the_server_are_an_error() {
    let bench = Bench::with_file(3 * PART_BYTES).await;
    bench.server.break_next("/complete", Fault::WrongEtag);
    let error = bench.upload(&UploadOptions::default()).await.unwrap_err();
    assert!(matches!(&error, Error::DigestMismatch { media_id: 1, local, .. } if *local == bench.digest()), "{error}");
    assert_eq!(bench.journal_entries(), 0, "the next run starts over");
}

#[tokio::test]
async fn a_file_that_changes_is_an_error_and_its_session_is_aborted() {
    let bench = Bench::with_file(3 * PART_BYTES).await;
    bench.server.break_next("/parts/2", Fault::TouchFile(bench.file()));
    let error = bench.upload(&UploadOptions::default()).await.unwrap_err();
    assert!(matches!(error, Error::FileChanged), "{error}");
    assert_eq!((bench.server.count("/complete"), bench.server.count("DELETE ")), (0, 1));
    assert_eq!(bench.journal_entries(), 0);
}

#[tokio::test]
async fn a_redirect_is_explained_and_not_followed() {
    let bench = Bench::with_file(1000).await;
    let headers = "location: https://vault.example/\r\n".to_owned();
    bench.server.break_next("/init", Fault::Say(Answer { status: 308, headers, body: json!({}) }));
    let error = bench.upload(&UploadOptions::default()).await.unwrap_err();
    assert!(error.to_string().contains("https://vault.example/"), "{error}");
}

#[tokio::test]
async fn nobody_there_is_said_after_the_retries() {
    let bench = Bench::with_file(1000).await;
    for _ in 0..4 {
        bench.server.break_next("/init", Fault::Reset(0));
    }
    let error = bench.upload(&UploadOptions::default()).await.unwrap_err();
    assert!(matches!(error, Error::GaveUp { attempts: 4, .. }), "{error}");
}
