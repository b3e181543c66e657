//! S3: PUT, or a multipart upload; signature version 4, payload not signed (as most clients over TLS do).

use std::fmt::Write as _;
use std::sync::Mutex;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::Outcome;
use crate::arguments::Arguments;
use crate::http::{Answer, Body, Connection};
use crate::sample::milliseconds_since;
use crate::target::{File, Sent, in_pieces};

pub struct S3 {
    host: String,
    bucket: String,
    region: String,
    access_key: String,
    secret_key: String,
}

impl S3 {
    pub fn of(arguments: &Arguments) -> Outcome<Self> {
        let text = |name| arguments.text(name).map(str::to_owned);
        Ok(Self {
            host: text("address")?,
            bucket: text("bucket")?,
            region: arguments.text_or("region", "us-east-1").to_owned(),
            access_key: text("access-key")?,
            secret_key: text("secret-key")?,
        })
    }

    pub fn upload(&self, connections: &mut [Connection], file: &File<'_>) -> Outcome<Sent> {
        let path = format!("/{}/{}", self.bucket, file.name);
        if file.pieces == 1 {
            return in_pieces(&mut connections[..1], 1, |connection, _| {
                self.call(connection, "PUT", &path, "", file.body).map(drop)
            });
        }
        let begun = self.call(&mut connections[0], "POST", &path, "uploads=", Body::Empty)?;
        let id = begun.between("<UploadId>", "</UploadId>")?.to_owned();
        let tags = Mutex::new(vec![String::new(); usize::try_from(file.pieces)?]);
        let mut sent = in_pieces(connections, file.pieces, |connection, index| {
            let (_, length) = file.piece(index);
            let query = format!("partNumber={}&uploadId={id}", index + 1);
            let answer = self.call(connection, "PUT", &path, &query, Body::Noise(length))?;
            let tag = answer.header("etag").ok_or("a part without an ETag")?.to_owned();
            tags.lock().map_err(|_| "poisoned")?[usize::try_from(index)?] = tag;
            Ok(())
        })?;
        let mut list = "<CompleteMultipartUpload>".to_owned();
        for (index, tag) in tags.into_inner()?.iter().enumerate() {
            write!(list, "<Part><PartNumber>{}</PartNumber><ETag>{tag}</ETag></Part>", index + 1)?;
        }
        list.push_str("</CompleteMultipartUpload>");
        let started = Instant::now();
        let query = format!("uploadId={id}");
        let done = self.call(&mut connections[0], "POST", &path, &query, Body::Bytes(list.as_bytes()))?;
        // An error may come after a 200.
        done.between("<ETag>", "</ETag>")?;
        sent.finish_ms = Some(milliseconds_since(started));
        Ok(sent)
    }

    fn call(
        &self,
        connection: &mut Connection,
        method: &str,
        path: &str,
        query: &str,
        body: Body<'_>,
    ) -> Outcome<Answer> {
        let now = timestamp(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs());
        let authorization = self.sign(method, path, query, &now);
        let headers = [
            ("x-amz-content-sha256", "UNSIGNED-PAYLOAD"),
            ("x-amz-date", now.as_str()),
            ("authorization", authorization.as_str()),
        ];
        let target = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
        connection.call(method, &target, &headers, body)
    }

    fn sign(&self, method: &str, path: &str, query: &str, now: &str) -> String {
        let day = &now[..8];
        let scope = format!("{day}/{}/s3/aws4_request", self.region);
        let canonical = format!(
            "{method}\n{path}\n{query}\nhost:{}\nx-amz-content-sha256:UNSIGNED-PAYLOAD\nx-amz-date:{now}\n\n\
             host;x-amz-content-sha256;x-amz-date\nUNSIGNED-PAYLOAD",
            self.host
        );
        let to_sign = format!("AWS4-HMAC-SHA256\n{now}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
        let mut key = format!("AWS4{}", self.secret_key).into_bytes();
        for step in [day, &self.region, "s3", "aws4_request", &to_sign] {
            key = keyed(&key, step);
        }
        format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature={}",
            self.access_key,
            hex(&key)
        )
    }
}

fn keyed(key: &[u8], text: &str) -> Vec<u8> {
    // HMAC takes keys of every length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `20261122T154500Z`. Days to a date: Hinnant, "chrono-Compatible Low-Level Date Algorithms".
fn timestamp(unix_seconds: u64) -> String {
    let (days, seconds) = (unix_seconds / 86_400 + 719_468, unix_seconds % 86_400);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}{month:02}{day:02}T{:02}{:02}{:02}Z", seconds / 3600, seconds / 60 % 60, seconds % 60)
}
