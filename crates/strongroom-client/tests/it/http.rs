//! Just enough HTTP/1.1 to serve one client and to misbehave at any byte.

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The head of a request.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) method: String,
    pub(crate) path: String,
    headers: Vec<(String, String)>,
}

impl Head {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The exact length, which every request here must announce.
    pub(crate) fn content_length(&self) -> usize {
        self.header("content-length").map_or(0, |value| value.parse().unwrap())
    }
}

/// An answer to be sent.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: String,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn ok(body: Value) -> Self {
        Self { status: 200, headers: String::new(), body }
    }
}

/// A client's connection.
pub(crate) struct Connection {
    stream: TcpStream,
    /// Read, but not yet asked for.
    ahead: Vec<u8>,
}

impl Connection {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self { stream, ahead: Vec::new() }
    }

    /// The next request's head; `None` when the client is gone.
    pub(crate) async fn head(&mut self) -> Option<Head> {
        let end = loop {
            if let Some(at) = self.ahead.windows(4).position(|window| window == b"\r\n\r\n") {
                break at;
            }
            self.fill().await?;
        };
        let text = String::from_utf8(self.ahead.drain(..end + 4).collect()).unwrap();
        let mut lines = text.lines();
        let mut first = lines.next().unwrap().split(' ');
        let (method, path) = (first.next().unwrap().to_owned(), first.next().unwrap().to_owned());
        let headers = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        Some(Head { method, path, headers })
    }

    /// The first `length` bytes of a body.
    pub(crate) async fn body(&mut self, length: usize) -> Option<Vec<u8>> {
        while self.ahead.len() < length {
            self.fill().await?;
        }
        Some(self.ahead.drain(..length).collect())
    }

    pub(crate) async fn answer(&mut self, answer: &Answer) {
        let body = answer.body.to_string();
        let (status, headers, length) = (answer.status, &answer.headers, body.len());
        let head = format!("HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n");
        let text = format!("{head}{headers}\r\n{body}");
        let _ = self.stream.write_all(text.as_bytes()).await;
    }

    async fn fill(&mut self) -> Option<()> {
        self.stream.read_buf(&mut self.ahead).await.ok().filter(|count| *count > 0)?;
        Some(())
    }
}
