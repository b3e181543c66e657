//! What complete answers of a media that has to be rendered.

use serde_json::json;

use crate::session::{Session, media};
use crate::support::{Server, noise, photo};

#[tokio::test]
async fn complete_answers_with_a_ready_photo() {
    let server = Server::start(&[]).await;
    let session = Session::filled(&server.client, &photo(64, 48, 1)).await;
    let made = media(&session.complete().await);
    assert_eq!((&made["isReady"], &made["status"], &made["type"]), (&json!(true), &json!("ready"), &json!("photo")));
    assert_eq!((&made["width"], &made["height"]), (&json!(64), &json!(48)));
    for name in ["full", "preview", "squarePreview", "thumb"] {
        let url = made["files"][name]["url"].as_str().unwrap();
        let image = server.client.get(url).await;
        assert_eq!((image.status, &json!(image.bytes.len())), (200, &made["files"][name]["size"]), "{name}");
    }
}

#[tokio::test]
async fn who_does_not_want_to_wait_is_answered_at_once() {
    let server = Server::start_without_worker(&[]).await;
    let file = photo(64, 48, 1);
    let session = Session::filled(&server.client, &file).await;
    let before = tokio::time::Instant::now();
    let made = media(&session.complete_preferring("wait=0").await);
    assert!(before.elapsed().as_secs() < 4, "a photo's usual five seconds were waited");
    assert_eq!((&made["isReady"], &made["status"]), (&json!(false), &json!("processing")));
    assert_eq!((&made["hasError"], &made["etag"]), (&json!(false), &json!(format!("\"{}\"", blake3::hash(&file)))));
    assert!(made.get("files").is_none());
}

#[tokio::test]
async fn a_wait_that_runs_out_answers_what_is_true() {
    let server = Server::start_without_worker(&[]).await;
    let session = Session::filled(&server.client, &photo(64, 48, 1)).await;
    let before = tokio::time::Instant::now();
    let made = media(&session.complete_preferring("respond-async, wait=1").await);
    assert!((1..4).contains(&before.elapsed().as_secs()));
    assert_eq!(made["status"], "processing");
}

#[tokio::test]
async fn who_waits_at_a_later_call_gets_the_ready_photo() {
    let server = Server::start(&[]).await;
    let session = Session::filled(&server.client, &photo(64, 48, 1)).await;
    let first = media(&session.complete_preferring("wait=0").await);
    let later = media(&session.complete_preferring("wait=10").await);
    assert_eq!((&later["id"], &later["isReady"]), (&first["id"], &json!(true)));
    assert_eq!(session.status().await["media"]["isReady"], true);
}

#[tokio::test]
async fn the_same_bytes_again_are_ready_at_once_and_kept_once() {
    let server = Server::start(&[]).await;
    let file = photo(64, 48, 1);
    let first = media(&Session::filled(&server.client, &file).await.complete().await);
    let files = (server.files("blobs"), server.files("renditions"));
    let second = media(&Session::filled(&server.client, &file).await.complete_preferring("wait=0").await);
    assert_ne!(first["id"], second["id"]);
    assert_eq!(second["isReady"], true);
    assert_eq!((&first["sha256"], &first["etag"]), (&second["sha256"], &second["etag"]));
    assert_eq!((server.files("blobs"), server.files("renditions")), files);
    let url = second["files"]["thumb"]["url"].as_str().unwrap();
    assert_eq!(server.client.get(url).await.status, 200);
}

#[tokio::test]
async fn a_film_is_not_waited_for_unless_asked() {
    let server = Server::start_without_worker(&[]).await;
    let film = [b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom".as_slice(), &noise(1000)].concat();
    let session = Session::filled(&server.client, &film).await;
    let before = tokio::time::Instant::now();
    let made = media(&session.complete().await);
    assert!(before.elapsed().as_secs() < 4, "a photo's usual five seconds were waited");
    assert_eq!((&made["type"], &made["isReady"]), (&json!("video"), &json!(false)));
}

#[tokio::test]
async fn a_photo_that_is_cut_short_is_a_media_with_an_error() {
    let server = Server::start(&[]).await;
    let file = photo(64, 48, 1);
    let made = media(&Session::filled(&server.client, &file[..file.len() / 2]).await.complete().await);
    assert_eq!((&made["hasError"], &made["isReady"]), (&json!(true), &json!(false)));
    assert_eq!(made["error"]["retryable"], false);
}
