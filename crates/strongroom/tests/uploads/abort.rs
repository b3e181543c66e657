use std::time::Duration;

use insta::assert_snapshot;
use serde_json::json;

use crate::session::{QUICK_SWEEPS, SMALL_PARTS, Session};
use crate::support::{Answer, Server, eventually, noise};

const FILE_BYTES: usize = 2500;
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

#[tokio::test]
async fn abort_frees_the_bytes_and_may_be_repeated() {
    let server = Server::start(&[SMALL_PARTS]).await;
    let session = Session::filled(&server.client, &noise(FILE_BYTES)).await;
    session.put_part(1, &[7; 1024]).await.ok();
    assert_eq!(server.files("staging").len(), 2);
    assert_eq!(session.abort().await.ok(), json!({}));
    assert_eq!(server.files("staging"), [""; 0]);
    assert_eq!(session.abort().await.ok(), json!({}));
    let status = session.status().await;
    assert_eq!((&status["state"], &status["receivedBytes"]), (&json!("aborted"), &json!(0)));
}

#[tokio::test]
async fn a_body_that_nobody_asked_for_does_no_harm() {
    let server = Server::start(&[]).await;
    let session = Session::open(&server.client, FILE_BYTES).await;
    let request = server.client.request(reqwest::Method::DELETE, &session.path()).json(&json!({}));
    Answer::to(request).await.ok();
    assert_eq!(session.state().await, "aborted");
}

#[tokio::test]
async fn an_aborted_session_takes_nothing_more() {
    let server = Server::start(&[SMALL_PARTS]).await;
    let session = Session::filled(&server.client, &noise(FILE_BYTES)).await;
    session.abort().await.ok();
    assert_snapshot!(session.complete().await.refusal(), @"410 UPLOAD_ABORTED: upload:[id] was aborted; start a new upload");
    assert_snapshot!(session.put_part(1, &[7; 1024]).await.refusal(), @"410 UPLOAD_ABORTED: upload:[id] was aborted; start a new upload");
    assert_snapshot!(session.put_whole(&[7; FILE_BYTES]).await.refusal(), @"410 UPLOAD_ABORTED: upload:[id] was aborted; start a new upload");
    assert_eq!(server.files("staging"), [""; 0]);
}

#[tokio::test]
async fn a_completed_upload_is_not_aborted() {
    let server = Server::start(&[SMALL_PARTS]).await;
    let session = Session::filled(&server.client, &noise(FILE_BYTES)).await;
    let made = session.complete().await.ok();
    assert_snapshot!(session.abort().await.refusal(), @"409 UPLOAD_CLOSED: upload:[id] is complete and cannot be aborted; delete its media instead");
    assert_eq!(session.complete().await.ok(), made);
}

#[tokio::test]
async fn an_aborted_session_is_known_for_thirty_days() {
    let server = Server::start(&[SMALL_PARTS, QUICK_SWEEPS]).await;
    let (older, session) = (Session::open(&server.client, 10).await, Session::open(&server.client, 10).await);
    older.abort().await.ok();
    server.clock.advance(HOUR);
    session.abort().await.ok();
    server.clock.advance(30 * DAY - HOUR / 2);
    // That the older one is forgotten shows that a sweep has been.
    eventually(async || Some(older.complete().await).filter(|answer| answer.status != 410)).await;
    assert_eq!(session.complete().await.json()["type"], "UPLOAD_ABORTED");
    server.clock.advance(HOUR);
    let forgotten = eventually(async || Some(session.complete().await).filter(|answer| answer.status != 410)).await;
    assert_snapshot!(forgotten.refusal(), @"404 RESOURCE_NOT_FOUND: there is no upload upload:[id]");
}
