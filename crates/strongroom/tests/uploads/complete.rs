use futures_util::future::join_all;
use insta::assert_snapshot;
use serde_json::{Value, json};
use strongroom_core::connection::ConnectionStatus;

use crate::session::{SMALL_PARTS, Session, UPLOADS, etag, media};
use crate::support::{Client, Server, noise};

const FILE_BYTES: usize = 5 * 1024 + 100;

/// How many media the client's connection has.
async fn count_media(client: &Client) -> usize {
    client.get("/v2/access/vault/media").await.ok()["list"].as_array().unwrap().len()
}

#[tokio::test]
async fn all_parts_become_one_media() {
    let server = Server::start(&[SMALL_PARTS]).await;
    let file = noise(FILE_BYTES);
    let session = Session::filled(&server.client, &file).await;
    let answer = session.complete().await;
    assert_eq!(answer.ok()["mediaUploadId"], session.id);
    let made = media(&answer);
    assert_eq!((&made["etag"], &made["size"]), (&json!(etag(&file)), &json!(FILE_BYTES)));
    assert_eq!(made["filename"], "lake.png");
    let original = server.client.get(&format!("/v2/access/vault/media/{}/original", made["id"])).await;
    assert_eq!(original.bytes, file);
    assert_eq!(server.files("staging"), [""; 0]);
    assert_eq!(server.files("blobs").len(), 1);
}

#[tokio::test]
async fn completing_again_answers_the_same_media() {
    let server = Server::start(&[SMALL_PARTS]).await;
    let session = Session::filled(&server.client, &noise(FILE_BYTES)).await;
    let first = session.complete().await.ok();
    assert_eq!(session.complete().await.ok(), first);
    assert_eq!(count_media(&server.client).await, 1);
}

#[tokio::test]
async fn racing_completes_make_one_media() {
    let server = Server::start(&[SMALL_PARTS]).await;
    let session = Session::filled(&server.client, &noise(FILE_BYTES)).await;
    let answers = join_all((0..30).map(|_| session.complete())).await;
    let first = answers[0].ok();
    assert!(answers.iter().all(|answer| answer.ok() == first));
    assert_eq!(count_media(&server.client).await, 1);
}

#[tokio::test]
async fn missing_parts_are_named_and_the_session_stays_open() {
    let server = Server::start(&[SMALL_PARTS]).await;
    let file = noise(FILE_BYTES);
    let session = Session::open(&server.client, file.len()).await;
    assert_snapshot!(session.complete().await.refusal(), @r#"
    409 UPLOAD_INCOMPLETE: 6 of 6 parts are missing, the first is part 1
    {"missingParts":[{"from":1,"to":6}],"receivedBytes":0}
    "#);
    for number in [2, 6] {
        session.put_part(number, session.slice(&file, number)).await.ok();
    }
    assert_snapshot!(session.complete().await.refusal(), @r#"
    409 UPLOAD_INCOMPLETE: 4 of 6 parts are missing, the first is part 1
    {"missingParts":[{"from":1,"to":1},{"from":3,"to":5}],"receivedBytes":1124}
    "#);
    assert_eq!(session.state().await, "open");
    session.put_all(&file).await;
    assert_eq!(media(&session.complete().await)["etag"], etag(&file));
}

#[tokio::test]
async fn parts_that_are_named_are_verified() {
    let server = Server::start(&[SMALL_PARTS]).await;
    let file = noise(FILE_BYTES);
    let session = Session::filled(&server.client, &file).await;
    let received = session.status().await["receivedParts"].clone();
    let mut wrong = received.clone();
    wrong[3]["etag"] = received[0]["etag"].clone();
    let refusal = session.complete_with(json!({ "parts": wrong })).await;
    let details = json!({ "missingParts": [{ "from": 4, "to": 4 }], "receivedBytes": FILE_BYTES });
    assert_eq!(refusal.json()["details"], details);
    assert_eq!((refusal.status, session.state().await.as_str()), (409, "open"));
    let absent = json!([{ "partNumber": 7, "etag": "\"00\"" }]);
    assert_snapshot!(session.complete_with(json!({ "parts": absent })).await.refusal(), @r#"
    409 UPLOAD_INCOMPLETE: parts: part 7 is absent, not `"00"`; send it again or leave it out
    {"missingParts":[{"from":7,"to":7}],"receivedBytes":5220}
    "#);
    let bare = |part: &Value| json!({ "partNumber": part["partNumber"], "etag": part["etag"].as_str().unwrap().trim_matches('"') });
    let bare: Vec<Value> = received.as_array().unwrap().iter().rev().map(bare).collect();
    session.complete_with(json!({ "parts": bare })).await.ok();
    session.complete_with(json!({ "parts": received })).await.ok();
}

#[tokio::test]
async fn release_forms_and_lists_that_do_not_exist_are_named() {
    let server = Server::start(&[SMALL_PARTS]).await;
    let session = Session::filled(&server.client, &noise(FILE_BYTES)).await;
    assert_snapshot!(session.complete_with(json!({ "releaseFormIds": [41] })).await.refusal(), @r#"
    400 BAD_REQUEST: releaseFormIds[0]: `41` is not the id of a release form of this connection
    {"expected":"the id of a release form of this connection","field":"releaseFormIds[0]","value":"41"}
    "#);
    assert_snapshot!(session.complete_with(json!({ "listIds": [7] })).await.refusal(), @r#"
    400 BAD_REQUEST: listIds[0]: `7` is not the id of a list of this connection
    {"expected":"the id of a list of this connection","field":"listIds[0]","value":"7"}
    "#);
    session.complete_with(json!({ "releaseFormIds": [], "listIds": null, "parts": null })).await.ok();
}

#[tokio::test]
async fn an_id_that_is_none_is_named() {
    let server = Server::start(&[]).await;
    let refused = async |body: Value| server.client.post_json(&format!("{UPLOADS}/complete"), &body).await.refusal();
    assert_snapshot!(refused(json!({})).await, @r#"
    400 BAD_REQUEST: mediaUploadId: missing, but required
    {"expected":"a value","field":"mediaUploadId","value":null}
    "#);
    assert_snapshot!(refused(json!({ "mediaUploadId": "" })).await, @r#"
    400 BAD_REQUEST: mediaUploadId: `` is not an upload id (upload:<uuid>)
    {"expected":"an upload id (upload:<uuid>)","field":"mediaUploadId","value":""}
    "#);
    assert_snapshot!(refused(json!({ "mediaUploadId": 7 })).await, @r#"
    400 BAD_REQUEST: mediaUploadId: `7` is not a string
    {"expected":"a string","field":"mediaUploadId","value":"7"}
    "#);
    assert_snapshot!(refused(json!({ "mediaUploadId": "upload:nothing" })).await, @"404 RESOURCE_NOT_FOUND: there is no upload upload:nothing");
}

#[tokio::test]
async fn the_connection_is_looked_at_again() {
    let server = Server::start(&[SMALL_PARTS]).await;
    let session = Session::filled(&server.client, &noise(FILE_BYTES)).await;
    let connection = server.client.connection.clone();
    let now = strongroom_core::clock::Clock::now(&server.clock);
    server.catalog.set_connection_status(connection.clone(), ConnectionStatus::Expired, now).await.unwrap();
    assert_snapshot!(session.complete().await.refusal(), @"401 SESSION_EXPIRED: the connection has expired; connect the account again");
    server.catalog.set_connection_status(connection, ConnectionStatus::Active, now).await.unwrap();
    session.complete().await.ok();
}
