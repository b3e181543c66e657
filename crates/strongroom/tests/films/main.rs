//! Films through a whole server: step by step to ready, previews chosen by hand, and rendering anew.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

#[path = "../support/mod.rs"]
mod support;

use serde_json::{Value, json};
use strongroom_core::id::MediaId;

use support::{Client, Server, eventually, photo};

const FILM: &[u8] = include_bytes!("../../../../samples/film.mp4");

/// Uploads a file in one piece and answers its media as it is then.
async fn upload(client: &Client, filename: &str, bytes: &[u8], wait: u32) -> Value {
    let body = json!({ "filename": filename, "size": bytes.len(), "contentType": "application/octet-stream" });
    let init = client.post_json("/v2/access/uploads/init", &body).await.ok();
    let path = format!("/v2/access/uploads/{}", init["mediaUploadId"].as_str().unwrap());
    let wait = format!("wait={wait}");
    client.put_bytes(&path, bytes, &[("Prefer", &wait)]).await.ok()["media"].clone()
}

async fn media(client: &Client, id: &Value) -> Value {
    client.get(&format!("/v2/access/vault/media/{id}")).await.ok()
}

async fn settled(client: &Client, id: &Value) -> Value {
    eventually(async || Some(media(client, id).await).filter(|m| m["isReady"] == true || m["hasError"] == true)).await
}

#[tokio::test]
async fn a_film_becomes_playable_and_then_ready() {
    let server = Server::start(&[]).await;
    let begun = upload(&server.client, "film.mp4", FILM, 0).await;
    assert_eq!((&begun["type"], &begun["status"]), (&json!("video"), &json!("processing")));
    assert!(begun["files"].is_null(), "there is nothing to show yet");
    let film = settled(&server.client, &begun["id"]).await;
    assert_eq!((&film["status"], &film["convertedToVideo"]), (&json!("ready"), &json!(false)), "{film:#}");
    assert_eq!((&film["width"], &film["height"]), (&json!(1280), &json!(720)));
    assert!((film["duration"].as_f64().unwrap() - 5.0).abs() < 0.2, "{}", film["duration"]);
    assert!(film["progress"].is_null() && film["sha256"].is_string());
    let sources = &film["videoSources"];
    assert!(sources["240"].as_str().unwrap().contains("/240p.mp4?"), "{sources}");
    assert_eq!(film["files"]["full"]["url"], sources["720"], "the best there is");
    for file in ["thumb", "preview", "squarePreview"] {
        assert!(film["files"][file]["url"].is_string(), "{file}");
    }
    let id = MediaId::new(film["id"].as_i64().unwrap());
    let owner = server.client.connection.clone();
    let events = server.catalog.events_of_media(owner, id).await.unwrap();
    assert_eq!(events, ["upload.completed", "media.playable", "media.ready"]);
}

#[tokio::test]
async fn the_same_film_again_is_ready_at_once() {
    let server = Server::start(&[]).await;
    let first = upload(&server.client, "film.mp4", FILM, 0).await;
    settled(&server.client, &first["id"]).await;
    let second = upload(&server.client, "copy.mp4", FILM, 0).await;
    assert_ne!(first["id"], second["id"]);
    assert_eq!((&second["status"], &second["filename"]), (&json!("ready"), &json!("copy.mp4")));
}

#[tokio::test]
async fn a_preview_chosen_by_hand_stands_for_the_media_until_it_is_undone() {
    let server = Server::start(&[]).await;
    let client = &server.client;
    let own = upload(client, "photo.jpg", &photo(640, 480, 1), 25).await;
    let path = format!("/v2/access/vault/media/{}/preview", own["id"]);
    let chosen = client.put_bytes(&path, &photo(300, 600, 2), &[]).await.ok();
    assert_eq!(chosen["hasCustomPreview"], true);
    assert_eq!(
        (&chosen["files"]["preview"]["width"], &chosen["files"]["preview"]["height"]),
        (&json!(300), &json!(600))
    );
    assert_eq!(chosen["files"]["full"]["width"], own["files"]["full"]["width"], "the media itself is what it was");
    assert_ne!(chosen["files"]["thumb"]["url"], own["files"]["thumb"]["url"]);
    assert_eq!(delivered(&own["files"]["thumb"]["url"]).await, 403, "older URLs are dead");
    assert_eq!(delivered(&chosen["files"]["thumb"]["url"]).await, 200);

    let undone = client.delete(&path).await.ok();
    assert_eq!(undone["hasCustomPreview"], false);
    assert_eq!(undone["files"]["preview"]["width"], own["files"]["preview"]["width"]);

    let refusal = client.put_bytes(&path, b"<svg onload=alert(1)>", &[]).await.refusal();
    assert_eq!(refusal, "400 BAD_REQUEST: the preview must be a picture: these bytes are no picture that we know");
    assert_eq!(media(client, &own["id"]).await["hasCustomPreview"], false);
}

async fn delivered(url: &Value) -> u16 {
    reqwest::get(url.as_str().unwrap()).await.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_media_is_rendered_anew_and_stays_what_it_is() {
    let server = Server::start(&[]).await;
    let first = upload(&server.client, "photo.jpg", &photo(640, 480, 1), 25).await;
    let path = format!("/v2/access/vault/media/{}/reprocess", first["id"]);
    let again = server.client.post_json(&path, &json!({})).await.ok();
    assert_eq!((&again["id"], &again["isReady"]), (&first["id"], &json!(true)), "what can be shown stays shown");
    let no_media = upload(&server.client, "note.txt", b"plain text", 0).await;
    let path = format!("/v2/access/vault/media/{}/reprocess", no_media["id"]);
    let refusal = server.client.post_json(&path, &json!({})).await.refusal();
    assert!(refusal.starts_with("400 BAD_REQUEST: these bytes are no picture, film or sound"), "{refusal}");
}
