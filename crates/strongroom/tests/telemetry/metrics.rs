//! What is counted, and where it can be read.

use std::net::SocketAddr;

use reqwest::Method;
use strongroom_core::job::JobKind;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::scrape::{Scrape, ask, free_address};
use crate::support::{Server, eventually};
use crate::workload::work;

async fn start(settings: &[(&str, &str)]) -> (Server, SocketAddr) {
    let address = free_address();
    let listen = address.to_string();
    let settings: Vec<_> = settings.iter().copied().chain([("STRONGROOM_METRICS__LISTEN", &*listen)]).collect();
    (Server::start(&settings).await, address)
}

#[tokio::test]
async fn what_happens_is_counted() {
    let (server, address) = start(&[]).await;
    let before = Scrape::of(address).await;
    assert_eq!(before.value("strongroom_uploads_completed_total", &[]), 0.0, "shown from the start");
    work(&server.client).await;
    let now = Scrape::of(address).await;

    let requests = |method, route, status| {
        now.value("strongroom_http_requests_total", &[("method", method), ("route", route), ("status", status)])
    };
    assert_eq!(requests("POST", "/v2/access/uploads/init", "200"), 1.0);
    assert_eq!(requests("POST", "/v2/access/uploads/init", "400"), 1.0);
    assert_eq!(requests("PUT", "/v2/access/uploads/{mediaUploadId}/parts/{partNumber}", "200"), 1.0);
    assert_eq!(requests("GET", "/media/{media}/{file}", "200"), 3.0);
    let original = "/v2/access/vault/media/{mediaId}/original";
    assert_eq!(requests("GET", original, "200"), 2.0, "past the router and through it");
    assert_eq!(requests("GET", "unmatched", "404"), 1.0);
    let seconds =
        now.value("strongroom_http_request_seconds_count", &[("method", "GET"), ("route", "/media/{media}/{file}")]);
    assert_eq!(seconds, 7.0, "of every status");
    assert_eq!(now.value("strongroom_http_problems_total", &[("type", "SIGNATURE_INVALID")]), 1.0);
    assert_eq!(now.value("strongroom_upload_parts_total", &[]), 1.0);
    let file = crate::support::photo(64, 48, 1).len();
    assert_eq!(now.value("strongroom_upload_bytes_total", &[]), f64::from(u32::try_from(file).unwrap()));
    assert!(now.value("strongroom_http_request_bytes_total", &[]) > f64::from(u32::try_from(file).unwrap()));
    assert!(now.value("strongroom_http_response_bytes_total", &[]) > 1000.0);
    assert_eq!(now.value("strongroom_uploads_completed_total", &[]), 1.0);
    for (outcome, count) in
        [("whole", 3.0), ("partial", 1.0), ("not_modified", 1.0), ("range", 1.0), ("signature", 1.0), ("consent", 0.0)]
    {
        assert_eq!(now.value("strongroom_delivery_total", &[("outcome", outcome)]), count, "{outcome}");
    }
    let rendered = [("kind", "render_photo"), ("outcome", "done")];
    assert_eq!(now.value("strongroom_render_seconds_count", &rendered), 1.0);
    assert!(now.value("strongroom_render_seconds_sum", &rendered) > 0.0);
    assert!(now.value("strongroom_open_connections", &[]) >= 1.0);
    assert!(now.value("strongroom_children_cpu_seconds_total", &[]) >= 0.0);
    assert!(now.value("process_resident_memory_bytes", &[]) > 1e6);
    assert!(now.value("strongroom_disk_free_bytes", &[]) > 1e6);
}

#[tokio::test]
async fn queues_are_shown_as_the_catalog_has_them() {
    let address = free_address();
    let server = Server::start_without_worker(&[("STRONGROOM_METRICS__LISTEN", &address.to_string())]).await;
    for seed in 0..2 {
        let file = crate::support::photo(8, 8, seed);
        let init = serde_json::json!({ "filename": "a.png", "size": file.len(), "contentType": "image/png" });
        let session = server.client.post_json("/v2/access/uploads/init", &init).await.ok();
        let path = format!("/v2/access/uploads/{}", session["mediaUploadId"].as_str().unwrap());
        server.client.put_bytes(&path, &file, &[("Prefer", "wait=0")]).await.ok();
    }
    let photos = |state| [("kind", "render_photo"), ("state", state)];
    let waiting = Scrape::of(address).await;
    assert_eq!(waiting.value("strongroom_jobs", &photos("ready")), 2.0);
    assert_eq!(waiting.value("strongroom_jobs", &[("kind", "render_film"), ("state", "ready")]), 0.0);
    server.clock.advance(std::time::Duration::from_secs(90));
    let job = server.catalog.claim_job(JobKind::RenderPhoto, strongroom_core::clock::Clock::now(&server.clock)).await;
    assert!(job.unwrap().is_some());
    eventually(async || {
        let now = Scrape::of(address).await;
        let is_seen = now.value("strongroom_jobs", &photos("running")) == 1.0;
        is_seen.then(|| assert_eq!(now.value("strongroom_job_oldest_seconds", &[("kind", "render_photo")]), 90.0))
    })
    .await;
    // Nobody renews its lease, and nobody takes it over.
    server.clock.advance(std::time::Duration::from_secs(60));
    eventually(async || (Scrape::of(address).await.value("strongroom_stuck_jobs", &[]) == 1.0).then_some(())).await;
}

#[tokio::test]
async fn metrics_are_not_for_clients_and_nothing_else_is_for_scrapers() {
    let (server, address) = start(&[]).await;
    assert_eq!(server.client.get("/metrics").await.status, 404);
    for (method, path, status) in [
        (Method::POST, "/metrics", 405),
        (Method::HEAD, "/metrics", 405),
        (Method::GET, "/", 404),
        (Method::GET, "/metrics/", 404),
        (Method::GET, "/health/live", 404),
        (Method::GET, "/v2/access/vault/media", 404),
        (Method::GET, "/metrics?x=1", 200),
    ] {
        assert_eq!(ask(address, method.clone(), path).await.status, status, "{method} {path}");
    }
    let off = Server::start(&[]).await;
    assert_eq!(off.client.get("/metrics").await.status, 404);
}

#[tokio::test]
async fn scrapers_that_say_nothing_hold_nobody_up_for_long() {
    let (_server, address) = start(&[]).await;
    let mut silent = Vec::new();
    for _ in 0..8 {
        silent.push(tokio::net::TcpStream::connect(address).await.unwrap());
    }
    let mut late = tokio::net::TcpStream::connect(address).await.unwrap();
    late.write_all(b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    let reading = late.read_to_string(&mut answer);
    tokio::time::timeout(std::time::Duration::from_secs(20), reading).await.expect("it waits for ever").unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
}

/// However many paths and ids are asked for: the series are those of the routes.
#[tokio::test]
async fn what_strangers_ask_for_makes_no_series() {
    let (server, address) = start(&[]).await;
    server.client.get("/media/1/a").await;
    server.client.get("/none/0").await;
    server.client.get("/v2/access/vault/media/1").await;
    let before = Scrape::of(address).await.values.len();
    for number in 2..200 {
        server.client.get(&format!("/media/{number}/a{number}")).await;
        server.client.get(&format!("/none/{number}?a={number}")).await;
        server.client.get(&format!("/v2/access/vault/media/{number}")).await;
        let request = server.client.bare(Method::from_bytes(format!("M{number}").as_bytes()).unwrap(), "/none");
        assert_eq!(request.send().await.unwrap().status(), 404);
    }
    let after = Scrape::of(address).await.values.len();
    // The one method that is none, with its counter and its histogram.
    assert!(after < before + 20, "{before} to {after}");
}
