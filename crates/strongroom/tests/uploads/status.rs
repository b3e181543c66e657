use std::time::Duration;

use serde_json::json;
use strongroom_core::clock::Clock as _;

use crate::session::{SMALL_PARTS, Session, media};
use crate::support::{Server, noise};

const FILE_BYTES: usize = 2500;
const DAY: Duration = Duration::from_secs(24 * 3600);

#[tokio::test]
async fn a_new_session_shows_its_plan() {
    let server = Server::start(&[SMALL_PARTS]).await;
    let session = Session::open(&server.client, FILE_BYTES).await;
    let expected = json!({
        "mediaUploadId": session.id,
        "state": "open",
        "filename": "lake.png",
        "size": FILE_BYTES,
        "contentType": "image/png",
        "uploadType": "multipart",
        "totalParts": 3,
        "partSize": 1024,
        "createdAt": server.clock.now().to_rfc3339(),
        "expiresAt": server.clock.now().after(DAY).to_rfc3339(),
        "receivedParts": [],
        "receivedBytes": 0,
    });
    assert_eq!(session.status().await, expected);
}

#[tokio::test]
async fn the_parts_that_are_there_are_listed_in_order() {
    let server = Server::start(&[SMALL_PARTS]).await;
    let file = noise(FILE_BYTES);
    let session = Session::open(&server.client, FILE_BYTES).await;
    let last = session.put_part(3, session.slice(&file, 3)).await.ok();
    let first = session.put_part(1, session.slice(&file, 1)).await.ok();
    let status = session.status().await;
    let expected = json!([
        { "partNumber": 1, "size": 1024, "etag": first["etag"] },
        { "partNumber": 3, "size": 452, "etag": last["etag"] },
    ]);
    assert_eq!(status["receivedParts"], expected);
    assert_eq!(status["receivedBytes"], 1476);
}

#[tokio::test]
async fn a_completed_session_shows_its_media() {
    let server = Server::start(&[SMALL_PARTS]).await;
    let session = Session::filled(&server.client, &noise(FILE_BYTES)).await;
    let made = media(&session.complete().await);
    let status = session.status().await;
    assert_eq!((&status["state"], &status["media"]), (&json!("completed"), &made));
    assert_eq!(status["receivedBytes"], FILE_BYTES);
}
