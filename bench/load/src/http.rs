//! As much HTTP/1.1 as a client needs that trusts its servers.

use std::io::{ErrorKind, IoSlice, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::Outcome;
use crate::noise::{BLOCK_BYTES, SALT_BYTES, ring, salt};

const TIMEOUT: Duration = Duration::from_secs(120);

/// What a request carries.
#[derive(Clone, Copy)]
pub enum Body<'a> {
    Empty,
    Bytes(&'a [u8]),
    /// So many new random bytes.
    Noise(u64),
    /// A file's bytes, and a salt at their end.
    Salted(&'a [u8]),
}

impl Body<'_> {
    pub fn length(&self) -> u64 {
        match self {
            Self::Empty => 0,
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Noise(length) => *length,
            Self::Salted(bytes) => (bytes.len() + SALT_BYTES) as u64,
        }
    }
}

/// An answer. Its body is here only if it was asked for; it has been read in any case.
pub struct Answer {
    pub status: u16,
    head: String,
    pub body: Vec<u8>,
    pub length: u64,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.split("\r\n").skip(1).find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or_default()
    }

    /// What stands between two texts of the body: all of JSON and XML that is needed here.
    pub fn between(&self, before: &str, after: &str) -> Outcome<&str> {
        let text = self.text();
        let found = text.split_once(before).and_then(|(_, rest)| rest.split_once(after)).map(|(found, _)| found);
        found.ok_or_else(|| format!("no {before}…{after} in {text}").into())
    }
}

/// One keep-alive connection.
pub struct Connection {
    address: String,
    stream: TcpStream,
    buffer: Box<[u8]>,
}

impl Connection {
    pub fn open(address: &str) -> Outcome<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_write_timeout(Some(TIMEOUT))?;
        Ok(Self { address: address.to_owned(), stream, buffer: vec![0; BLOCK_BYTES].into_boxed_slice() })
    }

    /// Sends a request whose answer has to be a success.
    pub fn call(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: Body<'_>) -> Outcome<Answer> {
        self.send(method, path, headers, body)?;
        let answer = self.answer(true)?;
        if !(200..300).contains(&answer.status) {
            return Err(format!("{method} {path} answered {}: {}", answer.status, answer.text()).into());
        }
        Ok(answer)
    }

    pub fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: Body<'_>) -> Outcome<()> {
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.address);
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !matches!(method, "GET" | "HEAD") {
            head.push_str(&format!("content-length: {}\r\n", body.length()));
        }
        head.push_str("\r\n");
        match body {
            Body::Empty => self.write(&head, [b"", b""]),
            Body::Bytes(bytes) => self.write(&head, [bytes, b""]),
            Body::Salted(bytes) => self.write(&head, [bytes, &salt()]),
            Body::Noise(length) => self.write_noise(&head, length),
        }
    }

    fn write_noise(&mut self, head: &str, length: u64) -> Outcome<()> {
        let mut head = head;
        let mut left = length;
        let mut at = 0;
        while left > 0 {
            let block = left.min(BLOCK_BYTES as u64) as usize;
            let salt = salt();
            let salted = block.min(SALT_BYTES);
            self.write(head, [&salt[..salted], &ring()[at..at + block - salted]])?;
            head = "";
            left -= block as u64;
            at = (at + BLOCK_BYTES) % ring().len();
        }
        Ok(())
    }

    /// Everything in as few system calls as the socket allows.
    fn write(&mut self, head: &str, [first, second]: [&[u8]; 2]) -> Outcome<()> {
        let mut slices = [IoSlice::new(head.as_bytes()), IoSlice::new(first), IoSlice::new(second)];
        let mut left = &mut slices[..];
        IoSlice::advance_slices(&mut left, 0);
        while !left.is_empty() {
            match self.stream.write_vectored(left) {
                Ok(0) => return Err("the server closed the connection while it was written to".into()),
                Ok(written) => IoSlice::advance_slices(&mut left, written),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Reads an answer to its end, and keeps its body if `is_kept`.
    pub fn answer(&mut self, is_kept: bool) -> Outcome<Answer> {
        let mut filled = 0;
        let head_length = loop {
            filled += self.read_into(filled)?;
            if let Some(end) = self.buffer[..filled].windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
        };
        let head = String::from_utf8_lossy(&self.buffer[..head_length - 4]).into_owned();
        let status =
            head.get(9..12).and_then(|digits| digits.parse().ok()).ok_or_else(|| format!("no status in {head}"))?;
        let mut answer = Answer { status, head, body: Vec::new(), length: 0 };
        let mut rest = self.buffer[head_length..filled].to_vec();
        if answer.header("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
            self.read_chunked(&mut rest, &mut answer)?;
            return Ok(answer);
        }
        answer.length = answer.header("content-length").map_or(Ok(0), str::parse)?;
        let mut left = answer.length.saturating_sub(rest.len() as u64);
        if is_kept {
            answer.body.append(&mut rest);
        }
        while left > 0 {
            let read = self.read_into(0)?;
            left = left.saturating_sub(read as u64);
            if is_kept {
                answer.body.extend_from_slice(&self.buffer[..read]);
            }
        }
        Ok(answer)
    }

    fn read_chunked(&mut self, rest: &mut Vec<u8>, answer: &mut Answer) -> Outcome<()> {
        loop {
            let line_end = loop {
                if let Some(end) = rest.windows(2).position(|two| two == b"\r\n") {
                    break end;
                }
                let read = self.read_into(0)?;
                rest.extend_from_slice(&self.buffer[..read]);
            };
            let size = usize::from_str_radix(std::str::from_utf8(&rest[..line_end])?.trim(), 16)?;
            while rest.len() < line_end + 2 + size + 2 {
                let read = self.read_into(0)?;
                rest.extend_from_slice(&self.buffer[..read]);
            }
            answer.body.extend_from_slice(&rest[line_end + 2..line_end + 2 + size]);
            rest.drain(..line_end + 2 + size + 2);
            if size == 0 {
                answer.length = answer.body.len() as u64;
                return Ok(());
            }
        }
    }

    fn read_into(&mut self, from: usize) -> Outcome<usize> {
        if from == self.buffer.len() {
            return Err("an answer's head is larger than 256 KiB".into());
        }
        loop {
            match self.stream.read(&mut self.buffer[from..]) {
                Ok(0) => return Err("the server closed the connection before it had answered".into()),
                Ok(read) => return Ok(read),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}
