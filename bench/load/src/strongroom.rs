//! Our own API: init, parts (or a single PUT), complete.

use std::time::Instant;

use crate::Outcome;
use crate::arguments::Arguments;
use crate::http::{Body, Connection};
use crate::sample::milliseconds_since;
use crate::target::{File, Sent, in_pieces};

pub struct Strongroom {
    key: String,
    connection: String,
    content_type: String,
    /// `Prefer`: how long an answer may wait for renditions.
    prefer: String,
}

impl Strongroom {
    pub fn of(arguments: &Arguments) -> Outcome<Self> {
        Ok(Self {
            key: arguments.text("key")?.to_owned(),
            connection: arguments.text("connection")?.to_owned(),
            content_type: arguments.text_or("content-type", "application/octet-stream").to_owned(),
            prefer: format!("wait={}", arguments.text_or("wait", "0")),
        })
    }

    pub fn upload(&self, connections: &mut [Connection], file: &File<'_>) -> Outcome<Sent> {
        let (length, name) = (file.body.length(), &file.name);
        let order = format!(r#"{{"filename":"{name}","size":{length},"contentType":"{}"}}"#, self.content_type);
        let init = connections[0].call(
            "POST",
            "/v2/access/uploads/init",
            &self.headers(true),
            Body::Bytes(order.as_bytes()),
        )?;
        let id = init.between(r#""mediaUploadId":""#, "\"")?.to_owned();
        let header = |name: &str| init.header(name).and_then(|value| value.parse::<u64>().ok());
        let total = header("x-ofauth-upload-total-parts").ok_or("init says no number of parts")?;
        let part_bytes = header("x-ofauth-upload-part-size").ok_or("init says no part size")?;
        if total == 1 {
            let started = Instant::now();
            let path = format!("/v2/access/uploads/{id}");
            let answer = connections[0].call("PUT", &path, &self.headers(false), file.body)?;
            let request_ms = vec![milliseconds_since(started)];
            return Ok(Sent {
                request_ms,
                finish_ms: None,
                name: media_id(answer.text()),
                is_ready: is_ready(answer.text()),
            });
        }
        let mut sent = in_pieces(connections, total, |connection, index| {
            let start = part_bytes * index;
            let body = file.part(start, part_bytes.min(length - start))?;
            let path = format!("/v2/access/uploads/{id}/parts/{}", index + 1);
            connection.call("PUT", &path, &self.headers(false), body).map(drop)
        })?;
        let order = format!(r#"{{"mediaUploadId":"{id}"}}"#);
        let started = Instant::now();
        let done = connections[0].call(
            "POST",
            "/v2/access/uploads/complete",
            &self.headers(true),
            Body::Bytes(order.as_bytes()),
        )?;
        sent.finish_ms = Some(milliseconds_since(started));
        sent.name = media_id(done.text());
        sent.is_ready = is_ready(done.text());
        Ok(sent)
    }

    fn headers(&self, is_json: bool) -> [(&str, &str); 4] {
        let content_type = if is_json { "application/json" } else { &self.content_type };
        [
            ("apikey", &self.key),
            ("x-connection-id", &self.connection),
            ("content-type", content_type),
            ("prefer", &self.prefer),
        ]
    }
}

fn media_id(text: &str) -> String {
    let after = text.split_once(r#""media":{"id":"#).map_or("", |(_, rest)| rest);
    after.chars().take_while(char::is_ascii_digit).collect()
}

fn is_ready(text: &str) -> bool {
    text.contains(r#""isReady":true"#)
}
