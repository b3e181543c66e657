use insta::assert_snapshot;
use reqwest::Method;
use serde_json::json;
use strongroom_core::permission::Permission;

use crate::session::{Session, UPLOADS, request};
use crate::support::{Answer, Client, Server};

const ALL_BUT_WRITING: &[Permission] = &[Permission::VaultRead, Permission::ProfileRead, Permission::ProfileWrite];

/// Every upload operation.
async fn every_operation(client: &Client) -> Vec<Answer> {
    let id = "upload:00000000-0000-4000-8000-000000000000";
    vec![
        client.post_json(&format!("{UPLOADS}/init"), &request(10)).await,
        client.post_json(&format!("{UPLOADS}/check"), &json!({ "etag": "00", "size": 1 })).await,
        client.post_json(&format!("{UPLOADS}/complete"), &json!({ "mediaUploadId": id })).await,
        client.put_bytes(&format!("{UPLOADS}/{id}"), b"bytes", &[]).await,
        client.put_bytes(&format!("{UPLOADS}/{id}/parts/1"), b"bytes", &[]).await,
        client.get(&format!("{UPLOADS}/{id}")).await,
        client.get(UPLOADS).await,
        client.delete(&format!("{UPLOADS}/{id}")).await,
    ]
}

#[tokio::test]
async fn uploading_needs_vault_write_on_the_key() {
    let server = Server::start(&[]).await;
    let client = server.client_allowed(ALL_BUT_WRITING, Permission::ALL).await;
    let answers = every_operation(&client).await;
    assert!(answers.iter().all(|answer| answer.refusal() == answers[0].refusal()));
    assert_snapshot!(answers[0].refusal(), @"403 FORBIDDEN: this API key does not have the permission vault:write");
}

#[tokio::test]
async fn uploading_needs_vault_write_on_the_connection() {
    let server = Server::start(&[]).await;
    let client = server.client_allowed(Permission::ALL, ALL_BUT_WRITING).await;
    let answers = every_operation(&client).await;
    assert!(answers.iter().all(|answer| answer.refusal() == answers[0].refusal()));
    assert_snapshot!(answers[0].refusal(), @"403 FORBIDDEN: this connection does not have the permission vault:write");
}

#[tokio::test]
async fn uploading_needs_nothing_more() {
    let server = Server::start(&[]).await;
    let client = server.client_allowed(&[Permission::VaultWrite], &[Permission::VaultWrite]).await;
    let session = Session::open(&client, 10).await;
    session.put_whole(b"ten bytes.").await.ok();
}

#[tokio::test]
async fn without_a_key_every_operation_is_refused() {
    let server = Server::start(&[]).await;
    let client = Client::new(server.address, "sk_live_nothing", server.client.connection.clone());
    for answer in every_operation(&client).await {
        assert_eq!((answer.status, &answer.json()["type"]), (401, &json!("UNAUTHORIZED")));
    }
}

#[tokio::test]
async fn another_method_is_refused() {
    let server = Server::start(&[]).await;
    for path in ["init", "complete", "check"] {
        let answer = Answer::to(server.client.request(Method::PATCH, &format!("{UPLOADS}/{path}"))).await;
        assert_eq!((answer.status, &answer.json()["type"]), (405, &json!("METHOD_NOT_ALLOWED")));
        assert!(answer.header("allow").contains("POST"), "{}", answer.header("allow"));
    }
}
