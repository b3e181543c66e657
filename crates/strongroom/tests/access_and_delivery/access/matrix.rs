//! Every operation × everyone who must not.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::Value;
use strongroom_core::id::{ConnectionId, KeyId, UploadId};
use strongroom_core::permission::Permission;

use super::operations::{About, BYTES, Ids, Operation, Right, operations};
use super::{connect, foreigner, get, key};
use crate::problem::{message, problem, seen};
use crate::shelf::{init, shelve};
use crate::support::{Answer, Client, Server, photo};

/// The document that the server itself serves.
async fn document(server: &Server) -> Value {
    get(server, "/openapi.json", &[]).await.ok()
}

/// Every method and path of the document.
fn documented(document: &Value) -> BTreeSet<(String, String)> {
    let paths = document["paths"].as_object().unwrap();
    let methods = |(path, item): (&String, &Value)| -> Vec<(String, String)> {
        item.as_object().unwrap().keys().map(|method| (method.to_uppercase(), path.clone())).collect()
    };
    paths.iter().flat_map(methods).collect()
}

/// Ids of a session and a media of `client`'s, or of nobody's.
async fn ids(client: &Client) -> Ids {
    let upload = init(client, "a.bin", BYTES.len()).await;
    let (_, media) = shelve(client, "b.png", &photo(8, 8, 1)).await;
    let list = client.post_json("/v2/access/vault/lists", &serde_json::json!({ "name": "a list" })).await.ok();
    Ids {
        upload,
        media: media["id"].to_string(),
        list: list["id"].to_string(),
        form: form(client).await,
        person: person(client).await,
        connection: made(client, "connections", &serde_json::json!({ "name": "Ada", "username": "ada" })).await,
        key: made(client, "keys", &serde_json::json!({ "name": "a key", "scopes": [], "permissions": [] })).await,
    }
}

/// The id of what is made by a POST to the account.
async fn made(client: &Client, what: &str, new: &Value) -> String {
    let made = client.post_json(&format!("/v2/account/{what}"), new).await.ok();
    made["id"].as_str().unwrap().to_owned()
}

/// A release form with a document.
async fn form(client: &Client) -> String {
    let new = serde_json::json!({ "name": "a form", "type": "model" });
    let id = client.post_json("/v2/access/self/release-forms", &new).await.ok()["id"].to_string();
    client.put_bytes(&format!("/v2/access/self/release-forms/{id}/document"), &photo(8, 8, 2), &[]).await.ok();
    id
}

async fn person(client: &Client) -> String {
    let new = serde_json::json!({ "name": "a person" });
    client.post_json("/v2/access/self/tagged-friend-users", &new).await.ok()["id"].to_string()
}

fn nobodys() -> Ids {
    Ids {
        upload: UploadId::random().to_string(),
        media: "987654321".to_owned(),
        list: "987654".to_owned(),
        form: "987654".to_owned(),
        person: "987654".to_owned(),
        connection: ConnectionId::random().to_string(),
        key: KeyId::random().to_string(),
    }
}

/// Sends `operation` with this key and connection.
async fn send(operation: &Operation, client: &Client, ids: &Ids, key: &str, connection: Option<&str>) -> Answer {
    let request = operation.request(client, ids).header("apiKey", key);
    Answer::to(connection.into_iter().fold(request, |request, id| request.header("x-connection-id", id))).await
}

#[tokio::test]
async fn every_documented_operation_has_a_row() {
    let server = Server::start(&[]).await;
    let rows = operations().iter().map(|row| (row.method.to_string(), row.path.to_owned())).collect();
    assert_eq!(documented(&document(&server).await), rows, "the table of operations.rs is not the document's");
}

/// The router cannot be asked for its routes. Its source can: all of the API is declared in `documented`, where a router of
/// another kind cannot be merged, and what is mounted beside it is the delivery of signed URLs, the health
/// probes, and the document itself.
#[test]
fn every_route_is_documented() {
    let source = include_str!("../../../../strongroom-server/src/http.rs");
    let beside: Vec<&str> = source.split(".route(\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(
        beside,
        ["/media/{media}/{file}", "/people/{person}/{file}", "/health/live", "/health/ready", "/openapi.json", "/docs"]
    );
    for other in ["route_service", "nest", "fallback_service"] {
        assert!(!source.contains(other), "{other} adds routes that this test does not see");
    }
}

#[tokio::test]
async fn a_path_takes_the_documented_methods_and_no_others() {
    let server = Server::start(&[]).await;
    let documented = documented(&document(&server).await);
    let paths: BTreeSet<&String> = documented.iter().map(|(_, path)| path).collect();
    for path in paths {
        let concrete = path.replace("{mediaUploadId}", "upload:0").replace("{partNumber}", "1");
        let concrete = concrete.replace("{releaseFormId}", "1").replace("{personId}", "1");
        let concrete = concrete.replace("{mediaId}", "1").replace("{listId}", "1");
        let mut allowed: BTreeSet<&str> =
            documented.iter().filter(|(_, known)| known == path).map(|(method, _)| method.as_str()).collect();
        if allowed.contains("GET") {
            allowed.insert("HEAD");
        }
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"] {
            let request = server.client.bare(Method::from_bytes(method.as_bytes()).unwrap(), &concrete);
            let answer = Answer::to(request).await;
            // Other paths of the same length may be meant: `…/uploads/init` is also an `…/uploads/{id}`.
            if allowed.contains(method) || (answer.status == 401 && path.starts_with("/v2/access/uploads/")) {
                problem(&answer, 401, "UNAUTHORIZED");
                continue;
            }
            problem(&answer, 405, "METHOD_NOT_ALLOWED");
            let named: BTreeSet<&str> = answer.header("allow").split(',').map(str::trim).collect();
            assert!(named.is_superset(&allowed), "{method} {path}: Allow: {named:?}");
        }
    }
}

#[tokio::test]
async fn without_a_good_key_nothing_is_open() {
    let server = Server::start(&[]).await;
    let (client, ids) = (&server.client, ids(&server.client).await);
    for operation in operations() {
        let at = format!("{} {}", operation.method, operation.path);
        let request = operation.request(client, &ids).header("x-connection-id", client.connection.as_str());
        assert_eq!(problem(&Answer::to(request).await, 401, "UNAUTHORIZED")["details"], Value::Null, "{at}");
        for bad in ["", "sk_live_000000000000000000000000000000000000", &client.key[..client.key.len() - 1]] {
            let answer = send(&operation, client, &ids, bad, Some(client.connection.as_str())).await;
            problem(&answer, 401, "UNAUTHORIZED");
        }
    }
}

#[tokio::test]
async fn without_the_right_nothing_is_open() {
    let server = Server::start(&[]).await;
    let ids = ids(&server.client).await;
    let mine = server.client.connection.clone();
    for operation in operations() {
        let at = format!("{} {}", operation.method, operation.path);
        let Right::On(needed) = operation.right else {
            let scopeless = key(&server, |key| key.scopes = std::iter::empty().collect()).await;
            let answer = send(&operation, &server.client, &ids, &scopeless, None).await;
            assert!(message(&problem(&answer, 403, "FORBIDDEN")).ends_with("the scope ACCOUNT"), "{at}");
            if operation.right == Right::AccountOn {
                let answer = send(&operation, &server.client, &ids, &server.client.key, None).await;
                problem(&answer, 401, "SESSION_NOT_PROVIDED");
            }
            continue;
        };
        let others: Vec<Permission> = Permission::ALL.iter().copied().filter(|right| *right != needed).collect();
        let poor_key = key(&server, |key| key.permissions = others.iter().copied().collect()).await;
        let answer = send(&operation, &server.client, &ids, &poor_key, Some(mine.as_str())).await;
        let expected = format!("this API key does not have the permission {needed}");
        assert_eq!(message(&problem(&answer, 403, "FORBIDDEN")), expected, "{at}");

        let poor = connect(&server, |connection| connection.permissions = others.iter().copied().collect()).await;
        let answer = send(&operation, &server.client, &ids, &server.client.key, Some(poor.as_str())).await;
        let expected = format!("this connection does not have the permission {needed}");
        assert_eq!(message(&problem(&answer, 403, "FORBIDDEN")), expected, "{at}");

        let answer = send(&operation, &server.client, &ids, &server.client.key, None).await;
        problem(&answer, 401, "SESSION_NOT_PROVIDED");
    }
}

#[tokio::test]
async fn anothers_id_is_an_unknown_id() {
    let server = Server::start(&[]).await;
    let (stranger, foreigner) = (server.new_client().await, foreigner(&server).await);
    let (mine, nobodys) = (ids(&server.client).await, nobodys());
    for operation in operations().iter().filter(|operation| operation.about != About::Nothing) {
        let at = format!("{} {}", operation.method, operation.path);
        // Connections and keys are the organisation's.
        let stranger = if matches!(operation.about, About::Connection | About::Key) { &foreigner } else { &stranger };
        let ask =
            async |ids: &Ids| send(operation, stranger, ids, &stranger.key, Some(stranger.connection.as_str())).await;
        let (foreign, unknown) = (ask(&mine).await, ask(&nobodys).await);
        problem(&foreign, 404, "RESOURCE_NOT_FOUND");
        // A list's id, a short number, may occur within other ids; it is looked for as it is said.
        let masked = |ids: &Ids| {
            let named = [
                ("media", &ids.media),
                ("list", &ids.list),
                ("release form", &ids.form),
                ("tagged friend user", &ids.person),
                ("connection", &ids.connection),
                ("API key", &ids.key),
            ];
            let named = named.map(|(what, id)| format!("{what} {id}"));
            [std::slice::from_ref(&ids.upload), &named].concat()
        };
        let seen_without =
            |answer: &Answer, ids: &Ids| seen(answer, &masked(ids).iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(seen_without(&foreign, &mine), seen_without(&unknown, &nobodys), "{at}");
    }
    // And none of that did anything: all of it is still the owner's, and whole.
    let session = server.client.get(&format!("/v2/access/uploads/{}", mine.upload)).await.ok();
    assert_eq!((session["state"].as_str(), session["receivedBytes"].as_u64()), (Some("open"), Some(0)));
    let media = server.client.get(&format!("/v2/access/vault/media/{}/original", mine.media)).await;
    assert_eq!(media.bytes, photo(8, 8, 1));
}

/// What makes the other tests of this file worth anything: with every right and one's own ids, every row is answered well.
#[tokio::test]
async fn with_every_right_every_operation_works() {
    let server = Server::start(&[]).await;
    for operation in operations() {
        let ids = ids(&server.client).await;
        if operation.about == About::UploadInBody {
            let put = server.client.put_bytes(&format!("/v2/access/uploads/{}", ids.upload), BYTES, &[]).await;
            put.ok();
        }
        let connection = server.client.connection.as_str();
        let answer = send(&operation, &server.client, &ids, &server.client.key, Some(connection)).await;
        assert_eq!(answer.status, 200, "{} {}: {}", operation.method, operation.path, answer.text());
        assert!(!answer.bytes.is_empty(), "one client decodes every body, and fails on an empty one");
    }
}
