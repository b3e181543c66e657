use insta::assert_snapshot;

use crate::session::{SMALL_PARTS, Session, etag, media};
use crate::support::{Answer, Server, Wire, noise};

const FILE_BYTES: usize = 2500;

/// Opens a session of three parts and sends the head of a PUT of its first, with these fields and without a body.
async fn head_only(server: &Server, fields: &[(&str, &str)]) -> (Session, Wire) {
    let session = Session::open(&server.client, FILE_BYTES).await;
    let mut wire = server.connect().await;
    wire.send(server.client.head("PUT", &session.part_path(1), fields)).await;
    (session, wire)
}

/// The session takes the whole file still.
async fn assert_usable(session: &Session) {
    let file = noise(FILE_BYTES);
    assert_eq!(session.status().await["receivedBytes"], 0);
    session.put_all(&file).await;
    assert_eq!(media(&session.complete().await)["etag"], etag(&file));
}

#[tokio::test]
async fn a_wrong_length_is_refused_before_the_body() {
    let server = Server::start(&[SMALL_PARTS]).await;
    let (session, mut wire) = head_only(&server, &[("Content-Length", "1023")]).await;
    assert_snapshot!(wire.answer().await.refusal(), @r#"
    400 PART_LENGTH_MISMATCH: Content-Length: `1023` is not the 1024 bytes that part 1 has
    {"expected":1024,"field":"Content-Length","partNumber":1,"value":1023}
    "#);
    assert_usable(&session).await;
    let (_, mut wire) = head_only(&server, &[("Content-Length", "1025")]).await;
    assert_snapshot!(wire.answer().await.refusal(), @r#"
    400 PART_LENGTH_MISMATCH: Content-Length: `1025` is not the 1024 bytes that part 1 has
    {"expected":1024,"field":"Content-Length","partNumber":1,"value":1025}
    "#);
    let (_, mut wire) = head_only(&server, &[("Content-Length", "9007199254740993")]).await;
    assert_snapshot!(wire.answer().await.refusal(), @r#"
    400 PART_LENGTH_MISMATCH: Content-Length: `9007199254740993` is not the 1024 bytes that part 1 has
    {"expected":1024,"field":"Content-Length","partNumber":1,"value":9007199254740993}
    "#);
}

#[tokio::test]
async fn a_wrong_length_is_not_asked_to_continue() {
    let server = Server::start(&[SMALL_PARTS]).await;
    let fields = [("Content-Length", "1025"), ("Expect", "100-continue")];
    let (session, mut wire) = head_only(&server, &fields).await;
    assert_eq!(wire.answer().await.status, 400);
    assert_usable(&session).await;
}

#[tokio::test]
async fn the_right_length_is_asked_to_continue() {
    let server = Server::start(&[SMALL_PARTS]).await;
    let fields = [("Content-Length", "1024"), ("Expect", "100-continue")];
    let (session, mut wire) = head_only(&server, &fields).await;
    assert_eq!(wire.answer().await.status, 100);
    wire.send(&noise(1024)).await;
    wire.answer().await.ok();
    assert_eq!(session.status().await["receivedBytes"], 1024);
}

#[tokio::test]
async fn who_sends_all_before_reading_meets_the_refusal_too() {
    let server = Server::start(&[SMALL_PARTS]).await;
    let (session, mut wire) = head_only(&server, &[("Content-Length", "8000000")]).await;
    wire.send(&noise(8_000_000)).await;
    assert_eq!(wire.answer().await.status, 400);
    assert_usable(&session).await;
}

#[tokio::test]
async fn a_part_without_a_length_is_refused() {
    let server = Server::start(&[SMALL_PARTS]).await;
    let (session, mut wire) = head_only(&server, &[]).await;
    assert_snapshot!(wire.answer().await.refusal(), @"411 LENGTH_REQUIRED: a part needs a Content-Length, or Transfer-Encoding: chunked");
    assert_usable(&session).await;
}

#[tokio::test]
async fn an_empty_part_is_a_quick_400() {
    let server = Server::start(&[SMALL_PARTS]).await;
    let (session, mut wire) = head_only(&server, &[("Content-Length", "0")]).await;
    assert_snapshot!(wire.answer().await.refusal(), @r#"
    400 PART_LENGTH_MISMATCH: Content-Length: `0` is not the 1024 bytes that part 1 has
    {"expected":1024,"field":"Content-Length","partNumber":1,"value":0}
    "#);
    assert_usable(&session).await;
}

/// Sends the first part in chunks of these lengths. The last chunk, which says that there are no more, only if asked.
async fn chunked(server: &Server, lengths: &[usize], is_ended: bool) -> (Session, Answer) {
    let (session, mut wire) = head_only(server, &[("Transfer-Encoding", "chunked")]).await;
    for length in lengths {
        wire.send([format!("{length:x}\r\n").as_bytes(), &noise(*length), b"\r\n"].concat()).await;
    }
    if is_ended {
        wire.send("0\r\n\r\n").await;
    }
    let answer = wire.answer().await;
    (session, answer)
}

#[tokio::test]
async fn a_chunked_part_of_the_right_length_is_taken() {
    let server = Server::start(&[SMALL_PARTS]).await;
    let (session, answer) = chunked(&server, &[1000, 24], true).await;
    answer.ok();
    assert_eq!(session.status().await["receivedBytes"], 1024);
}

#[tokio::test]
async fn a_chunked_part_is_cut_off_at_its_length() {
    let server = Server::start(&[SMALL_PARTS]).await;
    let (session, answer) = chunked(&server, &[1024, 1], false).await;
    assert_snapshot!(answer.refusal(), @"400 PART_LENGTH_MISMATCH: the body is longer than the part's 1024 bytes");
    assert_usable(&session).await;
}

#[tokio::test]
async fn a_chunked_part_that_ends_early_is_refused() {
    let server = Server::start(&[SMALL_PARTS]).await;
    let (session, answer) = chunked(&server, &[1000, 23], true).await;
    assert_snapshot!(answer.refusal(), @"400 PART_LENGTH_MISMATCH: the body has 1023 bytes, the part 1024");
    assert_usable(&session).await;
}

#[tokio::test]
async fn a_connection_that_breaks_leaves_no_part() {
    let server = Server::start(&[SMALL_PARTS]).await;
    let (session, mut wire) = head_only(&server, &[("Content-Length", "1024")]).await;
    wire.send(&noise(1023)).await;
    wire.finish_sending().await;
    wire.rest().await;
    assert_usable(&session).await;
}

#[tokio::test]
async fn a_connection_that_breaks_leaves_the_part_that_was_there() {
    // Large enough that what arrives is written, and does not wait in memory for the rest.
    const PART_BYTES: usize = 1 << 20;
    let server = Server::start(&[("STRONGROOM_UPLOAD__MIN_PART_BYTES", "1_048_576")]).await;
    let file = noise(PART_BYTES + 1);
    let session = Session::filled(&server.client, &file).await;
    let mut wire = server.connect().await;
    let length = PART_BYTES.to_string();
    wire.send(server.client.head("PUT", &session.part_path(1), &[("Content-Length", &length)])).await;
    wire.send(&[7; PART_BYTES - 1]).await;
    wire.finish_sending().await;
    wire.rest().await;
    let made = media(&session.complete().await);
    assert!(server.client.get(&format!("/v2/access/vault/media/{}/original", made["id"])).await.bytes == file);
    assert_eq!(server.files("staging"), [""; 0]);
}

#[tokio::test]
async fn a_whole_file_of_the_wrong_length_is_refused_before_the_body() {
    let server = Server::start(&[]).await;
    let session = Session::open(&server.client, FILE_BYTES).await;
    let mut wire = server.connect().await;
    wire.send(server.client.head("PUT", &session.path(), &[("Content-Length", "2501")])).await;
    assert_snapshot!(wire.answer().await.refusal(), @r#"
    400 PART_LENGTH_MISMATCH: Content-Length: `2501` is not the 2500 bytes that part 1 has
    {"expected":2500,"field":"Content-Length","partNumber":1,"value":2501}
    "#);
    session.put_whole(&noise(FILE_BYTES)).await.ok();
}
