//! The one shape of errors, wherever they come from.

use reqwest::Method;
use serde_json::json;

use crate::problem::{message, problem};
use crate::support::{Answer, Server};

#[tokio::test]
async fn there_is_one_shape_of_errors() {
    let server = Server::start(&[]).await;
    let client = &server.client;
    for path in ["/", "/v2", "/v2/access", "/v2/access/uploads/x/y/z", "/v3/access/self", "/media", "/media/1", "/%ff"]
    {
        problem(&client.get(path).await, 404, "ROUTE_NOT_FOUND");
    }
    let answer = Answer::to(client.request(Method::PATCH, "/v2/access/self")).await;
    problem(&answer, 405, "METHOD_NOT_ALLOWED");
    let allowed: Vec<&str> = answer.header("allow").split(',').collect();
    assert_eq!(allowed, ["GET", "HEAD"]);

    let init = "/v2/access/uploads/init";
    let send = async |body: &[u8], content_type: &str| {
        Answer::to(client.request(Method::POST, init).header("Content-Type", content_type).body(body.to_vec())).await
    };
    problem(&send(b"{}", "text/plain").await, 415, "UNSUPPORTED_MEDIA_TYPE");
    for body in ["", "{", "[]", "null", "\"x\"", "{\"filename\": 3}", "{\"filename\":\"a\"}", "\u{0}"] {
        let body = problem(&send(body.as_bytes(), "application/json").await, 400, "BAD_REQUEST");
        assert!(!message(&body).contains("Failed to"), "{body}");
    }
    problem(&send(b"{\"filename\":\"\xff\"}", "application/json").await, 400, "BAD_REQUEST");
    problem(&send(&[b' '; (1 << 20) + 1], "application/json").await, 413, "TOO_LARGE");
    problem(&client.get("/v2/access/vault/media/nothing").await, 404, "RESOURCE_NOT_FOUND");
    problem(&client.get("/media/1/thumb.jpg").await, 403, "SIGNATURE_INVALID");
}

/// T35: bombs of depth, width and number are refused, soon and plainly.
#[tokio::test]
async fn bombs_are_refused() {
    let server = Server::start(&[]).await;
    let (client, init) = (&server.client, "/v2/access/uploads/init");
    let many_keys = (0..50_000).map(|key| format!("\"k{key}\":1")).collect::<Vec<_>>().join(",");
    for body in [
        "[".repeat(100_000),
        format!("{{\"vaultUpload\":{}1{}}}", "[".repeat(50_000), "]".repeat(50_000)),
        r#"{"size":1e308,"filename":"a","contentType":"b"}"#.to_owned(),
        format!("{{\"size\":{},\"filename\":\"a\",\"contentType\":\"b\"}}", "9".repeat(10_000)),
        format!("{{{many_keys}}}"),
        r#"{"filename":"a","filename":"b","size":1,"contentType":"c"}"#.to_owned(),
    ] {
        let started = tokio::time::Instant::now();
        let request = client.request(Method::POST, init).header("Content-Type", "application/json").body(body.clone());
        let answer = Answer::to(request).await;
        assert_eq!(answer.status, 400, "{}: {}", &body[..40], answer.text());
        problem(&answer, 400, "BAD_REQUEST");
        assert!(started.elapsed().as_millis() < 500, "{}", &body[..40]);
    }
    let pairs = "a=b&".repeat(5000);
    problem(&client.get(&format!("/v2/access/vault/media?{pairs}")).await, 400, "BAD_REQUEST");
}

#[tokio::test]
async fn what_is_not_asked_for_is_passed_over() {
    let server = Server::start(&[]).await;
    let client = &server.client;
    client.get("/v2/access/vault/media?nonsense=1&limit=3&x[]=%00").await.ok();
    let body = json!({
        "filename": "a", "filesize": 4, "mimeType": "image/png", "vaultUpload": null, "whatever": { "deep": [1] },
    });
    let session = client.post_json("/v2/access/uploads/init", &body).await.ok();
    let path = format!("/v2/access/uploads/{}", session["mediaUploadId"].as_str().unwrap());
    let answer = Answer::to(client.request(Method::DELETE, &path).json(&json!({}))).await;
    assert_eq!(answer.ok(), json!({}), "a stray body on DELETE is fine, and the answer has one");
}

/// Clients follow no redirects: a path that is nearly right is no other path.
#[tokio::test]
async fn nothing_redirects() {
    let server = Server::start(&[]).await;
    for path in ["/v2/access/self/", "/v2//access/self", "/V2/access/self", "/v2/access/vault/media/", "/openapi.json/"]
    {
        let head = server.client.head("GET", path, &[]);
        let mut wire = server.connect().await;
        wire.send(head).await;
        let answer = wire.answer().await;
        assert!(matches!(answer.status, 404 | 405), "{path}: {}", answer.status);
        assert_eq!(answer.header("location"), "");
    }
}

/// T34: an encoding would make sizes and digests mean two things.
#[tokio::test]
async fn an_encoded_body_is_refused() {
    let server = Server::start(&[]).await;
    let client = &server.client;
    let id = crate::shelf::init(client, "a", 4).await;
    for encoding in ["gzip", "br", "gzip, gzip", "zstd"] {
        let path = format!("/v2/access/uploads/{id}");
        let answer = client.put_bytes(&path, b"four", &[("Content-Encoding", encoding)]).await;
        problem(&answer, 415, "UNSUPPORTED_MEDIA_TYPE");
    }
}
