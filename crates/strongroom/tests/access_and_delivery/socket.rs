//! A connection of which the test keeps the time: when the server hung up, what it had sent by then, whether it waits.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, timeout};

use crate::support::{Answer, PATIENCE};

/// One connection.
pub(crate) struct Socket {
    stream: TcpStream,
    received: Vec<u8>,
    opened: Instant,
}

/// How a connection ended.
#[derive(Debug)]
pub(crate) struct End {
    /// How long after the connection was opened.
    pub(crate) after: Duration,
    /// What came before it and was not read yet.
    pub(crate) received: Vec<u8>,
}

impl Socket {
    /// Connects.
    pub(crate) async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, received: Vec::new(), opened: Instant::now() }
    }

    /// Connects with a small receive buffer, so that a server which writes on soon meets a client that does not read.
    pub(crate) async fn open_narrow(address: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        let stream = socket.connect(address).await.unwrap();
        Self { stream, received: Vec::new(), opened: Instant::now() }
    }

    /// Connects and sends.
    pub(crate) async fn open_with(address: SocketAddr, bytes: impl AsRef<[u8]>) -> Self {
        let mut socket = Self::open(address).await;
        socket.send(bytes).await;
        socket
    }

    /// Sends bytes.
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.try_send(bytes).await.expect("the server reads");
    }

    /// Sends bytes to a server that may have hung up.
    pub(crate) async fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> std::io::Result<()> {
        timeout(PATIENCE, self.stream.write_all(bytes.as_ref())).await.expect("the server reads in time")
    }

    /// The next answer to a request that was not `HEAD`; interim ones are passed over.
    pub(crate) async fn answer(&mut self) -> Answer {
        self.next_answer().await.expect("the server answers")
    }

    /// The next answer, or `None` where the server hung up instead.
    pub(crate) async fn next_answer(&mut self) -> Option<Answer> {
        let reading = async {
            loop {
                if let Some((answer, length)) = parse(&self.received) {
                    self.received.drain(..length);
                    if answer.status >= 200 {
                        return Some(answer);
                    }
                } else if self.read_more().await == 0 {
                    return None;
                }
            }
        };
        timeout(PATIENCE, reading).await.expect("the server answers in time")
    }

    /// Waits until the server hangs up.
    pub(crate) async fn end(&mut self) -> End {
        let reading = async { while self.read_more().await > 0 {} };
        timeout(PATIENCE, reading).await.expect("the server hangs up");
        End { after: self.opened.elapsed(), received: std::mem::take(&mut self.received) }
    }

    /// Reads so many bytes more, for an answer to begin with.
    pub(crate) async fn read(&mut self, count: usize) {
        let wanted = self.received.len() + count;
        let reading = async { while self.received.len() < wanted && self.read_more().await > 0 {} };
        timeout(PATIENCE, reading).await.expect("the server writes in time");
    }

    /// Whether the server has neither said anything nor hung up after `span`.
    pub(crate) async fn is_quiet_for(&mut self, span: Duration) -> bool {
        timeout(span, self.read_more()).await.is_err()
    }

    async fn read_more(&mut self) -> usize {
        let mut chunk = vec![0; 64 << 10];
        // A reset is an end too: the kernel sends one where the server hung up on bytes that it had not read.
        let count = self.stream.read(&mut chunk).await.unwrap_or(0);
        self.received.extend_from_slice(&chunk[..count]);
        count
    }
}

/// The first answer in `bytes` and how many of them it takes, once it is whole. Answers say how long they are.
fn parse(bytes: &[u8]) -> Option<(Answer, usize)> {
    let head_length = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&bytes[..head_length]).unwrap();
    let mut lines = head.trim_end().split("\r\n");
    let status = lines.next().unwrap().strip_prefix("HTTP/1.1 ").unwrap().split(' ').next().unwrap().parse().unwrap();
    let field = |line: &str| {
        let (name, value) = line.split_once(':').unwrap();
        (name.parse::<HeaderName>().unwrap(), value.trim().parse::<HeaderValue>().unwrap())
    };
    let headers: HeaderMap = lines.map(field).collect();
    let length = headers.get("content-length").map_or(0, |value| value.to_str().unwrap().parse().unwrap());
    let body = bytes.get(head_length..head_length + length)?.to_vec();
    Some((Answer { status, headers, bytes: body }, head_length + length))
}
