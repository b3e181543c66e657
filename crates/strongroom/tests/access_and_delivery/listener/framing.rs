//! T38: requests whose end two readers could see in two places. Each is refused or its connection ends, and the second
//! request that was hidden in it is never answered.

use crate::socket::Socket;
use crate::support::Server;

/// A request that answers 200; `/health/live` marks its answer.
const HIDDEN: &str = "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n";

/// Sends `bytes` and reads all that comes until the server hangs up: the statuses, in order.
async fn statuses(server: &Server, bytes: &str) -> Vec<u16> {
    let mut socket = Socket::open(server.address).await;
    drop(socket.try_send(bytes).await);
    let mut statuses = Vec::new();
    while let Some(answer) = socket.next_answer().await {
        statuses.push(answer.status);
    }
    statuses
}

#[tokio::test]
async fn a_request_with_two_ends_hides_no_other() {
    // What is never answered must not wait long for more.
    let settings = [("STRONGROOM_SERVER__HEAD_SECONDS", "1"), ("STRONGROOM_SERVER__KEEP_ALIVE_SECONDS", "1")];
    let server = Server::start(&settings).await;
    let post = |fields: &str, body: &str| format!("POST /none HTTP/1.1\r\nHost: x\r\n{fields}\r\n\r\n{body}{HIDDEN}");
    let length = HIDDEN.len();
    let both = |first: &str, second: &str| post(&format!("{first}\r\n{second}"), "0\r\n\r\n");
    let forms = [
        // Both of them, in either order: read by the chunks, and then the connection ends.
        both(&format!("Content-Length: {}", length + 5), "Transfer-Encoding: chunked"),
        both("Transfer-Encoding: chunked", &format!("Content-Length: {}", length + 5)),
        both("Transfer-Encoding: chunked", "Content-Length: 5"),
        both("Content-Length: 5", "Transfer-Encoding: chunked"),
        both("transfer-encoding:chunked", "content-length:0"),
        // Two lengths.
        post(&format!("Content-Length: 0\r\nContent-Length: {length}"), ""),
        post(&format!("Content-Length: {length}\r\nContent-Length: 0"), ""),
        post(&format!("Content-Length: 0, {length}"), ""),
        post("Content-Length: 0,0", ""),
        // Lengths that some readers take for a number.
        post("Content-Length: +0", ""),
        post("Content-Length: -1", ""),
        post("Content-Length: 0x0", ""),
        post("Content-Length: 0 0", ""),
        post("Content-Length: 1e1", ""),
        post("Content-Length: ", ""),
        post("Content-Length: 18446744073709551616", ""),
        post("Content-Length : 0", ""),
        // Encodings that some readers take for chunks.
        post("Transfer-Encoding: xchunked", "0\r\n\r\n"),
        post("Transfer-Encoding: chunked, identity", "0\r\n\r\n"),
        post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", "0\r\n\r\n"),
        post("Transfer-Encoding: identity", "0\r\n\r\n"),
        post("Transfer-Encoding: gzip", "0\r\n\r\n"),
        post("Transfer-Encoding: \"chunked\"", "0\r\n\r\n"),
        post("Transfer-Encoding:\u{b}chunked", "0\r\n\r\n"),
        post("Transfer-Encoding : chunked", "0\r\n\r\n"),
        post(" Transfer-Encoding: chunked", "0\r\n\r\n"),
        post("Transfer-Encoding\t: chunked", "0\r\n\r\n"),
        // A field folded over two lines, and lines that end otherwise.
        post("X: y\r\n Transfer-Encoding: chunked", "0\r\n\r\n"),
        post("Transfer-Encoding:\r\n chunked", "0\r\n\r\n"),
        post("X: y\rTransfer-Encoding: chunked", "0\r\n\r\n"),
        post("X: y\0Transfer-Encoding: chunked", "0\r\n\r\n"),
        // Chunks that some readers count otherwise.
        post("Transfer-Encoding: chunked", "0x0\r\n\r\n"),
        post("Transfer-Encoding: chunked", "-1\r\n\r\n"),
        post("Transfer-Encoding: chunked", "\r\n\r\n"),
        post("Transfer-Encoding: chunked", "0\n\n"),
        post("Transfer-Encoding: chunked", "0;\n\r\n"),
        post("Transfer-Encoding: chunked", "1\r\nab\r\n0\r\n\r\n"),
        post("Transfer-Encoding: chunked", "10000000000000000\r\n\r\n"),
        // An HTTP/1.0 request has no chunks.
        post("Transfer-Encoding: chunked", "0\r\n\r\n").replace("HTTP/1.1\r\nHost: x\r\nT", "HTTP/1.0\r\nHost: x\r\nT"),
    ];
    let answers = futures_util::future::join_all(forms.iter().map(|form| statuses(&server, form))).await;
    for (form, statuses) in forms.iter().zip(answers) {
        assert!(!statuses.contains(&200), "{form:?} hid a request: {statuses:?}");
        assert!(
            statuses.iter().all(|status| (400..500).contains(status)) && statuses.len() <= 1,
            "{form:?}: {statuses:?}"
        );
    }
}

#[tokio::test]
async fn what_is_no_request_is_refused() {
    let server = Server::start(&[("STRONGROOM_SERVER__HEAD_SECONDS", "1")]).await;
    let forms = [
        "\x16\x03\x01\x02\x00\x01\x00\x01\x7c\x03\x03",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
        "SSH-2.0-OpenSSH_9.2\r\n",
        "GET /health/live\r\n\r\n",
        "GET /health/live HTTP/9.9\r\nHost: x\r\n\r\n",
        "GET  /health/live  HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /health/live HTTP/1.1 \r\nHost: x\r\n\r\n",
        "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n",
        "G\0T / HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost x\r\n\r\n",
        "GET / HTTP/1.1\r\n: x\r\n\r\n",
        "GET / HTTP/1.1\r\nA\u{e9}: x\r\n\r\n",
        "\0\0\0\0\r\n\r\n",
    ];
    for form in forms {
        let statuses = statuses(&server, form).await;
        assert!(
            statuses.iter().all(|status| (400..600).contains(status)) && statuses.len() <= 1,
            "{form:?}: {statuses:?}"
        );
    }
    assert_eq!(server.client.get("/health/live").await.status, 200);
}
