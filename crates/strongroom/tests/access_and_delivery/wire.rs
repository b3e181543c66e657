//! HTTP/1.1 by hand: what a test sends is what goes over the wire, byte for byte, and so is what it reads.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// No answer of a test takes longer; one that does has hung.
const PATIENCE: Duration = Duration::from_secs(20);

/// One connection.
pub(crate) struct Wire {
    socket: TcpStream,
    received: Vec<u8>,
}

/// One answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// One request, to be sent on a connection of its own or on one that is there.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl Wire {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        let socket = TcpStream::connect(address).await.expect("the server accepts");
        socket.set_nodelay(true).unwrap();
        Self { socket, received: Vec::new() }
    }

    /// A connection whose own receive buffer is small, so that a peer which writes on meets its end soon.
    pub(crate) async fn open_narrow(address: SocketAddr) -> Self {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        Self { socket: socket.connect(address).await.unwrap(), received: Vec::new() }
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.try_send(bytes).await.expect("the server reads");
    }

    /// Sends to a server that may have hung up.
    pub(crate) async fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> std::io::Result<()> {
        self.socket.write_all(bytes.as_ref()).await
    }

    /// Reads one whole answer to a request that was not `HEAD`.
    pub(crate) async fn answer(&mut self) -> Answer {
        self.next_answer(false).await.expect("the server answers")
    }

    /// Reads one whole answer, or `None` where the connection ended first.
    pub(crate) async fn next_answer(&mut self, is_head: bool) -> Option<Answer> {
        let reading = async {
            loop {
                if let Some((answer, length)) = parse(&self.received, is_head) {
                    self.received.drain(..length);
                    if answer.status != 100 {
                        return Some(answer);
                    }
                    continue;
                }
                if self.read_more().await == 0 {
                    return None;
                }
            }
        };
        tokio::time::timeout(PATIENCE, reading).await.expect("the server answers in time")
    }

    /// Reads until the server hangs up, and says after how long it did and what it sent before. Fails where it has not
    /// after `patience`.
    pub(crate) async fn end(&mut self, patience: Duration) -> (Duration, Vec<u8>) {
        let started = Instant::now();
        let reading = async { while self.read_more().await > 0 {} };
        tokio::time::timeout(patience, reading).await.expect("the server hangs up");
        (started.elapsed(), std::mem::take(&mut self.received))
    }

    /// Whether the connection is open and silent for `span`.
    pub(crate) async fn stays_open(&mut self, span: Duration) -> bool {
        tokio::time::timeout(span, self.read_more()).await.is_err()
    }

    async fn read_more(&mut self) -> usize {
        let mut chunk = [0; 64 << 10];
        // A reset is an end too: the kernel resets where the server hung up on bytes that it had not read.
        let count = self.socket.read(&mut chunk).await.unwrap_or(0);
        self.received.extend_from_slice(&chunk[..count]);
        count
    }
}

impl Request {
    pub(crate) fn new(method: &str, target: impl Into<String>) -> Self {
        Self { method: method.to_owned(), target: target.into(), headers: Vec::new(), body: None }
    }

    pub(crate) fn get(target: impl Into<String>) -> Self {
        Self::new("GET", target)
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn headers(self, headers: &[(&str, &str)]) -> Self {
        headers.iter().fold(self, |request, (name, value)| request.header(name, *value))
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.header("Content-Type", "application/json").body(body.to_string())
    }

    /// The bytes that go over the wire.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let Self { method, target, headers, body } = self;
        let mut head = format!("{method} {target} HTTP/1.1\r\nHost: vault.test\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if let Some(body) = body {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        head.push_str("\r\n");
        [head.as_bytes(), body.as_deref().unwrap_or_default()].concat()
    }

    /// Sends it on a connection of its own.
    pub(crate) async fn send(&self, address: SocketAddr) -> Answer {
        let mut wire = Wire::open(address).await;
        wire.send(self.to_bytes()).await;
        wire.next_answer(self.method == "HEAD").await.expect("the server answers")
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str());
        let first = values.next();
        assert_eq!(values.next(), None, "{name} is there twice");
        first
    }

    pub(crate) fn json(&self) -> Value {
        let is_json = self.header("content-type").is_some_and(|value| value.starts_with("application/json"));
        assert!(is_json, "{} {:?} is not JSON: {}", self.status, self.headers, String::from_utf8_lossy(&self.body));
        serde_json::from_slice(&self.body).expect("a JSON body")
    }

    /// The JSON of a 200.
    pub(crate) fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", String::from_utf8_lossy(&self.body));
        self.json()
    }
}

/// The first answer in `bytes` and how many of them it takes, once it is whole.
fn parse(bytes: &[u8], is_head: bool) -> Option<(Answer, usize)> {
    let head_length = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&bytes[..head_length - 4]).expect("a head is text");
    let mut lines = head.split("\r\n");
    let status_line = lines.next().unwrap();
    let status = status_line.strip_prefix("HTTP/1.1 ").expect("HTTP/1.1").split(' ').next().unwrap().parse().unwrap();
    let headers: Vec<(String, String)> = lines
        .map(|line| line.split_once(": ").expect("a header"))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let answer = Answer { status, headers, body: Vec::new() };
    let has_body = !is_head && status != 304 && status >= 200;
    let rest = &bytes[head_length..];
    let (body, length) = if !has_body {
        (Vec::new(), 0)
    } else if answer.header("transfer-encoding") == Some("chunked") {
        parse_chunks(rest)?
    } else {
        let length = answer.header("content-length").map_or(0, |value| value.parse().unwrap());
        (rest.get(..length)?.to_vec(), length)
    };
    Some((Answer { body, ..answer }, head_length + length))
}

fn parse_chunks(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let (mut body, mut at) = (Vec::new(), 0);
    loop {
        let line = bytes[at..].windows(2).position(|window| window == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&bytes[at..at + line]).unwrap(), 16).unwrap();
        let start = at + line + 2;
        body.extend_from_slice(bytes.get(start..start + size)?);
        bytes.get(start + size..start + size + 2)?;
        at = start + size + 2;
        if size == 0 {
            return Some((body, at));
        }
    }
}
