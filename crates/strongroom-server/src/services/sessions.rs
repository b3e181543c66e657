//! Opening, looking at, and giving up upload sessions.

use std::sync::Arc;

use serde_json::json;
use strongroom_catalog::Catalog;
use strongroom_catalog::records::{Connection, Part, Upload};
use strongroom_core::clock::{Clock, Timestamp};
use strongroom_core::id::{ConnectionId, UploadId};
use strongroom_core::upload::{Plan, UploadState};
use strongroom_store::Store;

use super::freeing::freeing;
use super::one_at_a_time::OneAtATime;
use crate::config;
use crate::problem::{Kind, Problem};

/// Upload sessions.
#[derive(Clone)]
pub(crate) struct Sessions {
    pub(crate) catalog: Catalog,
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ends: OneAtATime,
    pub(crate) settings: Arc<config::Upload>,
    pub(crate) min_free_bytes: u64,
}

/// What a client asks for at init.
pub(crate) struct NewSession {
    pub(crate) filename: String,
    pub(crate) size: u64,
    pub(crate) content_type: String,
    pub(crate) repr_digest: Option<String>,
    /// Whether its parts go to the object store itself.
    pub(crate) is_direct: bool,
}

impl Sessions {
    /// Opens a session.
    pub(crate) async fn open(&self, connection: &Connection, new: NewSession) -> Result<Upload, Problem> {
        let plan = self.plan(new.size)?;
        self.check_free_space(new.size)?;
        let now = self.clock.now();
        let upload = Upload {
            connection: connection.id.clone(),
            id: UploadId::random(),
            state: UploadState::Open,
            filename: new.filename,
            content_type: new.content_type,
            plan,
            repr_digest: new.repr_digest,
            media: None,
            multipart: None,
            is_direct: new.is_direct,
            created_at: now,
            active_at: now,
            expires_at: self.settings.lifetime.expires_at(now, now),
        };
        if self.catalog.create_upload(upload.clone(), self.settings.max_open).await? {
            return Ok(upload);
        }
        let limit = self.settings.max_open;
        let message = format!("this connection has {limit} open uploads; complete or abort some first");
        Err(Problem::new(Kind::QuotaExceeded, message).with_details(json!({ "maxOpenUploads": limit })))
    }

    fn plan(&self, size: u64) -> Result<Plan, Problem> {
        let limit = self.settings.max_file_bytes;
        let plan = if size <= limit { Plan::for_size(size, &self.settings.plan) } else { None };
        plan.ok_or_else(|| {
            Problem::new(Kind::TooLarge, format!("size: `{size}` is more than the {limit} bytes a file may have"))
                .with_details(json!({ "field": "size", "value": size, "maxFileBytes": limit }))
        })
    }

    fn check_free_space(&self, size: u64) -> Result<(), Problem> {
        if self.store.is_shared() {
            // A bucket does not tell how much it takes.
            return Ok(());
        }
        let free = self.store.free_bytes()?;
        if free.saturating_sub(size) >= self.min_free_bytes {
            return Ok(());
        }
        Err(Problem::new(Kind::StorageUnavailable, "the server has no room for a file of this size right now"))
    }

    /// A session with its state as of now: one whose time has come is expired, swept or not.
    pub(crate) async fn find(&self, owner: &ConnectionId, id: UploadId) -> Result<Upload, Problem> {
        let upload = self.catalog.upload(owner.clone(), id).await?;
        let upload = upload.ok_or_else(|| Problem::not_found("upload", &id.to_string()))?;
        Ok(as_of(upload, self.clock.now()))
    }

    /// A session with its acknowledged parts.
    pub(crate) async fn find_with_parts(
        &self,
        owner: &ConnectionId,
        id: UploadId,
    ) -> Result<(Upload, Vec<Part>), Problem> {
        let found = self.catalog.upload_with_parts(owner.clone(), id).await?;
        let (upload, parts) = found.ok_or_else(|| Problem::not_found("upload", &id.to_string()))?;
        let upload = as_of(upload, self.clock.now());
        let is_over = matches!(upload.state, UploadState::Aborted | UploadState::Expired);
        Ok((upload, if is_over { Vec::new() } else { parts }))
    }

    /// A connection's sessions, newest first, with their states as of now. One that is due counts as `open` for the choice
    /// of a state until it is swept, which is a minute at most.
    pub(crate) async fn list(
        &self,
        owner: ConnectionId,
        state: Option<UploadState>,
        limit: u32,
        offset: u64,
    ) -> Result<Vec<Upload>, Problem> {
        let now = self.clock.now();
        let uploads = self.catalog.list_uploads(owner, state, limit, offset).await?;
        Ok(uploads.into_iter().map(|upload| as_of(upload, now)).collect())
    }

    /// Gives a session up and frees its bytes. Repeatable; a completed upload stays what it is.
    pub(crate) async fn abort(&self, owner: &ConnectionId, id: UploadId) -> Result<(), Problem> {
        let _turn = self.ends.turn(id).await;
        let upload = self.find(owner, id).await?;
        match upload.state {
            UploadState::Open => {}
            UploadState::Aborted | UploadState::Expired => return Ok(()),
            UploadState::Completing | UploadState::Completed => {
                let message = format!("{id} is complete and cannot be aborted; delete its media instead");
                return Err(Problem::new(Kind::UploadClosed, message));
            }
        }
        let (open, aborted) = (UploadState::Open, UploadState::Aborted);
        let moving = || self.catalog.move_upload(owner.clone(), id, open, aborted, self.clock.now());
        freeing(&self.store, moving).await?;
        self.discard(&upload).await
    }

    /// Frees the bytes of a session that was just closed. After its row: a crash in between leaves files that the sweeper knows
    /// for leftovers.
    pub(crate) async fn discard(&self, upload: &Upload) -> Result<(), Problem> {
        // A part may have begun the multipart upload since the session was read.
        let multipart = match &upload.multipart {
            None if self.store.is_shared() => {
                let now = self.catalog.upload(upload.connection.clone(), upload.id).await?;
                now.and_then(|now| now.multipart)
            }
            known => known.clone(),
        };
        Ok(self.store.discard_upload(upload.id, multipart.as_deref()).await?)
    }
}

/// The session as it stands at `now`.
fn as_of(upload: Upload, now: Timestamp) -> Upload {
    let is_due = upload.state == UploadState::Open && upload.expires_at <= now;
    if is_due { Upload { state: UploadState::Expired, ..upload } } else { upload }
}

/// The answer to a call on a session that is over.
pub(crate) fn closed(id: UploadId, state: UploadState) -> Problem {
    match state {
        UploadState::Expired => Problem::new(Kind::UploadExpired, format!("{id} has expired; start a new upload")),
        UploadState::Aborted => Problem::new(Kind::UploadAborted, format!("{id} was aborted; start a new upload")),
        UploadState::Open | UploadState::Completing | UploadState::Completed => {
            Problem::new(Kind::UploadClosed, format!("{id} is complete and takes no more parts"))
        }
    }
}
