//! The end: what runs is let run, for a while; what only waits is not waited for.

use std::time::Duration;

use tokio::net::TcpStream;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep, timeout};

use super::{LIVE, SECOND};
use crate::shelf::{init, shelve};
use crate::socket::Socket;
use crate::support::{Server, noise};

const SIZE: usize = 32 << 20;

async fn server(drain_seconds: &str) -> Server {
    let part = SIZE.to_string();
    let settings =
        [("STRONGROOM_UPLOAD__MIN_PART_BYTES", part.as_str()), ("STRONGROOM_SERVER__DRAIN_SECONDS", drain_seconds)];
    Server::start(&settings).await
}

/// Tells the server to end. Resolves, with the time that it took, when it has.
fn end(server: Server) -> impl Future<Output = Duration> {
    let started = Instant::now();
    let ending = spawn_blocking(move || drop(server));
    async move {
        timeout(Duration::from_secs(20), ending).await.expect("the server ends").unwrap();
        started.elapsed()
    }
}

#[tokio::test]
async fn a_running_upload_is_answered_and_nothing_new_is_begun() {
    let server = server("20").await;
    let address = server.address;
    let file = noise(1 << 20);
    let id = init(&server.client, "a.bin", file.len()).await;
    let length = file.len().to_string();
    let head = server.client.head("PUT", &format!("/v2/access/uploads/{id}"), &[("Content-Length", &length)]);
    let mut upload = Socket::open_with(address, head).await;
    upload.send(&file[..file.len() / 2]).await;
    let mut idle = Socket::open_with(address, LIVE).await;
    assert_eq!(idle.answer().await.status, 200);
    let mut asking = Socket::open_with(address, "GET /health/ready HTTP/1.1\r\nHost: x\r\n").await;
    sleep(Duration::from_millis(100)).await;

    let ending = tokio::spawn(end(server));
    // An idle connection is closed at once.
    assert!(idle.end().await.received.is_empty());
    assert!(TcpStream::connect(address).await.is_err(), "a new connection is taken");
    // Whoever asks is told.
    asking.send("\r\n").await;
    let answer = asking.answer().await;
    assert_eq!((answer.status, &answer.json()["draining"]), (503, &serde_json::json!(true)));
    // What runs is waited for.
    sleep(Duration::from_millis(300)).await;
    assert!(!ending.is_finished());
    upload.send(&file[file.len() / 2..]).await;
    let answer = upload.answer().await;
    assert_eq!(answer.header("etag"), format!("\"{}\"", blake3::hash(&file)));
    assert_eq!(answer.ok()["mediaUploadId"], id);
    let took = ending.await.unwrap();
    assert!(took < 5 * SECOND, "all was done, and still it waited: {took:?}");
}

/// Trap 5 of reliability.md: one client that reads nothing must not hold the process.
#[tokio::test]
async fn who_stalls_is_cut_off_when_the_time_is_over() {
    let server = server("1").await;
    let address = server.address;
    let (_, media) = shelve(&server.client, "a.bin", &noise(SIZE)).await;
    let path = format!("/v2/access/vault/media/{}/original", media["id"]);
    let mut reader = Socket::open_narrow(address).await;
    reader.send(server.client.head("GET", &path, &[])).await;
    let id = init(&server.client, "b.bin", SIZE).await;
    let head = server.client.head("PUT", &format!("/v2/access/uploads/{id}"), &[("Content-Length", &SIZE.to_string())]);
    let mut writer = Socket::open_with(address, head).await;
    writer.send("a few bytes").await;
    let mut silent = Socket::open(address).await;
    sleep(Duration::from_millis(100)).await;

    let took = end(server).await;
    assert!(took >= SECOND - Duration::from_millis(50) && took < 3 * SECOND, "{took:?}");
    assert!(reader.end().await.received.len() < SIZE);
    assert!(writer.end().await.received.is_empty());
    silent.end().await;
}
