use futures_util::future::join_all;
use insta::assert_snapshot;
use serde_json::json;

use crate::session::{SMALL_PARTS, Session, etag, media};
use crate::support::{Server, noise};

const FILE_BYTES: usize = 5 * 1024 + 100;

#[tokio::test]
async fn parts_arrive_in_any_order() {
    let server = Server::start(&[SMALL_PARTS]).await;
    let file = noise(FILE_BYTES);
    let session = Session::open(&server.client, file.len()).await;
    for number in [6, 2, 5, 1, 4, 3] {
        let answer = session.put_part(number, session.slice(&file, number)).await;
        let body = answer.ok();
        assert_eq!((&body["mediaUploadId"], &body["partNumber"]), (&json!(session.id), &json!(number)));
        assert_eq!(body["etag"], answer.header("etag"));
    }
    assert_eq!(media(&session.complete().await)["etag"], etag(&file));
}

#[tokio::test]
async fn the_same_bytes_again_answer_the_same_etag() {
    let server = Server::start(&[SMALL_PARTS]).await;
    let file = noise(FILE_BYTES);
    let session = Session::open(&server.client, file.len()).await;
    let first = session.put_part(2, session.slice(&file, 2)).await.ok();
    let again = session.put_part(2, session.slice(&file, 2)).await.ok();
    let other = session.put_part(2, session.slice(&file, 3)).await.ok();
    assert_eq!(first, again);
    assert_ne!(first["etag"], other["etag"]);
    assert_eq!(session.status().await["receivedBytes"], 1024);
}

#[tokio::test]
async fn the_last_whole_write_wins() {
    let server = Server::start(&[SMALL_PARTS]).await;
    let (file, wrong) = (noise(FILE_BYTES), vec![7; FILE_BYTES]);
    let session = Session::filled(&server.client, &wrong).await;
    session.put_all(&file).await;
    let made = media(&session.complete().await);
    assert_eq!(made["etag"], etag(&file));
    let original = format!("/v2/access/vault/media/{}/original", made["id"]);
    assert_eq!(server.client.get(&original).await.bytes, file);
    assert_eq!(server.files("staging"), [""; 0]);
}

#[tokio::test]
async fn racing_writes_of_one_part_leave_one_of_them_whole() {
    let server = Server::start(&[SMALL_PARTS]).await;
    let session = Session::open(&server.client, 1100).await;
    let tries: Vec<Vec<u8>> = (0..20).map(|byte| vec![byte; 1024]).collect();
    let answers = join_all(tries.iter().map(|bytes| session.put_part(1, bytes))).await;
    answers.iter().for_each(|answer| drop(answer.ok()));
    session.put_part(2, &[0; 76]).await.ok();
    let made = media(&session.complete().await);
    let original = server.client.get(&format!("/v2/access/vault/media/{}/original", made["id"])).await.bytes;
    assert!(tries.iter().any(|bytes| bytes == &original[..1024]));
    assert_eq!(made["etag"], etag(&original));
    assert_eq!(server.files("staging"), [""; 0]);
}

#[tokio::test]
async fn a_part_number_outside_the_plan_is_named() {
    let server = Server::start(&[SMALL_PARTS]).await;
    let session = Session::open(&server.client, FILE_BYTES).await;
    let refused = async |number: &str| session.client.put_bytes(&session.part_path(number), b"x", &[]).await.refusal();
    assert_snapshot!(refused("0").await, @r#"
    400 BAD_REQUEST: partNumber: `0` is not a part of this upload: it has 1 to 6
    {"expected":"a part of this upload: it has 1 to 6","field":"partNumber","value":"0"}
    "#);
    assert_snapshot!(refused("-1").await, @r#"
    400 BAD_REQUEST: partNumber: `-1` is not a part number, counted from 1
    {"expected":"a part number, counted from 1","field":"partNumber","value":"-1"}
    "#);
    assert_snapshot!(refused("7").await, @r#"
    400 BAD_REQUEST: partNumber: `7` is not a part of this upload: it has 1 to 6
    {"expected":"a part of this upload: it has 1 to 6","field":"partNumber","value":"7"}
    "#);
    assert_snapshot!(refused("10001").await, @r#"
    400 BAD_REQUEST: partNumber: `10001` is not a part of this upload: it has 1 to 6
    {"expected":"a part of this upload: it has 1 to 6","field":"partNumber","value":"10001"}
    "#);
    assert_snapshot!(refused("99999999999999999999").await, @r#"
    400 BAD_REQUEST: partNumber: `99999999999999999999` is not a part number, counted from 1
    {"expected":"a part number, counted from 1","field":"partNumber","value":"99999999999999999999"}
    "#);
    assert_snapshot!(refused("one").await, @r#"
    400 BAD_REQUEST: partNumber: `one` is not a part number, counted from 1
    {"expected":"a part number, counted from 1","field":"partNumber","value":"one"}
    "#);
    assert_snapshot!(refused("1.5").await, @r#"
    400 BAD_REQUEST: partNumber: `1.5` is not a part number, counted from 1
    {"expected":"a part number, counted from 1","field":"partNumber","value":"1.5"}
    "#);
    assert_snapshot!(refused("").await, @"404 ROUTE_NOT_FOUND: there is no such path; /openapi.json lists them all");
    assert_eq!(session.state().await, "open");
}

#[tokio::test]
async fn a_part_after_complete_meets_a_closed_session() {
    let server = Server::start(&[SMALL_PARTS]).await;
    let file = noise(FILE_BYTES);
    let session = Session::filled(&server.client, &file).await;
    let made = media(&session.complete().await);
    assert_snapshot!(session.put_part(1, &[7; 1024]).await.refusal(), @"409 UPLOAD_CLOSED: upload:[id] is complete and takes no more parts");
    let original = format!("/v2/access/vault/media/{}/original", made["id"]);
    assert_eq!(server.client.get(&original).await.bytes, file);
}
