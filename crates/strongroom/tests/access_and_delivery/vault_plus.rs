//! The stored-media calls: a thin view on the same media, under three generations of paths.

use reqwest::Method;
use serde_json::{Value, json};
use strongroom_core::id::ConnectionId;

use crate::by_hand::by_hand;
use crate::problem::{message, problem};
use crate::shelf::{SAMPLE, init, shelve};
use crate::support::{Answer, Client, Server, eventually, photo};

const LISTS: [&str; 3] = ["/v2/vault-plus/list", "/v2/vault-plus/media", "/v2/vault/list"];

fn sum_of_sizes(item: &Value) -> u64 {
    item["media"].as_object().unwrap().values().map(|variant| variant["sizeBytes"].as_u64().unwrap()).sum()
}

fn ids(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect()
}

async fn get(client: &Client, path: &str) -> Value {
    client.get(path).await.ok()
}

#[tokio::test]
async fn a_photo_is_shown_with_its_variants() {
    let server = Server::start(&[]).await;
    let client = &server.client;
    let (upload, media) = shelve(client, "a.jpg", SAMPLE).await;
    let id = media["id"].to_string();
    let item = get(client, &format!("/v2/vault-plus/{id}")).await;
    assert_eq!((&item["id"], &item["type"], &item["duration"]), (&json!(id), &json!("image"), &json!(0.0)));
    let labels: Vec<&String> = item["media"].as_object().unwrap().keys().collect();
    assert_eq!(labels, ["full", "preview", "thumb"]);
    let full = &item["media"]["full"];
    assert_eq!(full["id"], format!("{id}-full"));
    assert_eq!(
        (&full["status"], &full["quality"], &full["source"]),
        (&json!("stored"), &json!("full"), &json!("vault"))
    );
    assert_eq!((&full["contentType"], &full["sizeBytes"]), (&json!("image/jpeg"), &media["files"]["full"]["size"]));
    assert_eq!(full["url"], media["files"]["full"]["url"], "the same URL in the same hour: caches hit");
    for time in ["createdAt", "storedAt", "lastAccessedAt", "expiresAt"] {
        assert!(full[time].as_i64().unwrap() > 1_700_000_000_000, "{time}: {full}");
    }
    let answer = Answer::to(client.bare(Method::GET, item["media"]["thumb"]["url"].as_str().unwrap())).await;
    assert_eq!(answer.bytes.len() as u64, item["media"]["thumb"]["sizeBytes"].as_u64().unwrap());

    // Whichever path, whichever way the media is named.
    for path in [
        format!("/v2/vault-plus/media/{id}"),
        format!("/v2/vault/{id}"),
        format!("/v2/vault-plus/{id}.0"),
        format!("/v2/vault-plus/{upload}"),
    ] {
        assert_eq!(get(client, &path).await, item, "{path}");
    }
    for path in LISTS {
        assert_eq!(get(client, path).await, json!({ "items": [item] }), "{path}");
    }
    for path in ["/v2/vault-plus/batch", "/v2/vault-plus/media/batch", "/v2/vault/batch"] {
        let body = json!({ "mediaIds": [id, upload, "987654321", "nonsense", format!("{id}.0")] });
        assert_eq!(client.post_json(path, &body).await.ok(), json!({ "items": [item] }), "{path}");
    }
}

#[tokio::test]
async fn a_list_is_paged_and_filtered() {
    let server = Server::start(&[]).await;
    let client = &server.client;
    let mut made = Vec::new();
    for seed in 1..=5 {
        made.push(shelve(client, "a.png", &photo(8, 8, seed)).await.1["id"].to_string());
    }
    made.reverse();
    let mut seen: Vec<String> = Vec::new();
    let mut path = "/v2/vault-plus/list?limit=2.0".to_owned();
    loop {
        let page = get(client, &path).await;
        seen.extend(ids(&page).iter().map(|id| (*id).to_owned()));
        let Some(cursor) = page.get("nextCursor") else { break };
        path = format!("/v2/vault-plus/list?limit=2.0&cursor={}", cursor.as_str().unwrap());
    }
    assert_eq!(seen, made);
    // A full last page has nothing after it, and says so.
    assert_eq!(get(client, "/v2/vault-plus/list?limit=5").await.get("nextCursor"), None);

    for (query, count) in [
        ("status=stored&source=vault&contentType=image/png", 5),
        ("contentType=image/*&type=image", 5),
        ("contentType=video/mp4", 0),
        ("type=video", 0),
        ("type=audio", 0),
        ("status=pending", 0),
        ("status=storing", 0),
        ("status=edge_only", 0),
        ("status=removed", 0),
        ("source=messages", 0),
        ("durationMin=0", 0),
        ("durationMax=10.5", 0),
        ("createdAtFrom=2020-01-01T00:00:00Z", 5),
        ("createdAtFrom=99999999999999", 0),
        ("whatever=1&status=&cursor=null", 5),
    ] {
        for path in LISTS {
            assert_eq!(ids(&get(client, &format!("{path}?{query}")).await).len(), count, "{path}?{query}");
        }
    }
    for (name, value) in [
        ("status", "ready"),
        ("source", "elsewhere"),
        ("type", "photo"),
        ("limit", "0"),
        ("limit", "101"),
        ("cursor", "nonsense"),
        ("durationMin", "-1"),
        ("durationMax", "NaN"),
        ("createdAtFrom", "yesterday"),
    ] {
        let answer = client.get(&format!("/v2/vault-plus/list?{name}={value}")).await;
        assert_eq!(problem(&answer, 400, "BAD_REQUEST")["details"]["field"], name);
    }
}

#[tokio::test]
async fn what_is_processed_or_failed_says_so() {
    let server = Server::start_without_worker(&[]).await;
    let client = &server.client;
    let id = init(client, "a.png", photo(8, 8, 1).len()).await;
    client.put_bytes(&format!("/v2/access/uploads/{id}"), &photo(8, 8, 1), &[("Prefer", "wait=0")]).await.ok();
    let failed = init(client, "b.png", 4).await;
    client.put_bytes(&format!("/v2/access/uploads/{failed}"), b"four", &[]).await.ok();

    let item = get(client, &format!("/v2/vault-plus/{id}")).await;
    let full = &item["media"]["full"];
    assert_eq!((&full["status"], &full["storedAt"], full.get("url")), (&json!("pending"), &Value::Null, None));
    assert_eq!(full["contentType"], "image/png");
    assert_eq!(get(client, &format!("/v2/vault-plus/{failed}")).await["media"], json!({}));
    assert_eq!(ids(&get(client, "/v2/vault-plus/list?status=pending").await).len(), 1);
    assert_eq!(ids(&get(client, "/v2/vault-plus/list").await).len(), 2);
    for path in ["/v2/vault-plus/store/status", "/v2/vault-plus/status"] {
        let status = get(client, path).await;
        assert_eq!(status["connectionId"], client.connection.as_str());
        assert_eq!((&status["totalMedia"], &status["storedCount"]), (&json!(2), &json!(0)));
        assert_eq!(status["pendingCount"], 1);
        assert_eq!(status["totalSizeBytes"], photo(8, 8, 1).len() + 4);
    }
    for path in ["/v2/vault-plus/store/stats", "/v2/vault-plus/stats"] {
        let request = client.bare(Method::GET, path).header("apiKey", &client.key);
        let stats = Answer::to(request).await.ok();
        assert_eq!((&stats["totalConnections"], &stats["totalMediaCount"]), (&json!(1), &json!(2)));
        assert_eq!(stats["totalStorageBytes"], photo(8, 8, 1).len() + 4);
    }
}

#[tokio::test]
async fn what_is_deleted_lies_in_the_trash() {
    let server = Server::start(&[]).await;
    let client = &server.client;
    let mut items = Vec::new();
    for (seed, path) in [(1, "/v2/vault-plus/"), (2, "/v2/vault-plus/media/"), (3, ""), (4, "")] {
        let (_, media) = shelve(client, "a.png", &photo(8, 8, seed)).await;
        let id = media["id"].to_string();
        items.push(get(client, &format!("/v2/vault-plus/{id}")).await);
        if !path.is_empty() {
            let path = format!("{path}{id}");
            let freed = sum_of_sizes(items.last().unwrap());
            let answer = client.delete(&path).await.ok();
            assert_eq!(answer, json!({ "success": true, "mediaId": id, "freedBytes": freed }), "{path}");
            problem(&client.delete(&path).await, 404, "RESOURCE_NOT_FOUND");
            problem(&client.get(&path).await, 404, "RESOURCE_NOT_FOUND");
        }
    }
    let url = items[0]["media"]["thumb"]["url"].as_str().unwrap();
    assert_ne!(Answer::to(client.bare(Method::GET, url)).await.status, 200, "every URL died");
    let trash = get(client, "/v2/vault-plus/list?status=removed").await;
    assert_eq!(ids(&trash), [items[1]["id"].as_str().unwrap(), items[0]["id"].as_str().unwrap()]);
    let thumb = &trash["items"][0]["media"]["thumb"];
    assert_eq!((&thumb["status"], thumb.get("url")), (&json!("removed"), None));

    let freed: u64 = items[2..].iter().map(sum_of_sizes).sum();
    let answer = client.delete("/v2/vault-plus/purge").await.ok();
    assert_eq!(answer, json!({ "success": true, "purgedCount": 6, "freedBytes": freed }));
    let answer = client.delete("/v2/vault-plus/media").await.ok();
    assert_eq!(answer, json!({ "success": true, "purgedCount": 0, "freedBytes": 0 }));
    assert_eq!(get(client, "/v2/vault-plus/list").await, json!({ "items": [] }));
    assert_eq!(ids(&get(client, "/v2/vault-plus/list?status=removed").await).len(), 4);
}

#[tokio::test]
async fn without_consent_a_variant_has_no_url() {
    let server = Server::start(&[]).await;
    let client = &server.client;
    let (_, media) = shelve(client, "a.png", &photo(8, 8, 1)).await;
    by_hand(&server, &format!("update connection set consent_policy = 'require' where id = '{}'", client.connection));
    for path in [format!("/v2/vault-plus/{}", media["id"]), "/v2/vault-plus/list".to_owned()] {
        let answer = get(client, &path).await;
        assert!(answer.to_string().contains("\"status\":\"stored\""), "{answer}");
        assert!(!answer.to_string().contains("url"), "{answer}");
    }
}

#[tokio::test]
async fn a_batch_has_at_most_100_ids() {
    let server = Server::start(&[]).await;
    let ask = async |ids: Value| server.client.post_json("/v2/vault-plus/batch", &json!({ "mediaIds": ids })).await;
    assert_eq!(ask(json!([])).await.ok(), json!({ "items": [] }));
    assert_eq!(ask((1..=100).collect()).await.ok(), json!({ "items": [] }));
    let body = problem(&ask((1..=101).collect()).await, 400, "BAD_REQUEST");
    assert_eq!(message(&body), "mediaIds: `101` is not a list of at most 100 ids");
    let body = problem(&ask(json!(["1", true])).await, 400, "BAD_REQUEST");
    assert_eq!(message(&body), "mediaIds[1]: `true` is not a media id");
    problem(&ask(Value::Null).await, 400, "BAD_REQUEST");
}

fn storing(list: &str) -> [(Method, String); 3] {
    [
        (Method::POST, format!("/v2/vault-plus/store/list/{list}")),
        (Method::PUT, format!("/v2/vault-plus/lists/{list}/sync")),
        (Method::POST, format!("/v2/vault/cache/list/{list}")),
    ]
}

#[tokio::test]
async fn a_list_is_stored_at_once() {
    let server = Server::start(&[]).await;
    let client = &server.client;
    let (_, media) = shelve(client, "a.png", &photo(8, 8, 1)).await;
    let list = client.post_json("/v2/access/vault/lists", &json!({ "name": "Summer" })).await.ok()["id"].to_string();
    let path = format!("/v2/access/vault/lists/{list}/media");
    client.post_json(&path, &json!({ "mediaIds": [media["id"]] })).await.ok();
    for (method, path) in storing(&list) {
        let answer = Answer::to(client.request(method, &path)).await.ok();
        assert_eq!(answer, json!({ "queued": true, "listId": list, "estimatedItems": 1 }), "{path}");
    }
    // One client sends the template's own words.
    for unknown in ["999", ":listId", "%3AlistId"] {
        for (method, path) in storing(unknown) {
            problem(&Answer::to(client.request(method, &path)).await, 404, "RESOURCE_NOT_FOUND");
        }
    }
}

#[tokio::test]
async fn a_static_segment_is_never_an_id() {
    let server = Server::start(&[]).await;
    for path in ["batch", "purge", "media/batch"] {
        let answer = server.client.get(&format!("/v2/vault-plus/{path}")).await;
        assert!(matches!(answer.status, 404 | 405), "{path}: {}", answer.text());
    }
    problem(&server.client.delete("/v2/vault-plus/list").await, 405, "METHOD_NOT_ALLOWED");
    problem(&server.client.delete("/v2/vault-plus/status").await, 405, "METHOD_NOT_ALLOWED");
}

/// The counts of `label`, once they were written.
async fn counted(client: &Client, id: &str, label: &str, expected: u64) -> Value {
    eventually(async || {
        let item = get(client, &format!("/v2/vault-plus/{id}")).await;
        let variant = item["media"][label].clone();
        (variant["accessCount"].as_u64() >= Some(expected)).then_some(variant)
    })
    .await
}

#[tokio::test]
async fn fetches_are_counted() {
    let server = Server::start(&[]).await;
    let client = &server.client;
    let (_, media) = shelve(client, "a.jpg", SAMPLE).await;
    let id = media["id"].to_string();
    let item = get(client, &format!("/v2/vault-plus/{id}")).await;
    let thumb = item["media"]["thumb"].clone();
    assert_eq!(thumb["accessCount"], 0);
    let fetch = async |method: Method, headers: &[(&str, &str)]| {
        let request = client.bare(method, thumb["url"].as_str().unwrap());
        Answer::to(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
    };
    server.clock.advance(std::time::Duration::from_secs(60));
    let whole = fetch(Method::GET, &[]).await;
    assert_eq!(whole.status, 200);
    assert_eq!(fetch(Method::GET, &[("Range", "bytes=0-9")]).await.status, 206);
    // These have not begun to read it.
    assert_eq!(fetch(Method::GET, &[("Range", "bytes=10-19")]).await.status, 206);
    assert_eq!(fetch(Method::GET, &[("Range", "bytes=999999999-")]).await.status, 416);
    assert_eq!(fetch(Method::GET, &[("If-None-Match", whole.header("etag"))]).await.status, 304);
    assert_eq!(fetch(Method::HEAD, &[]).await.status, 200);
    let full = item["media"]["full"]["url"].as_str().unwrap();
    assert_eq!(Answer::to(client.bare(Method::GET, full)).await.status, 200);

    let now = counted(client, &id, "thumb", 2).await;
    assert_eq!(now["accessCount"], 2);
    assert_eq!(now["lastAccessedAt"].as_i64().unwrap(), thumb["lastAccessedAt"].as_i64().unwrap().max(0) + 60_000);
    assert_eq!(counted(client, &id, "full", 1).await["accessCount"], 1);
}

#[tokio::test]
async fn a_connection_is_needed_but_for_the_stats() {
    let server = Server::start(&[]).await;
    let unknown = ConnectionId::random();
    for (connection, kind) in [(None, "SESSION_NOT_PROVIDED"), (Some(unknown.as_str()), "SESSION_NOT_PROVIDED")] {
        let request = server.client.bare(Method::GET, "/v2/vault-plus/list").header("apiKey", &server.client.key);
        let request = connection.into_iter().fold(request, |request, id| request.header("x-connection-id", id));
        problem(&Answer::to(request).await, 401, kind);
    }
}
