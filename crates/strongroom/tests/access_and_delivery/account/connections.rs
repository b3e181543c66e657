//! Connections: made, listed, invalidated, deleted.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use super::{each, sandbox, with_key};
use crate::access::{connect, foreigner, key};
use crate::problem::{message, problem};
use crate::shelf::{SAMPLE, init, shelve, urls};
use crate::support::{Answer, Client, Server, eventually, noise};

const CONNECTIONS: &str = "/v2/account/connections";

#[tokio::test]
async fn a_connection_is_made_and_listed_with_all_that_is_known_of_it() {
    let server = Server::start(&[]).await;
    let client = &server.client;
    server.clock.advance(Duration::from_secs(1));
    let new = json!({
        "name": "Ana Ärmel", "username": "ana", "avatar": "https://127.0.0.1/ana.jpg",
        "permissions": ["vault:write", "vault:read"], "clientReferenceId": "account 7",
    });
    let made = client.post_json(CONNECTIONS, &new).await.ok();
    let mut expected = json!({
        "status": "active", "id": made["id"], "imported": false,
        "userData": { "id": made["userData"]["id"], "name": "Ana Ärmel", "username": "ana", "avatar": "https://127.0.0.1/ana.jpg" },
        "permissions": ["vault:read", "vault:write"], "clientReferenceId": "account 7",
        "expiredAt": null, "lastCheckedAt": null, "createdAt": made["createdAt"], "updatedAt": made["createdAt"],
    });
    assert_eq!(made, expected);
    assert!(made["userData"]["id"].as_str().unwrap().parse::<u64>().is_ok());

    let own = Client::new(server.address, &client.key, made["id"].as_str().unwrap().parse().unwrap());
    own.get("/v2/access/vault/media").await.ok();
    problem(&own.get("/v2/access/self").await, 403, "FORBIDDEN");
    let listed = eventually(async || {
        let page = client.get(&format!("{CONNECTIONS}?limit=1")).await.ok();
        assert_eq!(page["hasMore"], true);
        (!page["list"][0]["lastCheckedAt"].is_null()).then(|| page["list"][0].clone())
    });
    let listed = listed.await;
    expected["lastCheckedAt"] = listed["lastCheckedAt"].clone();
    assert_eq!(listed, expected);

    // The shortest that will do, and clients that send null for nothing.
    let plain = json!({ "name": "B", "username": "b", "avatar": null, "permissions": null, "clientReferenceId": null });
    let made = client.post_json(CONNECTIONS, &plain).await.ok();
    assert_eq!(made["permissions"].as_array().unwrap().len(), 4);
    assert_eq!((&made["userData"]["avatar"], &made["clientReferenceId"]), (&json!(null), &json!(null)));
}

#[tokio::test]
async fn what_is_wrong_with_a_new_connection_is_named() {
    let server = Server::start(&[]).await;
    let good = json!({ "name": "a", "username": "b" });
    for (field, value, said) in [
        ("name", json!(null), "name: missing"),
        ("name", json!(""), "name: `` is not a text of 1 to 200 characters"),
        ("username", json!("x".repeat(201)), "username: `xxx"),
        ("avatar", json!("javascript:alert(1)"), "avatar: `javascript:alert(1)` is not an https:// or http:// URL"),
        ("permissions", json!(["vault:read", "vault:fly"]), "permissions[1]: `vault:fly` is not one of vault:read"),
        ("permissions", json!("vault:read"), "permissions: "),
        ("clientReferenceId", json!(""), "clientReferenceId: "),
    ] {
        let mut body = good.clone();
        body[field] = value;
        let problem = problem(&server.client.post_json(CONNECTIONS, &body).await, 400, "BAD_REQUEST");
        assert!(message(&problem).starts_with(said), "{problem}");
    }
}

#[tokio::test]
async fn a_list_is_paged_and_filtered() {
    let server = Server::start(&[]).await;
    let client = &server.client;
    let mut newest_first = vec![client.connection.to_string()];
    for number in 0..11 {
        server.clock.advance(Duration::from_secs(1));
        let new = json!({ "name": number.to_string(), "username": "x" });
        newest_first.insert(0, client.post_json(CONNECTIONS, &new).await.ok()["id"].as_str().unwrap().to_owned());
    }
    let list = async |query: &str| client.get(&format!("{CONNECTIONS}{query}")).await.ok();
    let first = list("").await;
    assert_eq!((each(&first, "id"), &first["hasMore"]), (newest_first[..10].to_vec(), &json!(true)));
    let last = list("?limit=10.0&offset=10").await;
    assert_eq!((each(&last, "id"), &last["hasMore"]), (newest_first[10..].to_vec(), &json!(false)));
    assert_eq!(list("?offset=99").await, json!({ "list": [], "hasMore": false }));
    assert_eq!(list("?imported=true").await, json!({ "list": [], "hasMore": false }));
    assert_eq!(list("?imported=false&limit=100").await["list"].as_array().unwrap().len(), 12);

    client.post_json(&format!("{CONNECTIONS}/{}/invalidate", newest_first[3]), &json!({})).await.ok();
    assert_eq!(each(&list("?status=expired").await, "id"), newest_first[3..4]);
    assert_eq!(list("?status=active&limit=100").await["list"].as_array().unwrap().len(), 11);
    for query in ["?limit=0", "?limit=101", "?offset=-1", "?status=gone", "?imported=maybe"] {
        problem(&client.get(&format!("{CONNECTIONS}{query}")).await, 400, "BAD_REQUEST");
    }
}

#[tokio::test]
async fn an_invalidated_connection_cannot_be_used_but_is_kept() {
    let server = Server::start(&[]).await;
    let client = &server.client;
    let path = format!("{CONNECTIONS}/{}", client.connection);
    let invalidate = async || Answer::to(client.request(Method::POST, &format!("{path}/invalidate"))).await.ok();
    assert_eq!(invalidate().await, json!({}));
    assert_eq!(invalidate().await, json!({}), "again is fine");
    problem(&client.get("/v2/access/vault/media").await, 401, "SESSION_EXPIRED");
    let listed = client.get(CONNECTIONS).await.ok()["list"][0].clone();
    assert_eq!(listed["status"], "expired");
    assert!(listed["expiredAt"].is_string());
    client.get(&format!("{path}/settings")).await.ok();
}

/// Unknown at once to every call, its URLs dead; its files and rows go with the next sweeps, its audit log stays.
#[tokio::test]
async fn a_deleted_connection_is_unknown_and_its_bytes_go() {
    let server = Server::start(&[("STRONGROOM_SWEEP__INTERVAL_SECONDS", "0.05")]).await;
    let (doomed, other) = (server.new_client().await, &server.client);
    let (_, media) = shelve(&doomed, "a.jpg", SAMPLE).await;
    let upload = init(&doomed, "b.bin", 9 << 20).await;
    let part = noise(8 << 20);
    doomed.put_bytes(&format!("/v2/access/uploads/{upload}/parts/1"), &part, &[]).await.ok();
    let form = json!({ "name": "a form", "type": "model" });
    let form = doomed.post_json("/v2/access/self/release-forms", &form).await.ok();
    shelve(other, "a.jpg", SAMPLE).await;
    assert_eq!((server.files("blobs").len(), server.files("staging").is_empty()), (2, false));

    let path = format!("{CONNECTIONS}/{}", doomed.connection);
    assert_eq!(Answer::to(other.request(Method::DELETE, &path).json(&json!({}))).await.ok(), json!({}));
    problem(&doomed.get("/v2/access/vault/media").await, 401, "SESSION_NOT_PROVIDED");
    for url in urls(&media) {
        problem(&Answer::to(doomed.bare(Method::GET, &url)).await, 404, "RESOURCE_NOT_FOUND");
    }
    problem(&other.delete(&path).await, 404, "RESOURCE_NOT_FOUND");
    problem(&other.get(&format!("{path}/settings")).await, 404, "RESOURCE_NOT_FOUND");
    assert_eq!(each(&other.get(CONNECTIONS).await.ok(), "id"), [other.connection.to_string()]);

    eventually(async || (server.files("blobs").len() == 1 && server.files("staging").is_empty()).then_some(())).await;
    let kept = server.catalog.usage(other.connection.clone()).await.unwrap();
    assert_eq!(kept.stored_bytes, SAMPLE.len() as u64);
    eventually(async || {
        server.catalog.remains(doomed.connection.clone()).await.unwrap().blobs.is_empty().then_some(())
    })
    .await;
    assert!(form["id"].is_number());
}

#[tokio::test]
async fn the_two_worlds_and_organisations_never_meet() {
    let server = Server::start(&[]).await;
    let (live, sandbox, foreigner) = (&server.client, sandbox(&server).await, foreigner(&server).await);
    for client in [live, &sandbox, &foreigner] {
        assert_eq!(each(&client.get(CONNECTIONS).await.ok(), "id"), [client.connection.to_string()]);
        for other in [live, &sandbox, &foreigner].into_iter().filter(|other| other.connection != client.connection) {
            let path = format!("{CONNECTIONS}/{}", other.connection);
            let expected = format!("there is no connection {}", other.connection);
            for (method, path) in [
                (Method::DELETE, path.clone()),
                (Method::POST, format!("{path}/invalidate")),
                (Method::GET, format!("{path}/settings")),
                (Method::PATCH, format!("{path}/settings")),
            ] {
                let answer = Answer::to(client.request(method, &path).json(&json!({}))).await;
                assert_eq!(message(&problem(&answer, 404, "RESOURCE_NOT_FOUND")), expected);
            }
        }
    }
    let tried = sandbox.post_json(CONNECTIONS, &json!({ "name": "a", "username": "b" })).await.ok();
    assert_eq!(sandbox.get(CONNECTIONS).await.ok()["list"].as_array().unwrap().len(), 2);
    assert_eq!(live.get(CONNECTIONS).await.ok()["list"].as_array().unwrap().len(), 1, "{tried}");
}

#[tokio::test]
async fn a_key_for_some_connections_sees_only_those() {
    let server = Server::start(&[]).await;
    let mine = server.client.connection.clone();
    let another = connect(&server, |_| {}).await;
    let limited = key(&server, |key| key.connections = Some(vec![mine.clone()])).await;
    let limited = with_key(&server.client, &limited);
    assert_eq!(each(&limited.get(CONNECTIONS).await.ok(), "id"), [mine.to_string()]);
    limited.get(&format!("{CONNECTIONS}/{mine}/settings")).await.ok();
    problem(&limited.get(&format!("{CONNECTIONS}/{another}/settings")).await, 404, "RESOURCE_NOT_FOUND");
    problem(&limited.delete(&format!("{CONNECTIONS}/{another}")).await, 404, "RESOURCE_NOT_FOUND");
    let new = json!({ "name": "a", "username": "b" });
    problem(&limited.post_json(CONNECTIONS, &new).await, 403, "FORBIDDEN");
}
