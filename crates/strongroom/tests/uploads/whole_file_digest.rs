use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use insta::assert_snapshot;
use serde_json::json;
use sha2::{Digest as _, Sha256, Sha512};

use crate::session::{SMALL_PARTS, Session, UPLOADS, etag, media, request};
use crate::support::{Answer, Client, Server, noise};

const FILE_BYTES: usize = 2500;

/// Opens a session that names the whole file's digest.
async fn init(client: &Client, digest: &str) -> Answer {
    let init = client.request(reqwest::Method::POST, &format!("{UPLOADS}/init"));
    Answer::to(init.header("Repr-Digest", digest).json(&request(FILE_BYTES))).await
}

fn sha256(bytes: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(bytes)))
}

#[tokio::test]
async fn a_file_with_the_digest_of_init_completes() {
    let server = Server::start(&[SMALL_PARTS]).await;
    let file = noise(FILE_BYTES);
    let sha512 = format!("sha-512=:{}:", STANDARD.encode(Sha512::digest(&file)));
    for digest in [sha256(&file), sha512.clone(), format!("{}, {sha512}", sha256(&file))] {
        let session = Session::of(&server.client, &init(&server.client, &digest).await.ok());
        session.put_all(&file).await;
        assert_eq!(media(&session.complete().await)["etag"], etag(&file));
    }
}

#[tokio::test]
async fn a_file_with_another_digest_stays_open_until_the_right_parts_come() {
    let server = Server::start(&[SMALL_PARTS]).await;
    let file = noise(FILE_BYTES);
    let session = Session::of(&server.client, &init(&server.client, &sha256(&file)).await.ok());
    session.put_all(&file).await;
    session.put_part(2, &[7; 1024]).await.ok();
    assert_snapshot!(session.complete().await.refusal(), @r#"
    422 DIGEST_MISMATCH: Repr-Digest: the sha-256 of the received bytes is Xx8uwKXaT+6Olw55Kox9ee1bRtBtvuoSbOMPsG6Vhtg=, not the iYkbUQxIRe3LD/aueQMQ/ER9KG4BhuLlPExiG2dgWnA= that was announced; the session is open, send the parts that differ again
    {"actual":"Xx8uwKXaT+6Olw55Kox9ee1bRtBtvuoSbOMPsG6Vhtg=","field":"Repr-Digest","value":"iYkbUQxIRe3LD/aueQMQ/ER9KG4BhuLlPExiG2dgWnA="}
    "#);
    assert_eq!(session.complete().await.status, 422);
    let status = session.status().await;
    assert_eq!((&status["state"], &status["receivedBytes"]), (&json!("open"), &json!(FILE_BYTES)));
    session.put_part(2, session.slice(&file, 2)).await.ok();
    assert_eq!(media(&session.complete().await)["etag"], etag(&file));
    assert_eq!(server.files("staging"), [""; 0]);
}

#[tokio::test]
async fn a_single_put_with_another_digest_stays_open() {
    let server = Server::start(&[]).await;
    let file = noise(FILE_BYTES);
    let session = Session::of(&server.client, &init(&server.client, &sha256(&file)).await.ok());
    let answer = session.put_whole(&[7; FILE_BYTES]).await;
    assert_eq!((answer.status, &answer.json()["type"]), (422, &json!("DIGEST_MISMATCH")));
    assert_eq!(media(&session.put_whole(&file).await)["etag"], etag(&file));
}

#[tokio::test]
async fn a_digest_that_is_none_is_named_at_init() {
    let server = Server::start(&[]).await;
    assert_snapshot!(init(&server.client, "sha-256=abc").await.refusal(), @r#"
    400 BAD_REQUEST: Repr-Digest: `sha-256=abc` is not a digest of the form sha-256=:<base64>:
    {"expected":"a digest of the form sha-256=:<base64>:","field":"Repr-Digest","value":"sha-256=abc"}
    "#);
    assert_snapshot!(init(&server.client, "sha-256=:AAAA:").await.refusal(), @r#"
    400 BAD_REQUEST: Repr-Digest: `AAAA` is not base64 of as many bytes as the algorithm has
    {"expected":"base64 of as many bytes as the algorithm has","field":"Repr-Digest","value":"AAAA"}
    "#);
}
