//! Time: to the first byte, for the head, between requests, for the answer to be read.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, sleep};

use super::{LIVE, SECOND, assert_one_second};
use crate::shelf::shelve;
use crate::socket::Socket;
use crate::support::{Answer, Server, noise};

#[tokio::test]
async fn who_sends_no_request_in_time_is_hung_up_on() {
    let settings = [("STRONGROOM_SERVER__FIRST_BYTE_SECONDS", "1"), ("STRONGROOM_SERVER__HEAD_SECONDS", "1")];
    let server = Server::start(&settings).await;
    let beginnings = [
        "",
        "\r\n",
        "G",
        "GET / HT",
        "GET / HTTP/1.1\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nX-A: ",
        "GET / HTTP/1.1\r\nHost: x\r\n\r",
    ];
    let waits = beginnings.map(async |beginning| {
        let end = Socket::open_with(server.address, beginning).await.end().await;
        (beginning, end)
    });
    for (beginning, end) in join_all(waits).await {
        assert_one_second(end.after, beginning);
    }
}

/// A byte now and then does not buy time.
#[tokio::test]
async fn a_head_that_drips_is_hung_up_on() {
    let server = Server::start(&[("STRONGROOM_SERVER__HEAD_SECONDS", "1")]).await;
    let mut socket = Socket::open_with(server.address, "GET / HTTP/1.1\r\n").await;
    let started = Instant::now();
    while socket.try_send("X: y\r\n").await.is_ok() && started.elapsed() < Duration::from_secs(5) {
        sleep(Duration::from_millis(50)).await;
    }
    assert_one_second(socket.end().await.after, "a dripping head");
}

#[tokio::test]
async fn a_second_request_has_the_same_deadline() {
    let settings = [("STRONGROOM_SERVER__HEAD_SECONDS", "1"), ("STRONGROOM_SERVER__FIRST_BYTE_SECONDS", "1")];
    let server = Server::start(&settings).await;
    let mut socket = Socket::open_with(server.address, LIVE).await;
    assert_eq!(socket.answer().await.status, 200);
    socket.send("GET / HT").await;
    assert_one_second(socket.end().await.after, "the second request's head");
}

#[tokio::test]
async fn a_connection_is_used_again_and_ends_when_it_is_idle() {
    let server = Server::start(&[("STRONGROOM_SERVER__KEEP_ALIVE_SECONDS", "1")]).await;
    let head = server.client.head("GET", "/v2/access/self", &[]);
    let mut socket = Socket::open(server.address).await;
    let mut last = Instant::now();
    for request in [LIVE, &head, "GET /none HTTP/1.1\r\nHost: x\r\n\r\n", &head, LIVE] {
        // Longer than one deadline in all: each answer begins the wait anew.
        sleep(Duration::from_millis(400)).await;
        socket.send(request).await;
        assert!(socket.next_answer().await.is_some());
        last = Instant::now();
    }
    let end = socket.end().await;
    assert_one_second(last.elapsed(), "an idle connection");
    assert!(end.received.is_empty());
}

#[tokio::test]
async fn an_idle_connection_outlives_deadlines_that_are_shorter() {
    let settings = [
        ("STRONGROOM_SERVER__FIRST_BYTE_SECONDS", "1"),
        ("STRONGROOM_SERVER__HEAD_SECONDS", "1"),
        ("STRONGROOM_SERVER__KEEP_ALIVE_SECONDS", "30"),
    ];
    let server = Server::start(&settings).await;
    let mut socket = Socket::open_with(server.address, LIVE).await;
    for _ in 0..2 {
        assert_eq!(socket.answer().await.status, 200);
        assert!(socket.is_quiet_for(SECOND * 2).await);
        socket.send(LIVE).await;
    }
    assert_eq!(socket.answer().await.status, 200);
}

#[tokio::test]
async fn requests_that_are_sent_at_once_are_answered_in_order() {
    let server = Server::start(&[]).await;
    let missing = "GET /none HTTP/1.1\r\nHost: x\r\n\r\n";
    let mut socket = Socket::open_with(server.address, [LIVE, missing, LIVE, missing].concat()).await;
    for status in [200, 404, 200, 404] {
        assert_eq!(socket.answer().await.status, status);
    }
}

/// T32: a client that asks for much and reads nothing.
#[tokio::test]
async fn who_does_not_read_an_answer_is_hung_up_on() {
    const SIZE: usize = 32 << 20;
    let part = SIZE.to_string();
    let settings =
        [("STRONGROOM_UPLOAD__MIN_PART_BYTES", part.as_str()), ("STRONGROOM_SERVER__WRITE_IDLE_SECONDS", "1")];
    let server = Server::start(&settings).await;
    let (_, media) = shelve(&server.client, "a.bin", &noise(SIZE)).await;
    let path = format!("/v2/access/vault/media/{}/original", media["id"]);
    let head = server.client.head("GET", &path, &[]);

    let mut stalled = Socket::open_narrow(server.address).await;
    stalled.send(&head).await;
    let mut slow = Socket::open_narrow(server.address).await;
    slow.send(&head).await;
    // Who reads, however slowly, is waited for.
    let slowly = async {
        for _ in 0..3 {
            sleep(SECOND / 2).await;
            slow.read(SIZE / 5).await;
        }
        slow.answer().await
    };
    let (read, ()) = tokio::join!(slowly, sleep(SECOND * 5 / 2));
    assert_eq!((read.status, read.bytes.len()), (200, SIZE));
    let end = stalled.end().await;
    assert!(end.received.len() < SIZE, "all of it was sent to a client that did not read");
}

/// T30: many of them at once do not keep anyone else from an answer.
#[tokio::test]
async fn others_are_served_meanwhile() {
    let settings = [
        ("STRONGROOM_SERVER__FIRST_BYTE_SECONDS", "1"),
        ("STRONGROOM_SERVER__HEAD_SECONDS", "1"),
        ("STRONGROOM_SERVER__MAX_CONNECTIONS_PER_ADDRESS", "1000"),
    ];
    let server = Server::start(&settings).await;
    let mut bad = Vec::new();
    for number in 0..300 {
        let beginning = ["", "GET / HT", "PRI * HTTP/2.0\r\n"][number % 3];
        bad.push(Socket::open_with(server.address, beginning).await);
    }
    let mut slowest = Duration::ZERO;
    for _ in 0..50 {
        let started = Instant::now();
        let answer: Answer = server.client.get("/v2/access/self").await;
        assert_eq!(answer.status, 200);
        slowest = slowest.max(started.elapsed());
    }
    assert!(slowest < Duration::from_millis(500), "{slowest:?}");
    // And all are gone in the end.
    for end in join_all(bad.iter_mut().map(Socket::end)).await {
        assert!(end.after < Duration::from_secs(4), "{:?}", end.after);
    }
}
