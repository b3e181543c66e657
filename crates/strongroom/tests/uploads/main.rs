//! The upload operations over HTTP, row by row of the contract.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

#[path = "../support/mod.rs"]
mod support;

use serde_json::json;

use crate::support::Server;

#[tokio::test]
async fn smoke() {
    let server = Server::start(&[]).await;
    let photo = support::photo(64, 48, 1);
    let body = json!({"filename": "a.png", "size": photo.len(), "contentType": "image/png"});
    let init = server.client.post_json("/v2/access/uploads/init", &body).await;
    let url = init.ok()["parts"][0]["uploadUrl"].as_str().unwrap().to_owned();
    let answer = server.client.put_bytes(&url, &photo, &[]).await;
    answer.ok();
}
#[tokio::test]
async fn smoke_two() {
    let t = tokio::time::Instant::now();
    let server = Server::start(&[]).await;
    println!("start {:?}", t.elapsed());
    let t = tokio::time::Instant::now();
    let body = json!({"filename": "a.png", "size": 10, "contentType": "image/png"});
    let init = server.client.post_json("/v2/access/uploads/init", &body).await;
    println!("init {:?}", t.elapsed());
    let t = tokio::time::Instant::now();
    let init = server.client.post_json("/v2/access/uploads/init", &body).await;
    println!("init {:?}", t.elapsed());
    let t = tokio::time::Instant::now();
    drop(server);
    println!("drop {:?}", t.elapsed());
}
