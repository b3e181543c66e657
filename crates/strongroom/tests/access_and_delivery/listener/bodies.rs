//! Bodies that pause, crawl, or have no end.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{LATE, SECOND};
use crate::problem::{message, problem};
use crate::shelf::init;
use crate::socket::Socket;
use crate::support::{Server, noise};

const PART: usize = 64 << 10;

/// A server with small parts and short deadlines, and a session of three parts of which the first has been sent.
async fn three_parts() -> (Server, String, Vec<u8>) {
    let part = PART.to_string();
    let settings =
        [("STRONGROOM_UPLOAD__MIN_PART_BYTES", part.as_str()), ("STRONGROOM_SERVER__BODY_IDLE_SECONDS", "1")];
    let server = Server::start(&settings).await;
    let file = noise(3 * PART);
    let id = init(&server.client, "a.bin", file.len()).await;
    let put = server.client.put_bytes(&format!("/v2/access/uploads/{id}/parts/1"), &file[..PART], &[]).await;
    assert_eq!(put.status, 200);
    (server, id, file)
}

/// The head of a PUT of the second part.
fn second_part(server: &Server, id: &str, fields: &[(&str, &str)]) -> String {
    server.client.head("PUT", &format!("/v2/access/uploads/{id}/parts/2"), fields)
}

/// Checks that only the first part counts, and that the second can still be sent.
async fn assert_unharmed(server: &Server, id: &str, file: &[u8]) {
    let session = server.client.get(&format!("/v2/access/uploads/{id}")).await.ok();
    assert_eq!((session["state"].as_str(), session["receivedBytes"].as_u64()), (Some("open"), Some(PART as u64)));
    let put = server.client.put_bytes(&format!("/v2/access/uploads/{id}/parts/2"), &file[PART..2 * PART], &[]).await;
    assert_eq!(put.status, 200, "{}", put.text());
}

/// T31: a body that stops in the middle.
#[tokio::test]
async fn a_body_that_pauses_is_given_up() {
    let (server, id, file) = three_parts().await;
    let length = PART.to_string();
    let head = second_part(&server, &id, &[("Content-Length", &length)]);
    let mut socket = Socket::open_with(server.address, head).await;
    let mut quiet = Socket::open_with(server.address, second_part(&server, &id, &[("Content-Length", &length)])).await;
    for _ in 0..6 {
        sleep(Duration::from_millis(250)).await;
        socket.send(&file[..4096]).await;
    }
    let paused = Instant::now();
    let body = problem(&socket.answer().await, 408, "REQUEST_TIMEOUT");
    assert!(message(&body).contains("paused for more than 1 second"), "{body}");
    assert!(paused.elapsed() < SECOND + LATE);
    problem(&quiet.answer().await, 408, "REQUEST_TIMEOUT");
    assert_unharmed(&server, &id, &file).await;
}

/// T31: a body that never stops, and never gets anywhere.
#[tokio::test]
async fn a_body_that_crawls_is_given_up() {
    let (server, id, file) = three_parts().await;
    let head = second_part(&server, &id, &[("Content-Length", &PART.to_string())]);
    let mut socket = Socket::open_with(server.address, head).await;
    let crawl = async |socket: &mut Socket| {
        while socket.is_quiet_for(Duration::from_millis(100)).await {
            socket.send(&file[..1]).await;
        }
    };
    let started = Instant::now();
    crawl(&mut socket).await;
    let body = problem(&socket.answer().await, 408, "REQUEST_TIMEOUT");
    assert!(message(&body).contains("slower than 1024 bytes a second"), "{body}");
    assert!(started.elapsed() > SECOND && started.elapsed() < SECOND + LATE, "{:?}", started.elapsed());
    assert_unharmed(&server, &id, &file).await;
}

/// A JSON body is no way around that.
#[tokio::test]
async fn a_json_body_that_pauses_is_given_up() {
    let (server, ..) = three_parts().await;
    let fields = [("Content-Type", "application/json"), ("Content-Length", "1000")];
    for path in ["/v2/access/uploads/init", "/v2/access/uploads/complete", "/v2/access/uploads/check"] {
        let mut socket = Socket::open_with(server.address, server.client.head("POST", path, &fields)).await;
        let started = Instant::now();
        while socket.is_quiet_for(Duration::from_millis(200)).await && started.elapsed() < 3 * SECOND {
            socket.send(" ").await;
        }
        problem(&socket.answer().await, 408, "REQUEST_TIMEOUT");
    }
}

/// T33: chunks without end are cut off at the length that is known before the first of them.
#[tokio::test]
async fn chunks_without_end_are_cut_off() {
    let (server, id, file) = three_parts().await;
    let head = second_part(&server, &id, &[("Transfer-Encoding", "chunked")]);
    let mut socket = Socket::open_with(server.address, head).await;
    let chunk = [format!("{PART:x}\r\n").into_bytes(), file[..PART].to_vec(), b"\r\n".to_vec()].concat();
    let mut sent = 0;
    while sent < 1 << 30 && socket.try_send(&chunk).await.is_ok() {
        sent += PART;
        if !socket.is_quiet_for(Duration::from_millis(1)).await {
            break;
        }
    }
    assert!(sent < 64 << 20, "{sent} bytes went out before the server said anything");
    problem(&socket.answer().await, 400, "PART_LENGTH_MISMATCH");
    assert_unharmed(&server, &id, &file).await;
}

#[tokio::test]
async fn chunks_of_the_right_length_are_a_part() {
    let (server, id, file) = three_parts().await;
    let mut socket =
        Socket::open_with(server.address, second_part(&server, &id, &[("Transfer-Encoding", "chunked")])).await;
    for bytes in file[PART..2 * PART].chunks(1000) {
        socket.send(format!("{:x};name=value\r\n", bytes.len())).await;
        socket.send([bytes, b"\r\n"].concat()).await;
    }
    socket.send("0\r\nX-Trailer: y\r\n\r\n").await;
    assert_eq!(socket.answer().await.status, 200);
}

/// T33: floods inside the framing of chunks.
#[tokio::test]
async fn floods_within_chunks_are_cut_off() {
    let (server, id, file) = three_parts().await;
    let trailers =
        format!("{PART:x}\r\n{}\r\n0\r\n{}", String::from_utf8_lossy(&[b'a'; PART]), "X: y\r\n".repeat(50_000));
    for flood in [format!("1;{}", "x".repeat(1 << 20)), "0".repeat(1 << 20), trailers] {
        let head = second_part(&server, &id, &[("Transfer-Encoding", "chunked")]);
        let mut socket = Socket::open_with(server.address, head).await;
        drop(socket.try_send(flood).await);
        match socket.next_answer().await {
            None => {}
            Some(answer) => assert!((400..500).contains(&answer.status), "{}", answer.text()),
        }
    }
    assert_unharmed(&server, &id, &file).await;
}

#[tokio::test]
async fn a_body_that_is_not_as_long_as_it_says_leaves_nothing() {
    let (server, id, file) = three_parts().await;
    // Known before the first byte: refused without reading it.
    for length in [PART - 1, PART + 1, 0, usize::MAX / 2] {
        let head = second_part(&server, &id, &[("Content-Length", &length.to_string())]);
        let mut socket = Socket::open_with(server.address, head).await;
        problem(&socket.answer().await, 400, "PART_LENGTH_MISMATCH");
    }
    // Nobody is there any more when half of it has come.
    let head = second_part(&server, &id, &[("Content-Length", &PART.to_string())]);
    let mut socket = Socket::open_with(server.address, head).await;
    socket.send(&file[..PART / 2]).await;
    drop(socket);
    sleep(Duration::from_millis(100)).await;
    assert_unharmed(&server, &id, &file).await;
}
