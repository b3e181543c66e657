//! A little of everything that is counted, logged and traced.

use serde_json::{Value, json};

use crate::support::{Answer, Client, photo};

/// A name that must not be seen at `info`.
pub(crate) const FILE_NAME: &str = "holiday-with-grandmother.png";

/// Uploads a photo in one piece, fetches it in several ways, and fails in several. Answers every URL that was handed out.
pub(crate) async fn work(client: &Client) -> Vec<String> {
    let file = photo(64, 48, 1);
    let media = upload(client, &file).await;
    let urls: Vec<String> =
        ["full", "thumb"].map(|name| media["files"][name]["url"].as_str().unwrap().to_owned()).into();
    for url in &urls {
        assert_eq!(fetch(client, url, &[]).await.status, 200);
    }
    assert_eq!(fetch(client, &urls[0], &[("Range", "bytes=1-5")]).await.status, 206);
    assert_eq!(fetch(client, &urls[0], &[("Range", "bytes=99999999-")]).await.status, 416);
    let etag = fetch(client, &urls[0], &[]).await.header("etag").to_owned();
    assert_eq!(fetch(client, &urls[0], &[("If-None-Match", &etag)]).await.status, 304);
    assert_eq!(fetch(client, &format!("{}x", urls[0]), &[]).await.status, 403);
    let id = media["id"].to_string();
    for id in [&id, &format!("%{:02X}{}", id.as_bytes()[0], &id[1..])] {
        assert_eq!(client.get(&format!("/v2/access/vault/media/{id}/original")).await.status, 200);
    }
    assert_eq!(client.get("/v2/access/vault/media/99").await.status, 404);
    assert_eq!(client.get("/no/such/route?apiKey=in-a-query").await.status, 404);
    assert_eq!(client.post_json("/v2/access/uploads/init", &json!({ "filename": 7 })).await.status, 400);
    urls
}

/// Uploads a file and waits for its renditions.
async fn upload(client: &Client, file: &[u8]) -> Value {
    let init = json!({ "filename": FILE_NAME, "size": file.len(), "contentType": "image/png" });
    let session = client.post_json("/v2/access/uploads/init", &init).await.ok();
    let id = session["mediaUploadId"].as_str().unwrap();
    let part = format!("/v2/access/uploads/{id}/parts/1");
    assert_eq!(client.put_bytes(&part, &file[..9], &[]).await.status, 400, "too short");
    client.put_bytes(&part, file, &[]).await.ok();
    let complete = client.request(reqwest::Method::POST, "/v2/access/uploads/complete").header("Prefer", "wait=9");
    let media = Answer::to(complete.json(&json!({ "mediaUploadId": id }))).await.ok()["media"].clone();
    assert_eq!(media["status"], "ready", "{media}");
    media
}

async fn fetch(client: &Client, url: &str, headers: &[(&str, &str)]) -> Answer {
    let request = client.bare(reqwest::Method::GET, url);
    Answer::to(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
}
