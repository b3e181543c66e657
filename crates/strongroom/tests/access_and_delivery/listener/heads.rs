//! Size: of a request's head.

use super::LIVE;
use crate::socket::Socket;
use crate::support::Server;

/// A request of this many fields in all.
fn fields(count: usize) -> String {
    let more: String = (1..count).map(|number| format!("X-{number}: y\r\n")).collect();
    format!("GET /health/live HTTP/1.1\r\nHost: x\r\n{more}\r\n")
}

/// A request whose head has this many bytes.
fn bytes(count: usize) -> String {
    let (start, end) = ("GET /health/live HTTP/1.1\r\nHost: x\r\nX: ", "\r\n\r\n");
    format!("{start}{}{end}", "y".repeat(count - start.len() - end.len()))
}

#[tokio::test]
async fn a_head_may_have_a_hundred_fields_and_32_kib() {
    let server = Server::start(&[]).await;
    for good in [fields(100), bytes(32 << 10), LIVE.to_owned()] {
        assert_eq!(Socket::open_with(server.address, good).await.answer().await.status, 200);
    }
    let long_query = format!("GET /health/live?{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(33 << 10));
    for (flood, status) in
        [(fields(101), 431), (bytes((32 << 10) + 1), 431), (bytes(100 << 10), 431), (long_query, 431)]
    {
        let mut socket = Socket::open(server.address).await;
        drop(socket.try_send(&flood).await);
        assert_eq!(socket.answer().await.status, status, "{} bytes", flood.len());
        socket.end().await;
    }
}

/// A head that never ends is cut off by its size, long before its deadline.
#[tokio::test]
async fn a_head_without_end_is_cut_off() {
    let server = Server::start(&[]).await;
    for piece in ["X: y\r\n", "y", "GET / HTTP/1.1 "] {
        let mut socket = Socket::open_with(server.address, "GET / HTTP/1.1\r\nX: ").await;
        let flood = piece.repeat((1 << 20) / piece.len());
        drop(socket.try_send(flood).await);
        let end = socket.end().await;
        assert!(end.after.as_secs() < 3, "{:?}", end.after);
    }
}
