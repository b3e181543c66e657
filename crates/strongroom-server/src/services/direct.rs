//! Direct parts: bytes that a client sends to the object store itself, past the nodes. Here it is told where to send them, and what
//! has arrived; what is made of them is in `end.rs`. Why it is so is docs/adr/0018-direct-parts.md.

mod end;

use std::sync::Arc;
use std::time::Duration;

use strongroom_catalog::Catalog;
use strongroom_catalog::records::Upload;
use strongroom_core::clock::{Clock, Timestamp};
use strongroom_core::upload::{Lifetime, PartRange, UploadState};
use strongroom_store::{Store, StoreError};
use tokio::sync::Semaphore;

use super::parts::Parts;
use super::sessions::closed;
use crate::problem::{Kind, Problem};

/// Joined files that are read at a time in this process, a part of each counted as one. What it takes is a connection and some
/// 256 KiB a part; a bucket that is far away is read faster by several.
const MOST_READ: usize = 8;

/// Direct parts.
#[derive(Clone)]
pub(crate) struct Direct {
    catalog: Catalog,
    store: Store,
    clock: Arc<dyn Clock>,
    parts: Parts,
    lifetime: Lifetime,
    /// Whether init gives URLs, and how long they are good.
    is_offered: bool,
    url_lifetime: Duration,
    reading: Arc<Semaphore>,
}

/// Where to send parts.
pub(crate) struct Offer {
    /// When the URLs end.
    pub(crate) expires_at: Timestamp,
    /// In order.
    pub(crate) places: Vec<(PartRange, String)>,
}

/// A part that has arrived at the object store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Landed {
    pub(crate) number: u32,
    pub(crate) size_bytes: u64,
    /// The object store's entity tag, without quotes.
    pub(crate) tag: Arc<str>,
}

impl Direct {
    pub(crate) fn new(parts: Parts, is_offered: bool, url_lifetime: Duration) -> Self {
        let Parts { catalog, store, clock, lifetime, .. } = parts.clone();
        let reading = Arc::new(Semaphore::new(MOST_READ));
        Self { catalog, store, clock, parts, lifetime, is_offered, url_lifetime, reading }
    }

    /// Whether a client that asks for direct parts gets them.
    pub(crate) fn is_offered(&self) -> bool {
        self.is_offered && self.store.is_shared()
    }

    /// Whether the parts of `upload` go past the nodes. One that was moved to a disk has its parts sent to the server again.
    pub(crate) fn is_direct(&self, upload: &Upload) -> bool {
        upload.is_direct && self.store.is_shared()
    }

    /// URLs for at most `most` parts, from `from` on; `None` where the parts are to be sent to a node. To ask keeps the session
    /// alive: of the parts themselves nothing is seen here.
    pub(crate) async fn offer(&self, upload: &Upload, from: u32, most: u32) -> Result<Option<Offer>, Problem> {
        if upload.state != UploadState::Open {
            return Err(closed(upload.id, upload.state));
        }
        if !self.is_direct(upload) {
            return Ok(None);
        }
        let now = self.clock.now();
        let session_ends = self.lifetime.expires_at(upload.created_at, now);
        if !self.catalog.keep_open(upload.connection.clone(), upload.id, now, session_ends).await? {
            return Err(closed(upload.id, UploadState::Aborted));
        }
        let multipart = self.parts.multipart(upload).await?;
        let multipart = multipart.ok_or_else(|| Problem::internal("a direct upload without a multipart upload"))?;
        // No URL outlives its session by more than the second that they are counted in.
        let expires_at = now.after(self.url_lifetime).min(session_ends.max(upload.expires_at));
        let seconds = u64::try_from(expires_at.as_seconds() - now.as_seconds()).unwrap_or_default().max(1);
        let mut places = Vec::new();
        for part in (from..from.saturating_add(most)).map_while(|number| upload.plan.part(number)) {
            let lifetime = Duration::from_secs(seconds);
            places.push((part, self.store.presign_part(upload.id, part, &multipart, lifetime).await?));
        }
        Ok(Some(Offer { expires_at, places }))
    }

    /// The parts of an open direct upload that are whole, in order.
    pub(crate) async fn received(&self, upload: &Upload) -> Result<Vec<Landed>, Problem> {
        let landed = match self.landed(upload).await {
            Err(StoreError::Missing) => Vec::new(),
            landed => landed?,
        };
        let is_whole = |part: &Landed| upload.plan.part(part.number).is_some_and(|p| p.length == part.size_bytes);
        Ok(landed.into_iter().filter(is_whole).collect())
    }

    /// All that has arrived, of whatever length. `Missing` where no multipart upload is under way.
    async fn landed(&self, upload: &Upload) -> Result<Vec<Landed>, StoreError> {
        let multipart = upload.multipart.as_deref().ok_or(StoreError::Missing)?;
        let parts = self.store.direct_parts(upload.id, multipart).await?.into_iter();
        Ok(parts.map(|(number, size_bytes, tag)| Landed { number, size_bytes, tag }).collect())
    }
}

/// The refusal of bytes that were sent to a node, of an upload whose parts go past it. Were both ways open, a part sent one way
/// could be written over by the other, whichever of the two was acknowledged.
pub(super) fn sent_here(upload: &Upload) -> Problem {
    let id = upload.id;
    let message =
        format!("{id} takes no bytes here: PUT its parts to the URLs of GET {id}/direct-parts, then complete");
    Problem::new(Kind::UploadDirect, message)
}
