use std::time::Duration;

use insta::assert_snapshot;
use serde_json::json;
use strongroom_core::clock::Clock as _;

use crate::session::{QUICK_SWEEPS, SMALL_PARTS, Session, etag, media};
use crate::support::{Server, eventually, noise};

const FILE_BYTES: usize = 2500;
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn a_session_expires_a_day_after_init_swept_or_not() {
    let server = Server::start(&[SMALL_PARTS]).await;
    let file = noise(FILE_BYTES);
    let session = Session::filled(&server.client, &file).await;
    server.clock.advance(DAY - SECOND);
    assert_eq!(session.state().await, "open");
    server.clock.advance(SECOND);
    assert_snapshot!(session.complete().await.refusal(), @"410 UPLOAD_EXPIRED: upload:[id] has expired; start a new upload");
    assert_snapshot!(session.put_part(1, &[7; 1024]).await.refusal(), @"410 UPLOAD_EXPIRED: upload:[id] has expired; start a new upload");
    let status = session.status().await;
    assert_eq!((&status["state"], &status["receivedParts"]), (&json!("expired"), &json!([])));
    session.abort().await.ok();
}

#[tokio::test]
async fn a_sweep_frees_the_bytes_of_an_expired_session() {
    let server = Server::start(&[SMALL_PARTS, QUICK_SWEEPS]).await;
    let session = Session::filled(&server.client, &noise(FILE_BYTES)).await;
    server.clock.advance(DAY);
    eventually(async || server.files("staging").is_empty().then_some(())).await;
    assert_eq!(session.complete().await.json()["type"], "UPLOAD_EXPIRED");
    assert_eq!(session.state().await, "expired");
}

#[tokio::test]
async fn an_accepted_part_puts_expiry_off() {
    let server = Server::start(&[SMALL_PARTS]).await;
    let file = noise(FILE_BYTES);
    let session = Session::filled(&server.client, &file).await;
    server.clock.advance(23 * HOUR);
    session.put_part(1, session.slice(&file, 1)).await.ok();
    assert_eq!(session.status().await["expiresAt"], server.clock.now().after(DAY).to_rfc3339());
    server.clock.advance(23 * HOUR);
    assert_eq!(media(&session.complete().await)["etag"], etag(&file));
}

#[tokio::test]
async fn a_refused_part_does_not_put_expiry_off() {
    let server = Server::start(&[SMALL_PARTS]).await;
    let session = Session::open(&server.client, FILE_BYTES).await;
    let expires_at = session.status().await["expiresAt"].clone();
    server.clock.advance(HOUR);
    assert_eq!(session.put_part(1, b"short").await.status, 400);
    assert_eq!(session.status().await["expiresAt"], expires_at);
}

#[tokio::test]
async fn no_session_lives_longer_than_seven_days() {
    let server = Server::start(&[SMALL_PARTS]).await;
    let session = Session::open(&server.client, FILE_BYTES).await;
    let end = server.clock.now().after(7 * DAY).to_rfc3339();
    for _ in 0..8 {
        server.clock.advance(20 * HOUR);
        session.put_part(1, &[7; 1024]).await.ok();
    }
    assert_eq!(session.status().await["expiresAt"], end);
    server.clock.advance(8 * HOUR);
    assert_eq!(session.put_part(1, &[7; 1024]).await.json()["type"], "UPLOAD_EXPIRED");
}

#[tokio::test]
async fn an_expired_session_is_known_for_thirty_days() {
    let server = Server::start(&[SMALL_PARTS, QUICK_SWEEPS]).await;
    let swept_to = async |left: usize| eventually(async || (server.files("staging").len() == left).then_some(())).await;
    let older = Session::filled(&server.client, &noise(FILE_BYTES)).await;
    server.clock.advance(HOUR);
    let session = Session::filled(&server.client, &noise(FILE_BYTES)).await;
    server.clock.advance(23 * HOUR);
    swept_to(1).await;
    server.clock.advance(HOUR);
    swept_to(0).await;
    server.clock.advance(30 * DAY - HOUR / 2);
    // That the older one is forgotten shows that a sweep has been.
    eventually(async || Some(older.complete().await).filter(|answer| answer.status == 404)).await;
    assert_eq!(session.complete().await.json()["type"], "UPLOAD_EXPIRED");
    server.clock.advance(HOUR);
    eventually(async || Some(session.complete().await).filter(|answer| answer.status == 404)).await;
}

#[tokio::test]
async fn a_completed_upload_is_known_as_long_as_its_media() {
    let server = Server::start(&[SMALL_PARTS, QUICK_SWEEPS]).await;
    let session = Session::filled(&server.client, &noise(FILE_BYTES)).await;
    let made = session.complete().await.ok();
    // A session that the same sweep forgets shows that there was one.
    let other = Session::open(&server.client, FILE_BYTES).await;
    other.abort().await.ok();
    server.clock.advance(400 * DAY);
    eventually(async || Some(other.complete().await).filter(|answer| answer.status == 404)).await;
    assert_eq!(session.complete().await.ok(), made);
}
