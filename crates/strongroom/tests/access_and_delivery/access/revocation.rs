//! Authority that ends in the middle of an upload.

use reqwest::Method;
use serde_json::json;
use strongroom_core::clock::Clock as _;
use strongroom_core::connection::ConnectionStatus;

use crate::by_hand::by_hand;
use crate::problem::problem;
use crate::shelf::init;
use crate::support::{Answer, Server, noise};

/// Parts of 1 MiB: large enough that a server which refuses a body unread, and hangs up on it, is met by a client that is
/// still sending.
const PART: usize = 1 << 20;

#[tokio::test]
async fn a_connection_that_expires_between_two_parts_takes_no_more() {
    let part = PART.to_string();
    let server = Server::start(&[("STRONGROOM_UPLOAD__MIN_PART_BYTES", &part)]).await;
    let (client, file) = (&server.client, noise(3 * PART));
    let id = init(client, "a.bin", file.len()).await;
    let put = async |number: usize| {
        let bytes = &file[(number - 1) * PART..number * PART];
        client.put_bytes(&format!("/v2/access/uploads/{id}/parts/{number}"), bytes, &[]).await
    };
    assert_eq!(put(1).await.status, 200);

    let set = async |status| {
        server.catalog.set_connection_status(client.connection.clone(), status, server.clock.now()).await.unwrap();
    };
    set(ConnectionStatus::Expired).await;
    problem(&put(2).await, 401, "SESSION_EXPIRED");
    let complete = json!({ "mediaUploadId": id });
    problem(&client.post_json("/v2/access/uploads/complete", &complete).await, 401, "SESSION_EXPIRED");

    // What was acknowledged is still there when the account comes back.
    set(ConnectionStatus::Active).await;
    let session = client.get(&format!("/v2/access/uploads/{id}")).await.ok();
    assert_eq!(session["receivedBytes"], PART);
    for number in [2, 3] {
        assert_eq!(put(number).await.status, 200);
    }
    let done = client.post_json("/v2/access/uploads/complete", &complete).await.ok();
    assert_eq!(done["media"]["etag"], format!("\"{}\"", blake3::hash(&file)));
}

#[tokio::test]
async fn a_permission_that_is_taken_away_or_a_key_that_is_revoked_ends_an_upload() {
    let part = PART.to_string();
    let server = Server::start(&[("STRONGROOM_UPLOAD__MIN_PART_BYTES", &part)]).await;
    let (client, file) = (&server.client, noise(3 * PART));
    let path = format!("/v2/access/uploads/{}/parts/1", init(client, "a.bin", file.len()).await);
    let put = async || client.put_bytes(&path, &file[..PART], &[]).await;
    assert_eq!(put().await.status, 200);

    by_hand(&server, "update connection set permissions = 'vault:read'");
    problem(&put().await, 403, "FORBIDDEN");
    by_hand(
        &server,
        "update connection set permissions = 'vault:read vault:write'; update api_key set permissions = ''",
    );
    problem(&put().await, 403, "FORBIDDEN");
    by_hand(&server, "update api_key set permissions = 'vault:write'");
    assert_eq!(put().await.status, 200);
    let id = client.get("/v2/account/whoami").await.ok()["id"].as_str().unwrap().to_owned();
    client.delete(&format!("/v2/account/keys/{id}")).await.ok();
    problem(&put().await, 401, "UNAUTHORIZED");
}

/// A client that has sent all of a body reads the refusal, and not a reset connection.
#[tokio::test]
async fn a_refusal_reaches_a_client_that_sends_first_and_reads_later() {
    let server = Server::start(&[]).await;
    let id = init(&server.client, "a.bin", 8 << 20).await;
    let bytes = noise(8 << 20);
    for field in ["x-nothing", "apiKey"] {
        let request = server.client.bare(Method::PUT, &format!("/v2/access/uploads/{id}"));
        let answer = Answer::to(request.header(field, "sk_live_").body(bytes.clone())).await;
        problem(&answer, 401, "UNAUTHORIZED");
    }
}
