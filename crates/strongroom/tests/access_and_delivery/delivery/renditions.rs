//! Every URL that is handed out opens, and says what it holds.

use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use strongroom_core::clock::Clock as _;

use super::{expires, fetch, get, sample, url};
use crate::shelf::urls;
use crate::support::Server;

/// Every object of a document that has a `url`.
fn files(document: &Value) -> Vec<&Value> {
    let below: Vec<&Value> = match document {
        Value::Object(fields) => fields.values().flat_map(files).collect(),
        Value::Array(items) => items.iter().flat_map(files).collect(),
        _ => Vec::new(),
    };
    document.get("url").is_some().then_some(document).into_iter().chain(below).collect()
}

#[tokio::test]
async fn every_url_opens_and_says_what_it_holds() {
    let server = Server::start(&[]).await;
    let media = sample(&server.client).await;
    let files = files(&media);
    assert_eq!(files.len(), 6, "full, preview, its two options, squarePreview, thumb");
    for file in files {
        let url = file["url"].as_str().unwrap();
        let answer = get(&server, url, &[]).await;
        assert_eq!(answer.status, 200, "{url}: {}", answer.text());
        let (path, _) = url.split_once('?').unwrap();
        let (content_type, magic) = match path.rsplit('.').next().unwrap() {
            "jpg" => ("image/jpeg", &b"\xff\xd8\xff"[..]),
            "webp" => ("image/webp", &b"RIFF"[..]),
            other => panic!("{other}"),
        };
        assert!(answer.bytes.starts_with(magic));
        assert_eq!(answer.header("content-type"), content_type);
        assert_eq!(answer.header("content-length"), answer.bytes.len().to_string());
        file.get("size").inspect(|size| assert_eq!(**size, answer.bytes.len()));
        file.get("type").inspect(|announced| assert_eq!(**announced, content_type));
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("accept-ranges"), "bytes");
        assert_eq!(answer.header("cross-origin-resource-policy"), "cross-origin");
        let name = path.rsplit('/').next().unwrap();
        assert_eq!(answer.header("content-disposition"), format!("inline; filename=\"{}-{name}\"", media["id"]));
        assert!(answer.header("etag").starts_with('"') && answer.header("etag").ends_with('"'), "strong");
        let max_age = answer.header("cache-control").strip_prefix("private, max-age=").unwrap();
        let remaining = expires(url) - server.clock.now().as_seconds();
        assert_eq!(max_age.parse::<i64>().unwrap(), remaining);

        let head = fetch(&server, Method::HEAD, url, &[]).await;
        assert_eq!((head.status, head.bytes.len()), (200, 0));
        for field in answer.headers.keys().filter(|name| !["date", "x-request-id"].contains(&name.as_str())) {
            assert_eq!(answer.headers[field], head.headers[field], "HEAD says what GET says");
        }
    }
}

/// What is written in the usual way is answered past the router, anything else by it; nobody can tell.
#[tokio::test]
async fn a_url_that_is_spelled_in_another_way_is_the_same_url() {
    let server = Server::start(&[]).await;
    let media = sample(&server.client).await;
    let usual = url(&media, "thumb");
    let spelled = usual.replace("/thumb.jpg", "/%74humb%2Ejpg");
    assert_ne!(usual, spelled);
    for fields in
        [&[][..], &[("range", "bytes=3-9")], &[("range", "bytes=9999999-")], &[("origin", "https://example.com")]]
    {
        let (usual, mut spelled) = (get(&server, usual, fields).await, get(&server, &spelled, fields).await);
        assert_eq!(usual.status, spelled.status);
        // A refusal names its request.
        assert!(usual.status >= 400 || usual.bytes == spelled.bytes, "{fields:?}");
        for name in ["date", "x-request-id"] {
            let value = usual.headers[name].clone();
            assert!(spelled.headers.insert(name, value).is_some(), "{name}");
        }
        assert_eq!(usual.headers, spelled.headers, "{fields:?}");
    }
    let absent = usual.replace("/thumb.jpg", "/");
    assert_eq!(get(&server, &absent, &[]).await.status, 404);
}

#[tokio::test]
async fn the_url_is_the_same_within_the_hour_and_lives_for_a_day() {
    let server = Server::start(&[]).await;
    let media = sample(&server.client).await;
    let path = format!("/v2/access/vault/media/{}", media["id"]);
    // The last second of the hour, whatever the hour.
    let into_hour = server.clock.now().as_millis().rem_euclid(3_600_000);
    server.clock.advance(Duration::from_millis(u64::try_from(3_600_000 - into_hour).unwrap()));
    let first = server.client.get(&path).await.ok();
    for _ in 0..2 {
        server.clock.advance(Duration::from_millis(1_799_500));
        assert_eq!(urls(&server.client.get(&path).await.ok()), urls(&first), "a cache would miss");
    }
    assert_eq!(urls(&server.client.get("/v2/access/vault/media").await.ok()), urls(&first), "in a list, too");
    server.clock.advance(Duration::from_secs(1));
    let second = server.client.get(&path).await.ok();
    let (old, new) = (url(&first, "thumb"), url(&second, "thumb"));
    assert_eq!(expires(new) - expires(old), 3600);
    assert!(expires(new) - server.clock.now().as_seconds() >= 86_400);
    for url in [old, new] {
        assert_eq!(get(&server, url, &[]).await.status, 200);
    }
    let tag = |answer: &crate::support::Answer| answer.header("etag").to_owned();
    assert_eq!(tag(&get(&server, old, &[]).await), tag(&get(&server, new, &[]).await), "the same bytes, the same tag");
}

#[tokio::test]
async fn a_url_is_read_only() {
    let server = Server::start(&[]).await;
    let media = sample(&server.client).await;
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
        let answer = fetch(&server, method, url(&media, "thumb"), &[]).await;
        crate::problem::problem(&answer, 405, "METHOD_NOT_ALLOWED");
        assert_eq!(answer.header("allow"), "GET,HEAD,OPTIONS");
    }
}
