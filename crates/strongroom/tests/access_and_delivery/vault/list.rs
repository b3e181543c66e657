//! `GET /v2/access/vault/media`, in the words of both generations of clients.

use std::time::Duration;

use serde_json::Value;

use crate::problem::{message, problem};
use crate::shelf::{ids, shelve};
use crate::support::{Client, Server, noise, photo};

const LIST: &str = "/v2/access/vault/media";

/// Five media a second apart: three photos and two that are no media, declared as films. Answers their ids, oldest first.
async fn five(server: &Server) -> Vec<i64> {
    let bytes = photo(8, 8, 1);
    let mut made = Vec::new();
    for number in 0..5 {
        server.clock.advance(Duration::from_secs(1));
        let (_, media) = if number < 3 {
            shelve(&server.client, "a.png", &bytes).await
        } else {
            shelve_film(&server.client, &noise(100 + number)).await
        };
        made.push(media["id"].as_i64().unwrap());
    }
    made
}

/// Bytes that are no media, declared to be a film.
async fn shelve_film(client: &Client, bytes: &[u8]) -> (String, Value) {
    let body = serde_json::json!({ "filename": "a.mp4", "size": bytes.len(), "contentType": "video/mp4" });
    let session = client.post_json("/v2/access/uploads/init", &body).await.ok();
    let id = session["mediaUploadId"].as_str().unwrap().to_owned();
    let put = client.put_bytes(&format!("/v2/access/uploads/{id}"), bytes, &[]).await.ok();
    (id, put["media"].clone())
}

fn reversed(ids: &[i64]) -> Vec<i64> {
    ids.iter().rev().copied().collect()
}

#[tokio::test]
async fn pages_hold_every_media_once() {
    let server = Server::start(&[]).await;
    let made = five(&server).await;
    for limit in [1, 2, 3, 4, 5, 6, 40] {
        let (mut seen, mut offset) = (Vec::new(), 0);
        loop {
            let page = server.client.get(&format!("{LIST}?limit={limit}&offset={offset}")).await;
            let found = ids(&page);
            let has_more = page.ok()["hasMore"].as_bool().unwrap();
            // One client asks on for as long as it is told that there is more.
            assert!(!(has_more && found.is_empty()), "{limit} {offset}");
            assert!(found.len() <= limit);
            let mut keys: Vec<String> = page.ok().as_object().unwrap().keys().cloned().collect();
            keys.retain(|key| key != "nextCursor");
            assert_eq!(keys, ["hasMore", "list"]);
            assert_eq!(page.ok().get("nextCursor").is_some(), has_more);
            offset += found.len();
            seen.extend(found);
            if !has_more {
                break;
            }
        }
        assert_eq!(seen, reversed(&made), "limit {limit}");
    }
    let beyond = server.client.get(&format!("{LIST}?offset=5")).await.ok();
    assert_eq!(beyond, serde_json::json!({ "list": [], "hasMore": false }));
}

#[tokio::test]
async fn what_clients_send_for_nothing_is_nothing() {
    let server = Server::start(&[]).await;
    let made = reversed(&five(&server).await);
    for query in [
        "",
        "?",
        "?offset=null",
        "?offset=0",
        "?offset=0.0&limit=24.0",
        "?limit=&offset=",
        "?mediaType=undefined",
        "?sort=",
    ] {
        assert_eq!(ids(&server.client.get(&format!("{LIST}{query}")).await), made, "{query}");
    }
}

#[tokio::test]
async fn both_generations_sort_and_filter() {
    let server = Server::start(&[]).await;
    let made = five(&server).await;
    let (newest, films, photos) = (reversed(&made), reversed(&made[3..]), reversed(&made[..3]));
    for (query, expected) in [
        ("sortBy=recent", &newest),
        ("sortBy=recent&sortDirection=desc", &newest),
        ("sortBy=recent&sortDirection=asc", &made),
        ("sortDirection=asc", &made),
        ("sort=recent", &newest),
        ("sort=oldest", &made),
        ("sort=oldest&sortBy=recent&sortDirection=desc", &made),
        ("mediaType=photo", &photos),
        ("type=video", &films),
        ("type=video&mediaType=photo", &films),
        ("type=audio", &Vec::new()),
        ("type=gif", &Vec::new()),
        ("status=error", &films),
        ("status=ready", &photos),
        ("status=ready&type=video", &Vec::new()),
        ("status=processing", &Vec::new()),
        // Nobody has liked anything yet, so these fall back on the id, in the same direction.
        ("sortBy=most-liked", &newest),
        ("sortBy=highest-tips&sortDirection=asc", &made),
        ("sort=most_liked", &newest),
        ("sort=highest_tips", &newest),
    ] {
        assert_eq!(&ids(&server.client.get(&format!("{LIST}?{query}")).await), expected, "{query}");
    }
}

#[tokio::test]
async fn what_is_out_of_range_is_named() {
    let server = Server::start(&[]).await;
    for (query, named) in [
        ("limit=0", "limit: `0` is not a whole number from 1 to 40"),
        ("limit=41", "limit: `41` is not a whole number from 1 to 40"),
        ("limit=-1", "limit: `-1` is not"),
        ("limit=2.5", "limit: `2.5` is not"),
        ("limit=ten", "limit: `ten` is not"),
        ("limit=99999999999999999999", "limit: `99999999999999999999` is not"),
        ("offset=-1", "offset: `-1` is not a whole number of at least 0"),
        ("offset=x", "offset: `x` is not"),
        ("sortBy=name", "sortBy: `name` is not recent, most-liked or highest-tips"),
        ("sort=most-liked", "sort: `most-liked` is not recent, oldest, most_liked or highest_tips"),
        ("sortDirection=up", "sortDirection: `up` is not asc or desc"),
        ("mediaType=film", "mediaType: `film` is not photo, video, audio or gif"),
        ("type=film", "type: `film` is not"),
        ("status=done", "status: `done` is not"),
        ("listId=:listId", "listId: `:listId` is not the id of a list"),
        ("listId=0", "listId: `0` is not the id of a list"),
        ("trash=maybe", "trash: `maybe` is not true or false"),
        ("trash=true&listId=1", "trash: `true` is not possible together with listId"),
        ("createdFrom=yesterday", "createdFrom: `yesterday` is not a time (RFC 3339"),
        ("createdTo=2026-13-01", "createdTo: `2026-13-01` is not a time"),
        ("query=%00", "query: `\0` is not a text of at most 100 characters"),
        ("cursor=next", "cursor: `next` is not a nextCursor of this call"),
        ("cursor=ca1-1", "cursor: `ca1-1` is not a cursor of this sort order"),
    ] {
        let body = problem(&server.client.get(&format!("{LIST}?{query}")).await, 400, "BAD_REQUEST");
        assert!(message(&body).starts_with(named), "{query}: {body}");
        assert_eq!(body["details"]["field"], query.split('=').next().unwrap());
    }
    let long = "x".repeat(101);
    let body = problem(&server.client.get(&format!("{LIST}?query={long}")).await, 400, "BAD_REQUEST");
    assert!(message(&body).ends_with("is not a text of at most 100 characters, none of them NUL"), "{body}");
    server.client.get(&format!("{LIST}?query={}", "é".repeat(100))).await.ok();
    server.client.get(&format!("{LIST}?offset=9007199254740991")).await.ok();
    problem(&server.client.get(&format!("{LIST}?listId=7")).await, 404, "RESOURCE_NOT_FOUND");
}

#[tokio::test]
async fn two_tenants_see_their_own() {
    let server = Server::start(&[]).await;
    let (one, two) = (server.client.clone(), server.new_client().await);
    let bytes = photo(8, 8, 7);
    let (_, first) = shelve(&one, "one's canary.png", &bytes).await;
    // The same bytes: what is one's must not be found through the other's copy, nor show its name.
    let (_, second) = shelve(&two, "two's canary.png", &bytes).await;
    assert_ne!(first["id"], second["id"]);
    for query in
        ["", "?type=photo", "?status=ready", "?sort=oldest&limit=40", "?query=canary", "?query=.", "?query=%27"]
    {
        let list = two.get(&format!("{LIST}{query}")).await;
        assert_eq!(ids(&list), [second["id"].as_i64().unwrap()], "{query}");
        assert!(!list.text().contains("one's"));
    }
    for query in ["?query=%25", "?query=_", "?query=one%27s", "?query=*", "?query=%22%20OR%20%22", "?trash=true"] {
        assert_eq!(ids(&two.get(&format!("{LIST}{query}")).await), Vec::<i64>::new(), "{query}");
    }
}
