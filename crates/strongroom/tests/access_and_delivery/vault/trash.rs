//! Deleting, restoring and purging media.

use std::time::Duration;

use serde_json::{Value, json};

use crate::problem::{message, problem};
use crate::shelf::{ids, init, shelve, urls};
use crate::support::{Answer, Client, Server, eventually, photo};

const MEDIA: &str = "/v2/access/vault/media";
const QUICK_SWEEPS: (&str, &str) = ("STRONGROOM_SWEEP__INTERVAL_SECONDS", "0.05");
const DAY: Duration = Duration::from_secs(24 * 3600);

async fn delete(client: &Client, media: &Value, query: &str) -> Answer {
    client.delete(&format!("{MEDIA}/{}{query}", media["id"])).await
}

async fn restore(client: &Client, media: &Value) -> Answer {
    client.post_json(&format!("{MEDIA}/{}/restore", media["id"]), &json!({})).await
}

async fn statuses(client: &Client, urls: &[String]) -> Vec<u16> {
    let mut statuses = Vec::new();
    for url in urls {
        statuses.push(Answer::to(client.bare(reqwest::Method::GET, url)).await.status);
    }
    statuses
}

#[tokio::test]
async fn what_is_deleted_is_out_of_sight_at_once_and_comes_back() {
    let server = Server::start(&[]).await;
    let client = &server.client;
    let bytes = photo(40, 30, 1);
    let (upload, media) = shelve(client, "a.png", &bytes).await;
    let urls = urls(&media["files"]);
    assert!(urls.len() >= 4 && statuses(client, &urls).await.iter().all(|status| *status == 200));

    assert_eq!(delete(client, &media, "").await.ok(), json!({}));
    assert_eq!(delete(client, &media, "").await.ok(), json!({}), "it is deleted");
    assert!(statuses(client, &urls).await.iter().all(|status| matches!(status, 403 | 404)));
    for path in ["", "/original"] {
        problem(&client.get(&format!("{MEDIA}/{}{path}", media["id"])).await, 404, "RESOURCE_NOT_FOUND");
    }
    assert_eq!(ids(&client.get(MEDIA).await), Vec::<i64>::new());
    let check = json!({ "etag": media["etag"], "size": bytes.len() });
    assert_eq!(client.post_json("/v2/access/uploads/check", &check).await.ok(), json!({ "exists": false }));
    let completed = client.post_json("/v2/access/uploads/complete", &json!({ "mediaUploadId": upload })).await;
    problem(&completed, 404, "RESOURCE_NOT_FOUND");
    let session = client.get(&format!("/v2/access/uploads/{upload}")).await.ok();
    assert_eq!((&session["state"], session.get("media")), (&json!("completed"), None));

    let trash = client.get(&format!("{MEDIA}?trash=true")).await;
    assert_eq!(ids(&trash), [media["id"].as_i64().unwrap()]);
    let item = &trash.ok()["list"][0];
    assert!(item["deletedAt"].is_string() && item.get("files").is_none(), "{item}");

    let restored = restore(client, &media).await.ok();
    assert_eq!((&restored["id"], &restored["isReady"]), (&media["id"], &json!(true)));
    assert!(statuses(client, &urls).await.iter().all(|status| *status == 403), "what was handed out before stays dead");
    let new = crate::shelf::urls(&restored["files"]);
    assert!(statuses(client, &new).await.iter().all(|status| *status == 200));
    assert_eq!(restore(client, &media).await.ok(), restored, "it is in the vault");
    assert_eq!(ids(&client.get(&format!("{MEDIA}?trash=true")).await), Vec::<i64>::new());
    let completed = client.post_json("/v2/access/uploads/complete", &json!({ "mediaUploadId": upload })).await.ok();
    assert_eq!(completed["media"]["id"], media["id"]);
}

#[tokio::test]
async fn what_is_purged_is_gone_with_its_bytes() {
    let server = Server::start(&[]).await;
    let client = &server.client;
    let bytes = photo(40, 30, 1);
    let (upload, first) = shelve(client, "a.png", &bytes).await;
    let (_, second) = shelve(client, "b.png", &bytes).await;
    let files = (server.files("blobs").len(), server.files("renditions").len());
    assert_eq!(delete(client, &first, "?purge=true").await.ok(), json!({}));
    assert_eq!(
        (server.files("blobs").len(), server.files("renditions").len()),
        files,
        "the second shows the same bytes"
    );
    problem(&delete(client, &first, "?purge=true").await, 404, "RESOURCE_NOT_FOUND");
    problem(&delete(client, &first, "").await, 404, "RESOURCE_NOT_FOUND");
    problem(&restore(client, &first).await, 404, "RESOURCE_NOT_FOUND");
    let completed = client.post_json("/v2/access/uploads/complete", &json!({ "mediaUploadId": upload })).await;
    problem(&completed, 404, "RESOURCE_NOT_FOUND");

    delete(client, &second, "").await.ok();
    assert_eq!(delete(client, &second, "?purge=true").await.ok(), json!({}), "out of the trash");
    assert_eq!((server.files("blobs"), server.files("renditions")), (Vec::new(), Vec::new()));
    let (_, again) = shelve(client, "c.png", &bytes).await;
    assert_eq!(again["isReady"], true);
    assert!(statuses(client, &urls(&again["files"])).await.iter().all(|status| *status == 200));

    let refusal = problem(&delete(client, &again, "?purge=perhaps").await, 400, "BAD_REQUEST");
    assert_eq!(message(&refusal), "purge: `perhaps` is not true or false");
}

/// Twenty rounds of a purge beside an upload of the same bytes: the new media always has them.
#[tokio::test]
async fn bytes_that_come_while_they_are_purged_stay() {
    let server = Server::start(&[]).await;
    let client = &server.client;
    let bytes = photo(8, 8, 1);
    let (_, mut old) = shelve(client, "a.png", &bytes).await;
    for _ in 0..20 {
        let id = init(client, "b.png", bytes.len()).await;
        let path = format!("/v2/access/uploads/{id}");
        let sent = client.put_bytes(&path, &bytes, &[("Prefer", "wait=20")]);
        let (purged, sent) = tokio::join!(delete(client, &old, "?purge=true"), sent);
        purged.ok();
        old = sent.ok()["media"].clone();
        assert_eq!(old["isReady"], true, "{old}");
        let original = client.get(&format!("{MEDIA}/{}/original", old["id"])).await;
        assert!(original.status == 200 && original.bytes == bytes);
        assert!(statuses(client, &urls(&old["files"])).await.iter().all(|status| *status == 200));
    }
    assert_eq!(server.files("blobs").len(), 1);
}

#[tokio::test]
async fn the_trash_is_emptied_after_thirty_days() {
    let server = Server::start(&[QUICK_SWEEPS]).await;
    let client = &server.client;
    let (_, first) = shelve(client, "a.png", &photo(8, 8, 1)).await;
    delete(client, &first, "").await.ok();
    server.clock.advance(DAY);
    let (_, second) = shelve(client, "b.png", &photo(8, 8, 2)).await;
    delete(client, &second, "").await.ok();
    server.clock.advance(29 * DAY);
    let in_trash = async || ids(&client.get(&format!("{MEDIA}?trash=true")).await);
    let second_id = second["id"].as_i64().unwrap();
    eventually(async || (in_trash().await == [second_id]).then_some(())).await;
    eventually(async || (server.files("blobs").len() == 1).then_some(())).await;
    restore(client, &second).await.ok();
    let (_, third) = shelve(client, "c.png", &photo(8, 8, 3)).await;
    delete(client, &third, "").await.ok();
    server.clock.advance(40 * DAY);
    eventually(async || in_trash().await.is_empty().then_some(())).await;
    assert_eq!(client.get(&format!("{MEDIA}/{second_id}")).await.ok()["isReady"], true);
}
