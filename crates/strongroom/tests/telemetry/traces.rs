//! Spans, sent to a collector that only notes what it gets.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use reqwest::Method;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::process::Process;
use crate::support::Answer;
use crate::workload::work;

/// Requests: head and body.
type Received = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

/// A collector. It answers everything with 200.
async fn collector() -> (SocketAddr, Received) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, received) = (listener.local_addr().unwrap(), Received::default());
    let noted = Arc::clone(&received);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(note(stream, Arc::clone(&noted)));
        }
    });
    (address, received)
}

async fn note(mut stream: TcpStream, noted: Received) {
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let Ok(byte) = stream.read_u8().await else { return };
            head.push(byte);
        }
        let head = String::from_utf8(head).unwrap().to_lowercase();
        let length = head.split("content-length: ").nth(1).unwrap().split("\r\n").next().unwrap().parse().unwrap();
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.unwrap();
        noted.lock().unwrap().push((head, body));
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.unwrap();
    }
}

fn holds(body: &[u8], part: &[u8]) -> bool {
    body.windows(part.len()).any(|window| window == part)
}

#[tokio::test]
async fn spans_reach_the_collector_in_the_callers_trace() {
    let (address, received) = collector().await;
    let endpoint = format!("http://{address}");
    let server = Process::start(&[("STRONGROOM_TRACES__ENDPOINT", &endpoint), ("STRONGROOM_LOG__LEVEL", "error")]);
    let client = server.client().await;
    let urls = work(&client).await;
    let (trace, parent) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
    let traced =
        client.request(Method::GET, "/v2/access/vault/media").header("traceparent", format!("00-{trace}-{parent}-01"));
    assert_eq!(Answer::to(traced).await.status, 200);
    let log = tokio::task::spawn_blocking(|| server.log()).await.unwrap();
    assert_eq!(log, "");

    let received = received.lock().unwrap();
    assert!(!received.is_empty());
    let bodies: Vec<u8> = received.iter().flat_map(|(_, body)| body.clone()).collect();
    for (head, _) in received.iter() {
        assert!(
            head.starts_with("post /v1/traces http/1.1") && head.contains("content-type: application/x-protobuf"),
            "{head}"
        );
    }
    for name in ["request", "part", "complete", "job", "child", "strongroom"] {
        assert!(holds(&bodies, name.as_bytes()), "{name}");
    }
    let bytes = |hex: &str| {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect::<Vec<_>>()
    };
    assert!(holds(&bodies, &bytes(trace)) && holds(&bodies, &bytes(parent)));
    for secret in [client.key.as_str(), urls[0].split("sig=").nth(1).unwrap()] {
        assert!(!holds(&bodies, secret.as_bytes()));
    }
}
