//! The signature binds everything that decides what is served.

use std::time::Duration;

use strongroom_core::clock::Clock as _;

use super::{expires, get, sample, url};
use crate::by_hand::by_hand;
use crate::problem::{problem, seen};
use crate::shelf::{shelve, urls};
use crate::support::{Server, photo};

/// `url` with the value of one of its parameters changed.
fn with(url: &str, name: &str, change: impl FnOnce(&str) -> String) -> String {
    let (before, rest) = url.split_once(&format!("{name}=")).unwrap();
    let (value, after) = rest.split_once('&').map_or((rest, String::new()), |(v, after)| (v, format!("&{after}")));
    format!("{before}{name}={}{after}", change(value))
}

fn plus(number: i64) -> impl Fn(&str) -> String {
    move |text| (text.parse::<i64>().unwrap() + number).to_string()
}

#[tokio::test]
async fn a_url_that_was_altered_opens_nothing() {
    let server = Server::start(&[]).await;
    let media = sample(&server.client).await;
    let (_, other) = shelve(&server.client, "b.png", &photo(8, 8, 1)).await;
    let good = url(&media, "thumb");
    let (path, query) = good.split_once('?').unwrap();
    let pairs: Vec<&str> = query.split('&').collect();
    let (id, other_id) = (media["id"].to_string(), other["id"].to_string());

    let mut altered = vec![
        good.replace(&format!("/media/{id}/"), &format!("/media/{other_id}/")),
        good.replace(&format!("/media/{id}/"), &format!("/media/0{id}/")),
        good.replace(&format!("/media/{id}/"), &format!("/media/{id}.0/")),
        good.replace(&format!("/media/{id}/"), "/media/-1/"),
        // Another rendition, another format, another spelling.
        good.replace("thumb.jpg", "full.jpg"),
        good.replace("thumb.jpg", "thumb.webp"),
        good.replace("thumb.jpg", "thumb"),
        good.replace("thumb.jpg", "THUMB.jpg"),
        good.replace("thumb.jpg", "thumb.jpg%00"),
        good.replace("thumb.jpg", "..%2Ffull.jpg"),
        good.replace("thumb.jpg", "%2e%2e%2f%2e%2e%2fcatalog.db"),
        with(good, "exp", plus(3600)),
        with(good, "exp", plus(-3600)),
        with(good, "exp", |text| format!("0{text}")),
        with(good, "exp", |text| format!("%2B{text}")),
        with(good, "exp", |_| "9223372036854775808".to_owned()),
        with(good, "exp", |_| String::new()),
        with(good, "v", plus(1)),
        with(good, "v", |_| "0".to_owned()),
        with(good, "kid", |_| "zzzz".to_owned()),
        with(good, "kid", |_| String::new()),
        with(good, "sig", |_| String::new()),
        with(good, "sig", |text| format!("{text}=")),
        with(good, "sig", |text| text[1..].to_owned()),
        with(good, "sig", |_| "A".repeat(43)),
        // A parameter more, fewer, twice, elsewhere, spelled otherwise.
        format!("{good}&x=1"),
        format!("{good}&"),
        format!("{path}?x=1&{query}"),
        format!("{path}?&{query}"),
        format!("{path}?{query}&{query}"),
        format!("{good}&exp={}", expires(good) + 3600),
        format!("{path}?{}", pairs.iter().rev().copied().collect::<Vec<_>>().join("&")),
        good.replace("&v=", "&V="),
        good.replace("exp=", "%65xp="),
        good.replace('&', ";"),
        path.to_owned(),
        format!("{path}?"),
    ];
    for dropped in 0..pairs.len() {
        let rest: Vec<&str> = pairs.iter().enumerate().filter(|(i, _)| *i != dropped).map(|(_, pair)| *pair).collect();
        altered.push(format!("{path}?{}", rest.join("&")));
    }
    // Every character of the signature counts, the last one's spare bits too.
    let signature = pairs[3].strip_prefix("sig=").unwrap();
    for (at, character) in signature.char_indices() {
        let other = if character == 'A' { 'B' } else { char::from(character as u8 ^ 1) };
        for other in [other, if character == '_' { '-' } else { '_' }] {
            altered.push(with(good, "sig", |text| format!("{}{other}{}", &text[..at], &text[at + 1..])));
        }
    }
    let expected = get(&server, &with(good, "sig", |_| "A".repeat(43)), &[]).await;
    for altered in &altered {
        assert_ne!(altered, good);
        let answer = get(&server, altered, &[]).await;
        problem(&answer, 403, "SIGNATURE_INVALID");
        assert_eq!(seen(&answer, &[]), seen(&expected, &[]), "{altered}");
    }
    assert!(altered.len() > 120);
    // With a key in hand it is no better.
    problem(&server.client.get(&with(good, "exp", plus(3600))).await, 403, "SIGNATURE_INVALID");
    assert_eq!(get(&server, good, &[]).await.status, 200);
}

#[tokio::test]
async fn a_url_ends_when_it_says() {
    let server = Server::start(&[]).await;
    let media = sample(&server.client).await;
    let url = url(&media, "thumb");
    let life = u64::try_from(expires(url) - server.clock.now().as_seconds()).unwrap();
    server.clock.advance(Duration::from_secs(life - 1));
    let last = get(&server, url, &[]).await;
    assert_eq!((last.status, last.header("cache-control")), (200, "private, max-age=1"));
    server.clock.advance(Duration::from_secs(1));
    problem(&get(&server, url, &[]).await, 403, "URL_EXPIRED");
    problem(&get(&server, url, &[("If-None-Match", last.header("etag"))]).await, 403, "URL_EXPIRED");
    // Only who holds a good signature is told that it was good once.
    problem(&get(&server, &with(url, "exp", plus(-1)), &[]).await, 403, "SIGNATURE_INVALID");
    // A new one is to be had.
    let again = server.client.get(&format!("/v2/access/vault/media/{}", media["id"])).await.ok();
    assert_eq!(get(&server, super::url(&again, "thumb"), &[]).await.status, 200);
}

/// One number in the media's row kills every older link at once.
#[tokio::test]
async fn a_url_that_was_withdrawn_or_whose_media_is_gone_opens_nothing() {
    let server = Server::start(&[]).await;
    let media = sample(&server.client).await;
    let old = url(&media, "thumb");
    by_hand(&server, "update media set url_version = url_version + 1");
    for url in urls(&media) {
        problem(&get(&server, &url, &[]).await, 403, "URL_EXPIRED");
    }
    problem(&get(&server, &with(old, "v", plus(1)), &[]).await, 403, "SIGNATURE_INVALID");
    let again = server.client.get(&format!("/v2/access/vault/media/{}", media["id"])).await.ok();
    let new = url(&again, "thumb");
    assert_eq!(get(&server, new, &[]).await.status, 200);
    server.client.delete(&format!("/v2/access/vault/media/{}", media["id"])).await.ok();
    problem(&get(&server, new, &[]).await, 404, "RESOURCE_NOT_FOUND");
}

#[tokio::test]
async fn two_tenants_with_the_same_bytes_have_urls_of_their_own() {
    let server = Server::start(&[]).await;
    let (one, two) = (server.client.clone(), server.new_client().await);
    let bytes = photo(700, 500, 3);
    let (_, first) = shelve(&one, "a.png", &bytes).await;
    let (_, second) = shelve(&two, "a.png", &bytes).await;
    let (mine, theirs) = (url(&first, "full"), url(&second, "full"));
    let (mine_bytes, theirs_bytes) = (get(&server, mine, &[]).await.bytes, get(&server, theirs, &[]).await.bytes);
    assert_eq!(mine_bytes, theirs_bytes);
    let swapped = theirs.replace(&format!("/media/{}/", second["id"]), &format!("/media/{}/", first["id"]));
    problem(&get(&server, &swapped, &[]).await, 403, "SIGNATURE_INVALID");
    // What happens to one's media is nothing to the other's.
    one.delete(&format!("/v2/access/vault/media/{}", first["id"])).await.ok();
    assert_eq!(get(&server, mine, &[]).await.status, 404);
    assert_eq!(get(&server, theirs, &[]).await.bytes, theirs_bytes);
}
