//! Keys: made, listed, revoked. None gives what it does not have.

use std::time::Duration;

use serde_json::{Value, json};
use strongroom_core::clock::Clock as _;
use strongroom_core::permission::Permission;

use super::{each, sandbox, with_key};
use crate::access::{connect, foreigner, key};
use crate::problem::{message, problem};
use crate::support::{Client, Server};

const KEYS: &str = "/v2/account/keys";

/// A key that may do this, made by `client`.
async fn made(client: &Client, change: impl FnOnce(&mut Value)) -> Value {
    let mut new = json!({ "name": "importer", "scopes": ["ACCOUNT"], "permissions": ["vault:read"] });
    change(&mut new);
    client.post_json(KEYS, &new).await.ok()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[tokio::test]
async fn a_key_is_shown_once_and_works_until_it_is_revoked() {
    let server = Server::start(&[]).await;
    let client = &server.client;
    let new = made(client, |_| {}).await;
    assert!(text(&new["key"]).starts_with("sk_live_"));
    let expected = json!({
        "id": new["id"], "name": "importer", "environment": "live", "scopes": ["ACCOUNT"],
        "permissions": ["vault:read"], "connectionIds": null, "createdAt": new["createdAt"], "expiresAt": null,
    });
    let listed = client.get(KEYS).await.ok();
    assert!(listed["list"].as_array().unwrap().contains(&expected), "{listed}");
    assert!(!client.get(KEYS).await.text().contains(text(&new["key"])));

    let theirs = with_key(client, text(&new["key"]));
    theirs.get("/v2/access/vault/media").await.ok();
    assert_eq!(theirs.get("/v2/account/whoami").await.ok()["id"], new["id"]);
    let path = format!("{KEYS}/{}", text(&new["id"]));
    assert_eq!(client.delete(&path).await.ok(), json!({}));
    problem(&theirs.get("/v2/access/vault/media").await, 401, "UNAUTHORIZED");
    problem(&theirs.get("/v2/account/whoami").await, 401, "UNAUTHORIZED");
    assert_eq!(client.delete(&path).await.ok(), json!({}), "again is fine");
    assert!(!each(&client.get(KEYS).await.ok(), "id").contains(&text(&new["id"]).to_owned()));
}

#[tokio::test]
async fn nobody_gives_what_they_do_not_have() {
    let server = Server::start(&[]).await;
    let reader = key(&server, |key| key.permissions = [Permission::VaultRead].into_iter().collect()).await;
    let reader = with_key(&server.client, &reader);
    let more = json!({ "name": "a", "scopes": ["ACCOUNT"], "permissions": ["vault:read", "vault:write"] });
    let refused = problem(&reader.post_json(KEYS, &more).await, 403, "FORBIDDEN");
    let expected = "this API key does not have the permission vault:write, and cannot give it to another";
    assert_eq!(message(&refused), expected);
    made(&reader, |_| {}).await;

    // Connections and time, too.
    let (mine, another) = (server.client.connection.to_string(), connect(&server, |_| {}).await.to_string());
    let end = server.clock.now().after(Duration::from_secs(3600));
    let limited = key(&server, |key| {
        key.connections = Some(vec![server.client.connection.clone()]);
        key.expires_at = Some(end);
    })
    .await;
    let limited = with_key(&server.client, &limited);
    let new = made(&limited, |_| {}).await;
    assert_eq!((&new["connectionIds"], &new["expiresAt"]), (&json!([mine]), &json!(end.to_rfc3339())));
    let mut refused = json!({ "name": "a", "scopes": [], "permissions": [], "connectionIds": [mine, another] });
    let answer = problem(&limited.post_json(KEYS, &refused).await, 400, "BAD_REQUEST");
    let expected = format!("connectionIds[1]: `{another}` is not the id of a connection of yours");
    assert_eq!(message(&answer), expected);
    refused["connectionIds"] = json!([mine]);
    refused["expiresAt"] = json!(end.after(Duration::from_secs(1)).to_rfc3339());
    let answer = problem(&limited.post_json(KEYS, &refused).await, 400, "BAD_REQUEST");
    assert!(message(&answer).contains("before this API key itself expires"), "{answer}");
}

/// A key sees and revokes only what can do no more than itself; the others do not exist.
#[tokio::test]
async fn a_lesser_key_cannot_revoke_a_greater_one() {
    let server = Server::start(&[]).await;
    let whole = &server.client;
    let reader = key(&server, |key| key.permissions = [Permission::VaultRead].into_iter().collect()).await;
    let reader = with_key(whole, &reader);
    let greater = text(&whole.get("/v2/account/whoami").await.ok()["id"]).to_owned();
    assert!(!each(&reader.get(KEYS).await.ok(), "id").contains(&greater));
    assert!(each(&whole.get(KEYS).await.ok(), "id").contains(&greater));
    problem(&reader.delete(&format!("{KEYS}/{greater}")).await, 404, "RESOURCE_NOT_FOUND");
    whole.get("/v2/account/whoami").await.ok();
    let own = text(&reader.get("/v2/account/whoami").await.ok()["id"]).to_owned();
    reader.delete(&format!("{KEYS}/{own}")).await.ok();
    problem(&reader.get(KEYS).await, 401, "UNAUTHORIZED");
}

#[tokio::test]
async fn the_two_worlds_and_organisations_never_meet() {
    let server = Server::start(&[]).await;
    let (live, sandbox, foreigner) = (&server.client, sandbox(&server).await, foreigner(&server).await);
    let tried = made(&sandbox, |_| {}).await;
    assert!(text(&tried["key"]).starts_with("sk_sandbox_"));
    problem(&with_key(live, text(&tried["key"])).get("/v2/access/vault/media").await, 401, "SESSION_NOT_PROVIDED");
    let own = async |client: &Client| text(&client.get("/v2/account/whoami").await.ok()["id"]).to_owned();
    for client in [live, &sandbox, &foreigner] {
        let seen = each(&client.get(KEYS).await.ok(), "id");
        for other in [live, &sandbox, &foreigner].into_iter().filter(|other| other.connection != client.connection) {
            let id = own(other).await;
            assert!(!seen.contains(&id));
            let refused = problem(&client.delete(&format!("{KEYS}/{id}")).await, 404, "RESOURCE_NOT_FOUND");
            assert_eq!(message(&refused), format!("there is no API key {id}"));
            own(other).await;
            let connections = json!([other.connection]);
            let new = json!({ "name": "a", "scopes": [], "permissions": [], "connectionIds": connections });
            problem(&client.post_json(KEYS, &new).await, 400, "BAD_REQUEST");
        }
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_new_key_is_named() {
    let server = Server::start(&[]).await;
    let client = &server.client;
    let good = json!({ "name": "a", "scopes": [], "permissions": [] });
    for (field, value, said) in [
        ("name", json!(null), "name: missing"),
        ("name", json!(""), "name: `` is not "),
        ("scopes", json!(["account"]), "scopes[0]: `account` is not one of ACCOUNT"),
        ("permissions", json!(["vault:*"]), "permissions[0]: `vault:*` is not one of vault:read"),
        ("connectionIds", json!([]), "connectionIds: `0 ids` is not "),
        ("connectionIds", json!(["conn_1"]), "connectionIds[0]: `conn_1` is not "),
        ("expiresAt", json!("soon"), "expiresAt: `soon` is not "),
        ("expiresAt", json!("2001-01-01T00:00:00Z"), "expiresAt: `2001-01-01T00:00:00Z` is not a time to come"),
    ] {
        let mut body = good.clone();
        body[field] = value;
        let refused = problem(&client.post_json(KEYS, &body).await, 400, "BAD_REQUEST");
        assert!(message(&refused).starts_with(said), "{refused}");
    }
    let refused = problem(&client.post_json(KEYS, &json!({ "name": "a" })).await, 400, "BAD_REQUEST");
    assert_eq!(message(&refused), "scopes: missing, but required");
    problem(&client.delete(&format!("{KEYS}/key_1")).await, 404, "RESOURCE_NOT_FOUND");

    let in_an_hour = server.clock.now().after(Duration::from_secs(3600)).to_rfc3339();
    let new = made(client, |new| new["expiresAt"] = json!(in_an_hour)).await;
    let theirs = with_key(client, text(&new["key"]));
    theirs.get(KEYS).await.ok();
    server.clock.advance(Duration::from_secs(3600));
    problem(&theirs.get(KEYS).await, 401, "UNAUTHORIZED");
}
