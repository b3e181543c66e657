//! `GET /v2/access/vault/media/{id}`: one media, by all the names it goes by.

use serde_json::json;

use crate::problem::problem;
use crate::shelf::shelve;
use crate::support::{Server, noise, photo};

const MEDIA: &str = "/v2/access/vault/media";

#[tokio::test]
async fn a_media_is_found_by_every_spelling_of_its_id() {
    let server = Server::start(&[]).await;
    let (upload, media) = shelve(&server.client, "a.png", &photo(40, 30, 1)).await;
    let id = media["id"].as_i64().unwrap();
    #[allow(clippy::cast_precision_loss, reason = "ids are far below 2^53")]
    let scientific = format!("{:e}", id as f64);
    let bare = upload.strip_prefix("upload:").unwrap();
    let spellings = [
        id.to_string(),
        format!("{id}.0"),
        scientific.clone(),
        scientific.replace('e', "e+"),
        upload.clone(),
        format!("upload%3A{bare}"),
        format!("upload%3a{bare}"),
        format!("%75pload:{bare}"),
    ];
    let expected = server.client.get(&format!("{MEDIA}/{id}")).await.ok();
    for spelling in &spellings {
        assert_eq!(server.client.get(&format!("{MEDIA}/{spelling}")).await.ok(), expected, "{spelling}");
    }
    assert_eq!(expected["id"], json!(id));
    assert!(expected["id"].is_i64(), "ids are emitted as integers");

    for other in
        ["0", "-1", "1.5", "nan", "9e99", bare, "upload:", "upload:x", "..", "%2e%2e%2f1", "%00", "1%20", "1;2"]
    {
        let answer = server.client.get(&format!("{MEDIA}/{other}")).await;
        assert_eq!(answer.status, 404, "{other}");
    }
    problem(&server.client.get(&format!("{MEDIA}/{}", id + 1)).await, 404, "RESOURCE_NOT_FOUND");
}

#[tokio::test]
async fn a_photo_shows_all_that_the_contract_says() {
    let server = Server::start(&[]).await;
    let bytes = photo(1600, 1200, 1);
    let (_, media) = shelve(&server.client, "holiday.png", &bytes).await;
    let shown = server.client.get(&format!("{MEDIA}/{}", media["id"])).await.ok();
    let etag = format!("\"{}\"", blake3::hash(&bytes));
    for (field, expected) in [
        ("type", json!("photo")),
        ("convertedToVideo", json!(false)),
        ("canView", json!(true)),
        ("hasError", json!(false)),
        ("isReady", json!(true)),
        ("releaseForms", json!([])),
        ("lists", json!([])),
        ("counters", json!({ "likesCount": 0, "tipsSumm": 0 })),
        ("status", json!("ready")),
        ("filename", json!("holiday.png")),
        ("size", json!(bytes.len())),
        ("etag", json!(etag)),
        ("width", json!(1600)),
        ("height", json!(1200)),
    ] {
        assert_eq!(shown[field], expected, "{field}");
    }
    for (file, width, height) in
        [("full", 1600, 1200), ("preview", 1280, 960), ("squarePreview", 960, 960), ("thumb", 300, 225)]
    {
        let size = (shown["files"][file]["width"].as_u64(), shown["files"][file]["height"].as_u64());
        assert_eq!(size, (Some(width), Some(height)), "{file}");
    }
    assert_eq!(shown["files"]["preview"]["options"][0]["type"], "image/webp");
    assert!(!format!("{shown}").contains("null"), "what there is not is left out");
    let created_at = shown["createdAt"].as_str().unwrap();
    assert!(created_at.ends_with('Z') && created_at.len() == "2026-11-22T08:44:45.120Z".len(), "{created_at}");
}

#[tokio::test]
async fn bytes_that_are_no_media_say_so() {
    let server = Server::start(&[]).await;
    let (_, media) = shelve(&server.client, "a.jpg", &noise(5000)).await;
    let shown = server.client.get(&format!("{MEDIA}/{}", media["id"])).await.ok();
    assert_eq!((&shown["hasError"], &shown["isReady"]), (&json!(true), &json!(false)));
    assert_eq!(shown["error"]["code"], "not_media");
    assert_eq!(shown["error"]["retryable"], false);
    assert_eq!(shown.get("files"), None);
}
