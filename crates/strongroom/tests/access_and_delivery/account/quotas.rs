//! Quotas, over HTTP. What counts, to the byte, is in the catalog's suite.

use serde_json::json;

use super::patch;
use crate::problem::{message, problem};
use crate::shelf::{init, shelve};
use crate::support::{Answer, Client, Server, noise, photo};

async fn limit(client: &Client, bytes: usize) {
    let path = format!("/v2/account/connections/{}/settings", client.connection);
    patch(client, &path, &json!({ "quotaBytes": bytes })).await.ok();
}

async fn try_init(client: &Client, size: usize) -> Answer {
    let body = json!({ "filename": "a.bin", "size": size, "contentType": "image/jpeg" });
    client.post_json("/v2/access/uploads/init", &body).await
}

#[tokio::test]
async fn an_upload_that_does_not_fit_is_refused_before_its_first_byte() {
    let server = Server::start(&[]).await;
    let client = &server.client;
    limit(client, 1000).await;
    let first = init(client, "a.bin", 600).await;
    let refused = problem(&try_init(client, 401).await, 413, "QUOTA_EXCEEDED");
    assert_eq!(refused["details"], json!({ "limit": 1000, "used": 0, "reserved": 600, "requested": 401 }));
    let expected = "the quota of this connection is 1000 bytes: 0 are stored and 600 promised to other uploads, so 401 \
                    more do not fit";
    assert_eq!(message(&refused), expected);
    try_init(client, 400).await.ok();
    client.delete(&format!("/v2/access/uploads/{first}")).await.ok();
    try_init(client, 600).await.ok();
    problem(&try_init(client, 1).await, 413, "QUOTA_EXCEEDED");
}

#[tokio::test]
async fn the_same_bytes_again_cost_nothing_but_their_promise() {
    let server = Server::start(&[]).await;
    let (client, bytes) = (&server.client, noise(1000));
    limit(client, 2000).await;
    for _ in 0..3 {
        shelve(client, "a.bin", &bytes).await;
    }
    let usage = server.catalog.usage(client.connection.clone()).await.unwrap();
    assert_eq!((usage.stored_bytes, usage.reserved_bytes), (1000, 0));
    problem(&try_init(client, 1001).await, 413, "QUOTA_EXCEEDED");
}

#[tokio::test]
async fn a_quota_that_was_lowered_meanwhile_is_held_to_at_complete() {
    let server = Server::start(&[]).await;
    let (client, bytes) = (&server.client, noise(1000));
    let id = init(client, "a.bin", bytes.len()).await;
    client.put_bytes(&format!("/v2/access/uploads/{id}/parts/1"), &bytes, &[]).await.ok();
    limit(client, 999).await;
    let complete = async || client.post_json("/v2/access/uploads/complete", &json!({ "mediaUploadId": id })).await;
    let refused = problem(&complete().await, 413, "QUOTA_EXCEEDED");
    assert_eq!(refused["details"], json!({ "limit": 999, "used": 0, "reserved": 0, "requested": 1000 }));
    let session = client.get(&format!("/v2/access/uploads/{id}")).await.ok();
    assert_eq!((&session["state"], &session["receivedBytes"]), (&json!("open"), &json!(1000)));
    // Nothing that was acknowledged is lost: with more room it is only completed.
    limit(client, 1000).await;
    complete().await.ok();
}

#[tokio::test]
async fn a_whole_file_for_which_there_is_no_room_any_more_is_not_kept() {
    let server = Server::start(&[]).await;
    let (client, bytes) = (&server.client, noise(1000));
    let id = init(client, "a.bin", bytes.len()).await;
    limit(client, 999).await;
    let put = async || client.put_bytes(&format!("/v2/access/uploads/{id}"), &bytes, &[]).await;
    let refused = problem(&put().await, 413, "QUOTA_EXCEEDED");
    assert_eq!(refused["details"], json!({ "limit": 999, "used": 0, "reserved": 0, "requested": 1000 }));
    let session = client.get(&format!("/v2/access/uploads/{id}")).await.ok();
    assert_eq!((&session["state"], &session["receivedBytes"]), (&json!("open"), &json!(0)));
    assert!(server.files("blobs").is_empty(), "{:?}", server.files("blobs"));
    limit(client, 1000).await;
    put().await.ok();
}

#[tokio::test]
async fn a_preview_counts_too() {
    let server = Server::start(&[]).await;
    let (client, picture, preview) = (&server.client, photo(64, 64, 1), photo(64, 64, 2));
    let (_, media) = shelve(client, "a.png", &picture).await;
    let path = format!("/v2/access/vault/media/{}/preview", media["id"]);
    limit(client, picture.len() + preview.len() - 1).await;
    problem(&client.put_bytes(&path, &preview, &[]).await, 413, "QUOTA_EXCEEDED");
    client.put_bytes(&path, &picture, &[]).await.ok();
    limit(client, picture.len() + preview.len()).await;
    client.put_bytes(&path, &preview, &[]).await.ok();
}
