//! `GET /v2/access/vault/media/{id}/original`: what was uploaded, bit for bit, to be saved and not shown.

use reqwest::Method;
use strongroom_core::permission::Permission;

use crate::problem::problem;
use crate::shelf::{SAMPLE, shelve};
use crate::support::{Answer, Server, noise};

#[tokio::test]
async fn the_original_comes_back_bit_for_bit() {
    let server = Server::start(&[]).await;
    let (upload, media) = shelve(&server.client, "a.jpg", SAMPLE).await;
    let etag = format!("\"{}\"", blake3::hash(SAMPLE));
    for name in [media["id"].to_string(), upload] {
        let answer = server.client.get(&format!("/v2/access/vault/media/{name}/original")).await;
        assert_eq!(answer.status, 200);
        assert!(answer.bytes == SAMPLE, "the bytes differ");
        for (field, expected) in [
            ("content-type", "image/jpeg"),
            ("content-length", &SAMPLE.len().to_string()),
            ("etag", &etag),
            ("accept-ranges", "bytes"),
            ("content-disposition", "attachment; filename=\"a.jpg\"; filename*=UTF-8''a.jpg"),
            ("x-content-type-options", "nosniff"),
            ("content-security-policy", "default-src 'none'; sandbox"),
            ("cache-control", "private, no-store"),
        ] {
            assert_eq!(answer.header(field), expected);
        }
    }
    let path = format!("/v2/access/vault/media/{}/original", media["id"]);
    let ask = async |method, fields: &[(&str, &str)]| {
        let request = server.client.request(method, &path);
        Answer::to(fields.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
    };
    let head = ask(Method::HEAD, &[]).await;
    assert_eq!((head.status, head.header("content-length")), (200, SAMPLE.len().to_string().as_str()));
    assert!(head.bytes.is_empty());

    let part = ask(Method::GET, &[("Range", "bytes=1000-1999")]).await;
    assert_eq!((part.status, &part.bytes[..]), (206, &SAMPLE[1000..2000]));
    assert_eq!(part.header("content-range"), format!("bytes 1000-1999/{}", SAMPLE.len()));
    assert_eq!(part.header("content-security-policy"), "default-src 'none'; sandbox");
    let end = ask(Method::GET, &[("Range", "bytes=-7")]).await;
    assert_eq!(&end.bytes[..], &SAMPLE[SAMPLE.len() - 7..]);
    assert_eq!(ask(Method::GET, &[("If-None-Match", &etag)]).await.status, 304);
    problem(&ask(Method::GET, &[("Range", "bytes=99999999-")]).await, 416, "RANGE_NOT_SATISFIABLE");
}

/// What is written in the usual way is answered past the router, anything else by it; nobody can tell.
#[tokio::test]
async fn a_path_that_is_spelled_in_another_way_is_the_same_path() {
    let server = Server::start(&[]).await;
    let (_, media) = shelve(&server.client, "a.jpg", SAMPLE).await;
    let id = media["id"].to_string();
    let usual = format!("/v2/access/vault/media/{id}/original");
    let spelled = format!("/v2/access/vault/media/%{:02X}{}/original", id.as_bytes()[0], &id[1..]);
    let client = &server.client;
    let ranged = |path, range| client.request(Method::GET, path).header("range", range);
    let asked = |path| {
        [
            ranged(path, "bytes=3-9"),
            ranged(path, "bytes=99999999-"),
            client.request(Method::GET, path),
            client.bare(Method::GET, path),
        ]
    };
    for (usual, spelled) in asked(&usual).into_iter().zip(asked(&spelled)) {
        let (usual, mut spelled) = (Answer::to(usual).await, Answer::to(spelled).await);
        assert_eq!(usual.status, spelled.status);
        // A refusal names its request.
        assert!(usual.status >= 400 || usual.bytes == spelled.bytes);
        for moving in ["date", "x-request-id", "x-ratelimit-remaining", "x-ratelimit-reset"] {
            assert_eq!(usual.headers.contains_key(moving), spelled.headers.contains_key(moving), "{moving}");
            if let Some(value) = usual.headers.get(moving) {
                spelled.headers.insert(moving, value.clone());
            }
        }
        assert_eq!(usual.headers, spelled.headers);
    }
    for absent in
        ["/v2/access/vault/media//original", "/v2/access/vault/media/original", "/v2/access/vault/media/a/b/original"]
    {
        assert_eq!(server.client.get(absent).await.status, 404, "{absent}");
    }
}

/// Long ones are sent from the page cache, by a connection that many answers share: each has its own bytes, and all of them.
#[tokio::test]
async fn what_is_sent_from_where_it_lies_is_what_was_uploaded() {
    let server = Server::start(&[]).await;
    let bytes = noise((3 << 20) + 5);
    let (_, media) = shelve(&server.client, "long.bin", &bytes).await;
    let path = format!("/v2/access/vault/media/{}/original", media["id"]);
    let ends = [0, 1, 4095, 100_000, 1_048_575, 1 << 20, 1_048_577, 2_000_001, 3 << 20, bytes.len()];
    let ranges =
        ends.iter().flat_map(|start| ends.iter().map(move |end| *start..*end)).filter(|range| !range.is_empty());
    let ask = async |range: std::ops::Range<usize>| {
        let field = format!("bytes={}-{}", range.start, range.end - 1);
        let answer = Answer::to(server.client.request(Method::GET, &path).header("Range", &field)).await;
        assert_eq!(answer.status, 206, "{field}");
        assert!(answer.bytes == bytes[range], "{field}");
    };
    let ranges: Vec<_> = ranges.collect();
    for some in ranges.chunks(8) {
        futures_util::future::join_all(some.iter().cloned().map(&ask)).await;
    }
    assert!(server.client.get(&path).await.bytes == bytes);
}

#[tokio::test]
async fn an_upload_that_browsers_would_run_is_only_bytes() {
    let server = Server::start(&[]).await;
    for (name, page) in [
        ("page.html", &b"<!doctype html><script>alert(1)</script>"[..]),
        ("x.svg", b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>"),
        ("a\"\r\nSet-Cookie: x=1.jpg", b"\xff\xfeh\0t\0m\0l\0"),
        ("\u{202e}gpj.exe", b"MZ not really"),
    ] {
        let (_, media) = shelve(&server.client, name, page).await;
        let answer = server.client.get(&format!("/v2/access/vault/media/{}/original", media["id"])).await;
        assert_eq!(answer.bytes, page);
        assert_eq!(answer.header("content-type"), "application/octet-stream");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(answer.header("content-disposition").starts_with("attachment; filename=\""));
        assert_eq!(answer.header("set-cookie"), "");
    }
}

#[tokio::test]
async fn the_original_needs_vault_read() {
    let server = Server::start(&[]).await;
    let but_reading = [Permission::VaultWrite, Permission::ProfileRead];
    let client = server.client_allowed(&but_reading, Permission::ALL).await;
    let (_, media) = shelve(&client, "a.bin", b"four").await;
    let path = format!("/v2/access/vault/media/{}/original", media["id"]);
    problem(&client.get(&path).await, 403, "FORBIDDEN");
    problem(&Answer::to(client.bare(Method::GET, &path)).await, 401, "UNAUTHORIZED");
    // A stranger who may read does not find it.
    problem(&server.client.get(&path).await, 404, "RESOURCE_NOT_FOUND");
}
