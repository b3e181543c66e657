//! Uploads that were killed, and what a later run does.

use std::sync::Arc;
use std::time::Duration;

use strongroom_client::{NoProgress, UploadOptions};

use crate::server::Fault;
use crate::{Bench, PART_BYTES};

/// Uploads until nothing more can be put, because the last parts stall, and drops everything there: what SIGKILL
/// leaves is what this leaves, the journal and the server.
async fn upload_and_die(bench: &Bench, stalling: &[u32], acknowledged: usize) {
    for number in stalling {
        bench.server.break_next(&format!("/parts/{number}"), Fault::Stall);
    }
    let uploader = bench.uploader_that_stalls_for(Duration::from_mins(1));
    let (path, options) = (bench.file(), UploadOptions::default());
    let upload = uploader.upload(&path, &options, Arc::new(NoProgress));
    let enough = async {
        loop {
            let are_all_stalling = !bench.server.has_faults_left();
            let parts: usize = bench.server.state().sessions.values().map(|session| session.parts.len()).sum();
            if parts >= acknowledged && are_all_stalling {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        outcome = upload => panic!("it was to be killed: {outcome:?}"),
        () = enough => {}
    }
}

#[tokio::test]
async fn only_what_the_server_lacks_is_sent() {
    let bench = Bench::with_file(8 * PART_BYTES).await;
    upload_and_die(&bench, &[7, 8], 6).await;
    assert_eq!(bench.journal_entries(), 1);
    let from = bench.server.count("");
    bench.upload(&UploadOptions::default()).await.unwrap();
    assert_eq!(bench.server.parts_put(from), [7, 8]);
    assert_eq!(bench.server.count("/init"), 1);
    assert_eq!(bench.server.bytes(), bench.bytes);
    let sums = bench.progress.sums();
    assert_eq!((sums.already, sums.done), (6 * PART_BYTES as u64, sums.total));
    assert_eq!(bench.journal_entries(), 0);
}

#[tokio::test]
async fn a_completed_session_gives_its_media() {
    let bench = Bench::with_file(3 * PART_BYTES).await;
    for _ in 0..4 {
        bench.server.break_next("/complete", Fault::LoseAnswer);
    }
    bench.upload(&UploadOptions::default()).await.unwrap_err();
    let from = bench.server.count("");
    let uploaded = bench.upload(&UploadOptions::default()).await.unwrap();
    assert_eq!(uploaded.media.id(), Some(1));
    assert_eq!(bench.server.count(""), from + 1, "one question was enough");
}

#[tokio::test]
async fn a_session_that_is_gone_is_replaced() {
    let bench = Bench::with_file(4 * PART_BYTES).await;
    upload_and_die(&bench, &[4], 3).await;
    bench.server.state().sessions.clear();
    bench.upload(&UploadOptions::default()).await.unwrap();
    assert_eq!(bench.server.bytes(), bench.bytes);
    assert_eq!(bench.server.count("/init"), 2);
}

#[tokio::test]
async fn a_session_that_goes_away_meanwhile_is_replaced() {
    let bench = Bench::with_file(4 * PART_BYTES).await;
    upload_and_die(&bench, &[4], 3).await;
    bench.server.break_next("/parts/4", Fault::DropSession);
    bench.upload(&UploadOptions::default()).await.unwrap();
    assert_eq!(bench.server.bytes(), bench.bytes);
    assert_eq!(bench.server.count("/init"), 2);
}

#[tokio::test]
async fn another_version_of_the_file_is_another_upload() {
    let bench = Bench::with_file(4 * PART_BYTES).await;
    upload_and_die(&bench, &[4], 3).await;
    std::fs::write(bench.file(), b"another version").unwrap();
    bench.upload(&UploadOptions::default()).await.unwrap();
    assert_eq!((bench.server.count("/init"), bench.server.count("GET ")), (2, 0));
}
