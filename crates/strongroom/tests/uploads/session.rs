//! An upload as a client goes about it.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{Answer, Client};

/// All uploads.
pub(crate) const UPLOADS: &str = "/v2/access/uploads";

/// Parts of one kibibyte: three of them make a small test of a large file.
pub(crate) const SMALL_PARTS: (&str, &str) = ("STRONGROOM_UPLOAD__MIN_PART_BYTES", "1024");

/// Sweeps that a test need not wait for.
pub(crate) const QUICK_SWEEPS: (&str, &str) = ("STRONGROOM_SWEEP__INTERVAL_SECONDS", "0.05");

/// What a client asks for at init.
pub(crate) fn request(size: usize) -> Value {
    json!({ "filename": "lake.png", "size": size, "contentType": "image/png" })
}

/// One upload session.
pub(crate) struct Session {
    pub(crate) client: Client,
    pub(crate) id: String,
    pub(crate) part_bytes: usize,
}

impl Session {
    /// Opens a session for a file of this size.
    pub(crate) async fn open(client: &Client, size: usize) -> Self {
        Self::of(client, &client.post_json(&format!("{UPLOADS}/init"), &request(size)).await.ok())
    }

    /// The session that an init answered.
    pub(crate) fn of(client: &Client, answer: &Value) -> Self {
        let id = answer["mediaUploadId"].as_str().unwrap().to_owned();
        let part_bytes = usize::try_from(answer["partSize"].as_u64().unwrap()).unwrap();
        Self { client: client.clone(), id, part_bytes }
    }

    /// Opens a session for `file`, sends all of it in parts, and leaves it open.
    pub(crate) async fn filled(client: &Client, file: &[u8]) -> Self {
        let session = Self::open(client, file.len()).await;
        session.put_all(file).await;
        session
    }

    pub(crate) fn path(&self) -> String {
        format!("{UPLOADS}/{}", self.id)
    }

    pub(crate) fn part_path(&self, number: impl std::fmt::Display) -> String {
        format!("{UPLOADS}/{}/parts/{number}", self.id)
    }

    /// The bytes of one part of `file`.
    pub(crate) fn slice<'f>(&self, file: &'f [u8], number: usize) -> &'f [u8] {
        file.chunks(self.part_bytes).nth(number - 1).unwrap()
    }

    pub(crate) async fn put_part(&self, number: usize, bytes: &[u8]) -> Answer {
        self.client.put_bytes(&self.part_path(number), bytes, &[]).await
    }

    /// Sends all parts of `file` at once.
    pub(crate) async fn put_all(&self, file: &[u8]) {
        let parts = file.chunks(self.part_bytes).zip(1..);
        let answers = join_all(parts.map(|(bytes, number)| self.put_part(number, bytes))).await;
        answers.iter().for_each(|answer| drop(answer.ok()));
    }

    /// Sends the whole file at once, which also completes.
    pub(crate) async fn put_whole(&self, file: &[u8]) -> Answer {
        self.client.put_bytes(&self.path(), file, &[]).await
    }

    pub(crate) async fn complete(&self) -> Answer {
        self.complete_with(json!({})).await
    }

    /// Completes with more than the id in the body.
    pub(crate) async fn complete_with(&self, mut body: Value) -> Answer {
        body["mediaUploadId"] = json!(self.id);
        self.client.post_json(&format!("{UPLOADS}/complete"), &body).await
    }

    /// Completes with a `Prefer` header.
    pub(crate) async fn complete_preferring(&self, preference: &str) -> Answer {
        let request = self.client.request(reqwest::Method::POST, &format!("{UPLOADS}/complete"));
        Answer::to(request.header("Prefer", preference).json(&json!({ "mediaUploadId": self.id }))).await
    }

    /// What the server says of it.
    pub(crate) async fn status(&self) -> Value {
        self.client.get(&self.path()).await.ok()
    }

    /// `open`, `completed`, …
    pub(crate) async fn state(&self) -> String {
        self.status().await["state"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn abort(&self) -> Answer {
        self.client.delete(&self.path()).await
    }
}

/// The entity tag of a whole file.
pub(crate) fn etag(file: &[u8]) -> String {
    format!("\"{}\"", blake3::hash(file))
}

/// The media in an answer.
pub(crate) fn media(answer: &Answer) -> Value {
    answer.ok()["media"].clone()
}
