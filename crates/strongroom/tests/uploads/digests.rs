use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use insta::assert_snapshot;
use md5::Md5;
use sha2::{Digest, Sha256, Sha512};

use crate::session::{SMALL_PARTS, Session, media};
use crate::support::{Answer, Server, noise};

const FILE_BYTES: usize = 2500;

fn hash<D: Digest>(bytes: &[u8]) -> String {
    STANDARD.encode(D::digest(bytes))
}

/// Sends the first part, whose bytes are `noise(1024)`, with one more header field.
async fn put(session: &Session, name: &str, value: &str) -> Answer {
    session.client.put_bytes(&session.part_path(1), &noise(1024), &[(name, value)]).await
}

#[tokio::test]
async fn a_digest_that_matches_is_taken() {
    let server = Server::start(&[SMALL_PARTS]).await;
    let session = Session::open(&server.client, FILE_BYTES).await;
    let part = noise(1024);
    let (sha256, sha512) = (hash::<Sha256>(&part), hash::<Sha512>(&part));
    put(&session, "Content-Digest", &format!("sha-256=:{sha256}:")).await.ok();
    put(&session, "Content-Digest", &format!("sha-512=:{sha512}:")).await.ok();
    put(&session, "Content-Digest", &format!("sha-512=:{sha512}:, sha-256=:{sha256}:")).await.ok();
    put(&session, "Content-Digest", "crc32c=:AAAAAA==:").await.ok();
    put(&session, "Content-MD5", &hash::<Md5>(&part)).await.ok();
    assert_eq!(session.status().await["receivedBytes"], 1024);
}

#[tokio::test]
async fn a_digest_that_differs_discards_the_part_and_nothing_else() {
    let server = Server::start(&[SMALL_PARTS]).await;
    let session = Session::open(&server.client, FILE_BYTES).await;
    session.put_part(2, &[7; 1024]).await.ok();
    let before = session.status().await;
    let sha256 = format!("sha-256=:{}:", hash::<Sha256>(b"other"));
    assert_snapshot!(put(&session, "Content-Digest", &sha256).await.refusal(), @"400 DIGEST_MISMATCH: the sha-256 of the received bytes is hjGS9HBlEu/sX1kLthE2SoeWGe/aK/AyolEUBBFzmv4=, not the 2SmKENGwc1g33EvYXaxkGw887yekfl1TpU8vP1svz/o= that was announced");
    let sha512 = format!("sha-512=:{}:", hash::<Sha512>(b"other"));
    assert_snapshot!(put(&session, "Content-Digest", &sha512).await.refusal(), @"400 DIGEST_MISMATCH: the sha-512 of the received bytes is BzRs4nyVr+iYg/ZktTiGjdZZ55w/dAgDzSgU/C87k8fH885Z1NQenamHsqwVfNzQG88VfVahxTzAiqv0D3Lcjg==, not the 4lrDhF+MvhKAGi36WonUxV3EeQDztu3Jqe5ZDzwrkxL2ZdADnJOCi3tY8zlQvIF6CVWpxQAKjT4oBWnwh0XKaA== that was announced");
    assert_snapshot!(put(&session, "Content-MD5", &hash::<Md5>(b"other")).await.refusal(), @"400 DIGEST_MISMATCH: the md5 of the received bytes is M8trMcXlivqVCTp3i8y8sQ==, not the eV8yArF8trw9S3cdjGyerw== that was announced");
    assert_eq!(session.status().await, before);
}

#[tokio::test]
async fn a_replacement_that_differs_leaves_the_part_that_was_there() {
    let server = Server::start(&[SMALL_PARTS]).await;
    let session = Session::open(&server.client, FILE_BYTES).await;
    let file = [7; FILE_BYTES];
    session.put_all(&file).await;
    let before = session.status().await;
    assert_eq!(put(&session, "Content-MD5", &hash::<Md5>(b"other")).await.status, 400);
    assert_eq!(session.status().await, before);
    assert_eq!(server.files("staging").len(), 1);
    let made = media(&session.complete().await);
    assert_eq!(server.client.get(&format!("/v2/access/vault/media/{}/original", made["id"])).await.bytes, file);
}

#[tokio::test]
async fn a_digest_that_is_none_is_named() {
    let server = Server::start(&[SMALL_PARTS]).await;
    let session = Session::open(&server.client, FILE_BYTES).await;
    assert_snapshot!(put(&session, "Content-Digest", "sha-256").await.refusal(), @r#"
    400 BAD_REQUEST: Content-Digest: `sha-256` is not a digest of the form sha-256=:<base64>:
    {"expected":"a digest of the form sha-256=:<base64>:","field":"Content-Digest","value":"sha-256"}
    "#);
    assert_snapshot!(put(&session, "Content-Digest", "sha-256=:AAAA:").await.refusal(), @r#"
    400 BAD_REQUEST: Content-Digest: `AAAA` is not base64 of as many bytes as the algorithm has
    {"expected":"base64 of as many bytes as the algorithm has","field":"Content-Digest","value":"AAAA"}
    "#);
    assert_snapshot!(put(&session, "Content-Digest", "sha-512=:not base64!:").await.refusal(), @r#"
    400 BAD_REQUEST: Content-Digest: `not base64!` is not base64 of as many bytes as the algorithm has
    {"expected":"base64 of as many bytes as the algorithm has","field":"Content-Digest","value":"not base64!"}
    "#);
    assert_snapshot!(put(&session, "Content-MD5", "d41d8cd98f00b204e9800998ecf8427e").await.refusal(), @r#"
    400 BAD_REQUEST: Content-MD5: `d41d8cd98f00b204e9800998ecf8427e` is not base64 of as many bytes as the algorithm has
    {"expected":"base64 of as many bytes as the algorithm has","field":"Content-MD5","value":"d41d8cd98f00b204e9800998ecf8427e"}
    "#);
    assert_eq!(session.status().await["receivedBytes"], 0);
}

#[tokio::test]
async fn an_encoded_body_is_refused() {
    let server = Server::start(&[SMALL_PARTS]).await;
    let session = Session::open(&server.client, FILE_BYTES).await;
    assert_snapshot!(put(&session, "Content-Encoding", "gzip").await.refusal(), @"415 UNSUPPORTED_MEDIA_TYPE: Content-Encoding: `gzip` is not taken; send the bytes as they are");
    put(&session, "Content-Encoding", "identity").await.ok();
}

#[tokio::test]
async fn a_whole_file_with_the_wrong_digest_does_not_complete() {
    let server = Server::start(&[]).await;
    let file = noise(FILE_BYTES);
    let session = Session::open(&server.client, FILE_BYTES).await;
    let wrong = hash::<Md5>(b"other");
    let answer = server.client.put_bytes(&session.path(), &file, &[("Content-MD5", &wrong)]).await;
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert_eq!(session.state().await, "open");
    server.client.put_bytes(&session.path(), &file, &[("Content-MD5", &hash::<Md5>(&file))]).await.ok();
}
