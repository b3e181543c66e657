//! A bare connection, for what no well-behaved client sends.

use std::net::SocketAddr;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{Answer, PATIENCE};

/// A connection of which every byte is the test's.
pub(crate) struct Wire {
    stream: TcpStream,
}

impl Wire {
    /// Connects.
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(address).await.unwrap() }
    }

    /// Sends bytes.
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        timeout(PATIENCE, self.stream.write_all(bytes.as_ref())).await.expect("the server does not read").unwrap();
    }

    /// Says that nothing more will be sent.
    pub(crate) async fn finish_sending(&mut self) {
        self.stream.shutdown().await.unwrap();
    }

    /// Reads one answer: an interim one such as `100 Continue`, or one that says how long it is. Not a byte more.
    pub(crate) async fn answer(&mut self) -> Answer {
        timeout(PATIENCE, self.read_answer()).await.expect("no answer came")
    }

    /// Reads until the server closes the connection.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        let read = timeout(PATIENCE, self.stream.read_to_end(&mut rest)).await;
        read.expect("the server does not close the connection").unwrap();
        rest
    }

    async fn read_answer(&mut self) -> Answer {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.stream.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let field = |line: &str| {
            let (name, value) = line.split_once(':').unwrap();
            (name.parse::<HeaderName>().unwrap(), value.trim().parse::<HeaderValue>().unwrap())
        };
        let headers: HeaderMap = lines.map(field).collect();
        let length = headers.get("content-length").map_or(0, |value| value.to_str().unwrap().parse().unwrap());
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes).await.unwrap();
        Answer { status, headers, bytes }
    }
}
