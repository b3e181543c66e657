//! The calls of the contract that an upload makes, one method each.

use std::time::Duration;

use reqwest::RequestBuilder;
use serde_json::json;
use strongroom_core::id::UploadId;

use crate::client::Client;
use crate::error::Error;
use crate::media::Media;
use crate::progress::Progress;
use crate::wire::{MaybeMedia, Opened, SessionState};

impl Client {
    /// `POST /uploads/init`: opens a session.
    pub(crate) async fn init(
        &self,
        filename: &str,
        size_bytes: u64,
        content_type: &str,
        direct_parts: bool,
        progress: &dyn Progress,
    ) -> Result<Opened, Error> {
        let mut body = json!({"filename": filename, "size": size_bytes, "contentType": content_type});
        if direct_parts {
            body["directParts"] = true.into();
        }
        self.ask(progress, || self.bounded(self.http.post(self.url(&["uploads", "init"])).json(&body))).await
    }

    /// `GET /uploads/{id}`: what the server has of a session.
    pub(crate) async fn session(&self, id: UploadId, progress: &dyn Progress) -> Result<SessionState, Error> {
        let url = self.url(&["uploads", &id.to_string()]);
        self.ask(progress, || self.bounded(self.http.get(url.clone()))).await
    }

    /// `POST /uploads/complete`: makes a media of a session; the server may take `wait` to get it ready.
    pub(crate) async fn complete(
        &self,
        id: UploadId,
        wait: Option<Duration>,
        progress: &dyn Progress,
    ) -> Result<Option<Media>, Error> {
        let url = self.url(&["uploads", "complete"]);
        let answer: MaybeMedia = self
            .ask(progress, || {
                let request = self.http.post(url.clone()).json(&json!({"mediaUploadId": id}));
                let Some(wait) = wait else { return self.bounded(request) };
                request.header("prefer", format!("wait={}", wait.as_secs())).timeout(self.stall_timeout + wait)
            })
            .await?;
        Ok(answer.media)
    }

    /// `POST /uploads/check`: the media that holds these bytes already, if any.
    pub(crate) async fn check(
        &self,
        etag: &str,
        size_bytes: u64,
        progress: &dyn Progress,
    ) -> Result<Option<Media>, Error> {
        let body = json!({"etag": etag, "size": size_bytes});
        let url = self.url(&["uploads", "check"]);
        let answer: MaybeMedia = self.ask(progress, || self.bounded(self.http.post(url.clone()).json(&body))).await?;
        Ok(answer.media)
    }

    /// `GET /vault/media/{id}`: how a media stands.
    pub(crate) async fn media(&self, id: i64, progress: &dyn Progress) -> Result<Media, Error> {
        let url = self.url(&["vault", "media", &id.to_string()]);
        self.ask(progress, || self.bounded(self.http.get(url.clone()))).await
    }

    /// `DELETE /uploads/{id}`, tried once: a session that is left behind expires by itself.
    pub(crate) async fn abort(&self, id: UploadId) {
        let request = self.http.delete(self.url(&["uploads", &id.to_string()])).timeout(Duration::from_secs(5));
        if let Err(error) = request.send().await {
            tracing::debug!(%error, "the session could not be aborted");
        }
    }

    /// Small requests have no progress to watch, so the time for standing still is all they get.
    pub(crate) fn bounded(&self, request: RequestBuilder) -> RequestBuilder {
        request.timeout(self.stall_timeout)
    }
}
