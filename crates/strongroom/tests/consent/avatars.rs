//! Avatars: rendered like every picture, delivered by signed URLs that die with them.

use reqwest::Method;
use serde_json::{Value, json};

use super::{PEOPLE, attach, fetch, form, media};
use crate::problem::{message, problem};
use crate::shelf::{SAMPLE, shelve, urls};
use crate::support::{Client, Server, photo};

async fn person(client: &Client) -> String {
    format!("{PEOPLE}/{}", client.post_json(PEOPLE, &json!({ "name": "Ana" })).await.ok()["id"])
}

async fn put(client: &Client, person: &str, bytes: &[u8]) -> Value {
    client.put_bytes(&format!("{person}/avatar"), bytes, &[]).await.ok()
}

/// The sides of a JPEG, as its frame header has them.
fn sides(jpeg: &[u8]) -> (u16, u16) {
    let at = jpeg.windows(2).position(|marker| [[0xff, 0xc0], [0xff, 0xc2]].contains(&[marker[0], marker[1]])).unwrap();
    let side = |offset| u16::from_be_bytes([jpeg[at + offset], jpeg[at + offset + 1]]);
    (side(7), side(5))
}

#[tokio::test]
async fn an_avatar_is_cut_to_squares_and_its_links_die_with_it() {
    let server = Server::start(&[]).await;
    let client = &server.client;
    let person = person(client).await;
    let shown = put(client, &person, &photo(300, 200, 1)).await;
    let user = &shown["user"];
    let old = urls(&shown);
    for (url, side) in
        [(&user["avatar"], 200), (&user["avatarThumbs"]["c144"], 144), (&user["avatarThumbs"]["c50"], 50)]
    {
        let url = url.as_str().unwrap();
        let answer = fetch(&server, Method::GET, url, &[]).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, "image/jpeg"), "{url}");
        assert_eq!(sides(&answer.bytes), (side, side));
        assert_eq!(fetch(&server, Method::HEAD, url, &[]).await.status, 200);
        for altered in [
            url.replace("/people/", "/media/"),
            url.replace("c50", "c144"),
            url.replace("exp=1", "exp=2"),
            format!("{url}A"),
        ] {
            if altered != url {
                let answer = fetch(&server, Method::GET, &altered, &[]).await;
                problem(&answer, 403, "SIGNATURE_INVALID");
            }
        }
    }
    let other = put(client, &person, &photo(40, 60, 2)).await;
    assert_eq!(
        sides(&fetch(&server, Method::GET, other["user"]["avatarThumbs"]["c144"].as_str().unwrap(), &[]).await.bytes),
        (40, 40)
    );
    for url in &old {
        problem(&fetch(&server, Method::GET, url, &[]).await, 403, "URL_EXPIRED");
    }
    let (_, shelved) = shelve(client, "a.png", &photo(8, 8, 1)).await;
    let hers = form(client, json!({ "userId": shown["id"] })).await;
    attach(client, &shelved, &[&hers]).await;
    let on_media = media(client, &shelved).await["releaseForms"][0]["user"].clone();
    assert_eq!(urls(&on_media), urls(&other["user"]), "the same links, wherever they are shown");

    assert_eq!(server.files("blobs").len(), 2, "of the avatar, and of the media: the avatar before is gone");
    let gone = client.delete(&format!("{person}/avatar")).await.ok();
    assert_eq!(server.files("blobs").len(), 1);
    assert_eq!((&gone["user"]["avatar"], gone["user"].get("avatarThumbs")), (&Value::Null, None));
    for url in urls(&other) {
        problem(&fetch(&server, Method::GET, &url, &[]).await, 404, "RESOURCE_NOT_FOUND");
    }
}

/// The same bytes are kept once. A media's picture that becomes an avatar is rendered anew, and both keep what they show.
#[tokio::test]
async fn a_medias_picture_can_be_an_avatar() {
    let server = Server::start(&[]).await;
    let client = &server.client;
    let (_, shelved) = shelve(client, "a.jpg", SAMPLE).await;
    let person = person(client).await;
    let shown = put(client, &person, SAMPLE).await;
    assert_eq!(server.files("blobs").len(), 1);
    let thumb = shown["user"]["avatarThumbs"]["c50"].as_str().unwrap();
    let answer = fetch(&server, Method::GET, thumb, &[]).await;
    assert_eq!(sides(&answer.bytes), (50, 50));
    assert!(!answer.bytes.windows(11).any(|window| window == b"Ada Example"), "no metadata is delivered");
    assert_eq!(urls(&media(client, &shelved).await).len(), 6, "the media shows what it showed");
    // Rendered anew as a media, it keeps its squares.
    client.post_json(&format!("/v2/access/vault/media/{}/reprocess", shelved["id"]), &json!({})).await.ok();
    crate::support::eventually(async || {
        let jobs = server.catalog.list_jobs(100).await.unwrap();
        jobs.iter().all(|job| job.state == strongroom_core::job::JobState::Done).then_some(())
    })
    .await;
    assert_eq!(fetch(&server, Method::GET, thumb, &[]).await.status, 200);
}

#[tokio::test]
async fn what_is_no_picture_is_no_avatar() {
    let server = Server::start(&[]).await;
    let client = &server.client;
    let path = format!("{}/avatar", person(client).await);
    for bytes in [&b"<svg onload=alert(1)>"[..], b"%PDF-1.7", b"\x89PNG\r\n\x1a\nbroken"] {
        let refusal = problem(&client.put_bytes(&path, bytes, &[]).await, 400, "BAD_REQUEST");
        assert!(message(&refusal).starts_with("the avatar must be a picture that stands still: "), "{refusal}");
    }
    assert_eq!(server.files("blobs"), Vec::<String>::new());
    problem(&client.put_bytes(&path, b"", &[]).await, 411, "LENGTH_REQUIRED");
    problem(&client.put_bytes(&path, b"x", &[("content-encoding", "gzip")]).await, 415, "UNSUPPORTED_MEDIA_TYPE");
    problem(&client.put_bytes(&format!("{PEOPLE}/987654/avatar"), b"x", &[]).await, 404, "RESOURCE_NOT_FOUND");
}
