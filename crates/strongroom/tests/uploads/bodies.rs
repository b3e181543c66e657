use insta::assert_snapshot;
use reqwest::Method;
use serde_json::json;

use crate::session::{Session, UPLOADS, request};
use crate::support::{Answer, Client, Server};

/// Sends these bytes to init as this type.
async fn init(client: &Client, content_type: &str, body: impl Into<Vec<u8>>) -> Answer {
    let request = client.request(Method::POST, &format!("{UPLOADS}/init"));
    Answer::to(request.header("Content-Type", content_type).body(body.into())).await
}

#[tokio::test]
async fn unknown_keys_are_ignored() {
    let server = Server::start(&[]).await;
    let mut body = request(10);
    body["colour"] = json!({ "deep": [1, 2, 3] });
    let answer = server.client.post_json(&format!("{UPLOADS}/init?colour=blue&colour=red&%00=%ff"), &body).await;
    let session = Session::of(&server.client, &answer.ok());
    assert_eq!(server.client.get(&format!("{}?colour=blue", session.path())).await.status, 200);
    assert_eq!(session.complete_with(json!({ "colour": "blue" })).await.status, 409);
}

#[tokio::test]
async fn json_may_say_its_charset() {
    let server = Server::start(&[]).await;
    for content_type in ["application/json; charset=utf-8", "APPLICATION/JSON", "application/merge+json"] {
        init(&server.client, content_type, request(10).to_string()).await.ok();
    }
}

#[tokio::test]
async fn a_body_that_is_no_json_is_refused() {
    let server = Server::start(&[]).await;
    let refused = async |body: &[u8]| init(&server.client, "application/json", body).await.refusal();
    assert_snapshot!(refused(b"").await, @"400 BAD_REQUEST: the body is not JSON: EOF while parsing a value at line 1 column 0");
    assert_snapshot!(refused(b"{").await, @"400 BAD_REQUEST: the body is not JSON: EOF while parsing an object at line 1 column 1");
    assert_snapshot!(refused(b"{} and more").await, @"400 BAD_REQUEST: the body is not JSON: trailing characters at line 1 column 4");
    assert_snapshot!(refused(b"[]").await, @r#"
    400 BAD_REQUEST: body: `a list` is not a JSON object
    {"expected":"a JSON object","field":"body","value":"a list"}
    "#);
    assert_snapshot!(refused(b"null").await, @r#"
    400 BAD_REQUEST: body: `null` is not a JSON object
    {"expected":"a JSON object","field":"body","value":"null"}
    "#);
    assert_snapshot!(refused(b"{\"filename\": \"\xff\"}").await, @"400 BAD_REQUEST: the body is not JSON: invalid unicode code point at line 1 column 15");
    assert_snapshot!(refused(b"{\"filename\": \"a\", \"filename\": \"b\"}").await, @"400 BAD_REQUEST: duplicate field `filename`");
}

#[tokio::test]
async fn a_body_that_nests_too_deeply_is_refused() {
    let server = Server::start(&[]).await;
    let deep = format!("{{\"vaultUpload\": {}", "[".repeat(100_000));
    assert_snapshot!(init(&server.client, "application/json", deep).await.refusal(), @"400 BAD_REQUEST: the body is not JSON: recursion limit exceeded at line 1 column 143");
    let unknown = format!("{{\"colour\": {}", "{\"a\":".repeat(100_000));
    assert_eq!(init(&server.client, "application/json", unknown).await.status, 400);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let server = Server::start(&[]).await;
    let body = json!({ "filename": "a".repeat(1 << 20), "size": 10, "contentType": "image/png" }).to_string();
    assert_snapshot!(init(&server.client, "application/json", body).await.refusal(), @"413 TOO_LARGE: a JSON body may have at most 1048576 bytes");
}

#[tokio::test]
async fn another_type_than_json_is_refused() {
    let server = Server::start(&[]).await;
    let form = init(&server.client, "application/x-www-form-urlencoded", "filename=a&size=10").await;
    assert_snapshot!(form.refusal(), @"415 UNSUPPORTED_MEDIA_TYPE: the body must be JSON, sent with Content-Type: application/json");
    let without = server.client.request(Method::POST, &format!("{UPLOADS}/init")).body(request(10).to_string());
    assert_eq!(Answer::to(without).await.status, 415);
    let nothing = server.client.request(Method::POST, &format!("{UPLOADS}/complete"));
    assert_eq!(Answer::to(nothing).await.status, 415);
}
