//! tus 1.0: creation, PATCH, and concatenation of partial uploads.

use std::sync::Mutex;
use std::time::Instant;

use crate::Outcome;
use crate::arguments::Arguments;
use crate::http::{Body, Connection};
use crate::sample::milliseconds_since;
use crate::target::{File, Sent, in_pieces};

const VERSION: (&str, &str) = ("tus-resumable", "1.0.0");

pub struct Tus {
    prefix: String,
    /// The largest PATCH.
    chunk_bytes: u64,
}

impl Tus {
    pub fn of(arguments: &Arguments) -> Outcome<Self> {
        Ok(Self {
            prefix: arguments.text_or("prefix", "/files/").to_owned(),
            chunk_bytes: arguments.number_or("chunk-bytes", u64::MAX)?,
        })
    }

    pub fn upload(&self, connections: &mut [Connection], file: &File<'_>) -> Outcome<Sent> {
        if file.pieces == 1 {
            let name = Mutex::new(String::new());
            let mut sent = in_pieces(&mut connections[..1], 1, |connection, _| {
                let path = self.create(connection, file.body.length(), &[])?;
                self.patch(connection, &path, file.body)?;
                *name.lock().map_err(|_| "poisoned")? = path;
                Ok(())
            })?;
            sent.name = name.into_inner()?;
            return Ok(sent);
        }
        let paths = Mutex::new(vec![String::new(); usize::try_from(file.pieces)?]);
        let mut sent = in_pieces(connections, file.pieces, |connection, index| {
            let (_, length) = file.piece(index);
            let path = self.create(connection, length, &[("upload-concat", "partial")])?;
            self.patch(connection, &path, Body::Noise(length))?;
            paths.lock().map_err(|_| "poisoned")?[usize::try_from(index)?] = path;
            Ok(())
        })?;
        let concat = format!("final;{}", paths.into_inner()?.join(" "));
        let started = Instant::now();
        let answer = connections[0].call("POST", &self.prefix, &[VERSION, ("upload-concat", &concat)], Body::Empty)?;
        sent.finish_ms = Some(milliseconds_since(started));
        sent.name = answer.header("location").unwrap_or_default().to_owned();
        Ok(sent)
    }

    fn create(&self, connection: &mut Connection, length: u64, more: &[(&str, &str)]) -> Outcome<String> {
        let length = length.to_string();
        let mut headers = vec![VERSION, ("upload-length", &length)];
        headers.extend(more);
        let answer = connection.call("POST", &self.prefix, &headers, Body::Empty)?;
        let location = answer.header("location").ok_or("no Location for a new upload")?;
        // Absolute or not; only the path is wanted.
        let after_scheme = location.split_once("://").map_or(location, |(_, rest)| rest);
        let path = after_scheme.find('/').map_or(after_scheme, |slash| &after_scheme[slash..]);
        Ok(path.to_owned())
    }

    fn patch(&self, connection: &mut Connection, path: &str, body: Body<'_>) -> Outcome<()> {
        let length = body.length();
        let mut offset = 0;
        while offset < length {
            let chunk = self.chunk_bytes.min(length - offset);
            let at = offset.to_string();
            let headers = [VERSION, ("upload-offset", &at), ("content-type", "application/offset+octet-stream")];
            let body = if chunk == length { body } else { Body::Noise(chunk) };
            connection.call("PATCH", path, &headers, body)?;
            offset += chunk;
        }
        Ok(())
    }
}
