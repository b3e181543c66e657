//! Taking one part: an exact place, a durable write, then the row that makes it count.

mod claim;

use std::sync::Arc;

use bytes::Bytes;
use serde_json::json;
use strongroom_catalog::Catalog;
use strongroom_catalog::records::{Part, PartRecorded, Upload};
use strongroom_core::clock::Clock;
use strongroom_core::content_digest::ExpectedDigests;
use strongroom_core::digest::{Digest, PartHasher};
use strongroom_core::id::{ConnectionId, UploadId};
use strongroom_core::upload::{AnnouncedLength, Lifetime, PartRange, PartRefusal, UploadState, accept_part};
use strongroom_store::{PartLocation, PartTry, Store, StoreError, StoredPart};
use tracing::Instrument as _;

use claim::Claim;

use super::direct::sent_here;
use super::one_at_a_time::OneAtATime;
use super::sessions::{Sessions, closed};
use crate::problem::{Kind, Problem};
use crate::telemetry;

/// Where a part's bytes come from: the next of them, or `None` at their end.
pub(crate) trait Incoming: Send {
    /// The next bytes.
    fn next(&mut self) -> impl Future<Output = Result<Option<Bytes>, Problem>> + Send;
}

/// Taking parts.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) catalog: Catalog,
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) lifetime: Lifetime,
    /// One multipart upload is begun at a time for each session, however many of its parts come at once.
    pub(crate) beginnings: OneAtATime,
}

/// A part that may be written now: where, and what it must hash to.
pub(crate) struct Accepted {
    upload: Upload,
    part: PartRange,
    expected: ExpectedDigests,
}

impl Parts {
    /// Whether a part may be written now. Decided before a byte of its body is read.
    pub(crate) async fn accept(
        &self,
        sessions: &Sessions,
        owner: &ConnectionId,
        id: UploadId,
        number: u32,
        announced: AnnouncedLength,
        expected: ExpectedDigests,
    ) -> Result<Accepted, Problem> {
        let upload = sessions.find(owner, id).await?;
        self.refuse_direct(&upload)?;
        let part = accept_part(upload.state, &upload.plan, number, announced)
            .map_err(|refusal| refused(&upload, number, refusal))?;
        Ok(Accepted { upload, part, expected })
    }

    /// Refuses bytes of an upload whose parts go to the object store itself.
    pub(crate) fn refuse_direct(&self, upload: &Upload) -> Result<(), Problem> {
        let is_elsewhere = upload.is_direct && self.store.is_shared() && upload.state == UploadState::Open;
        if is_elsewhere { Err(sent_here(upload)) } else { Ok(()) }
    }

    /// Writes an accepted part and makes it count. Its digest is its entity tag.
    pub(crate) async fn take(&self, accepted: Accepted, body: &mut impl Incoming) -> Result<Digest, Problem> {
        let (mut writing, claim) = self.begin(&accepted).await?;
        while let Some(bytes) = body.next().await? {
            writing.write(&bytes).await?;
        }
        // From here on the client's going away must not stop us between the bytes and their row: the slot is ours until
        // the row is written, and a slot given back too early could be written over by the next try.
        let parts = self.clone();
        let recording = tokio::spawn(async move { parts.record(accepted, writing, claim).await }.in_current_span());
        recording.await.map_err(|error| Problem::internal(error.to_string()))?
    }

    /// The same file again, for an upload that is complete or was on its way there: the client has missed the answer. Nothing is
    /// stored; other bytes than the first time are refused.
    pub(crate) async fn compare(
        &self,
        upload: &Upload,
        announced: AnnouncedLength,
        body: &mut impl Incoming,
    ) -> Result<Digest, Problem> {
        let part = accept_part(UploadState::Open, &upload.plan, 1, announced).map_err(|r| refused(upload, 1, r))?;
        let mut hasher = PartHasher::new(&upload.plan, part);
        let mut left = part.length;
        while let Some(bytes) = body.next().await? {
            left = left.checked_sub(bytes.len() as u64).ok_or(StoreError::TooLong { expected: part.length })?;
            hasher.update(&bytes);
        }
        let digest = hasher.finish();
        let is_same = left == 0 && self.is_recorded(upload, 1, digest).await?;
        if is_same { Ok(digest) } else { Err(closed(upload.id, upload.state)) }
    }

    /// Whether these are the bytes that count as a part.
    async fn is_recorded(&self, upload: &Upload, number: u32, digest: Digest) -> Result<bool, Problem> {
        let part = self.catalog.part(upload.connection.clone(), upload.id, number).await?;
        Ok(part.is_some_and(|part| part.digest == digest))
    }

    /// Takes the part's slot if it is free and holds no acknowledged bytes; otherwise the try goes to a side file.
    async fn begin(&self, accepted: &Accepted) -> Result<(PartTry, Option<Claim>), Problem> {
        if self.store.is_shared() {
            return self.begin_shared(accepted).await;
        }
        let Accepted { upload, part, expected } = accepted;
        let mut slot = self.store.try_slot(upload.id, part.number);
        if slot.is_some() {
            // Asked only while the slot is held, so that the answer cannot change before the first byte is written.
            let row = self.catalog.part(upload.connection.clone(), upload.id, part.number).await?;
            if row.is_some_and(|row| row.side.is_none()) {
                slot = None;
            }
        }
        let writing = self.store.begin_part(upload.id, &upload.plan, *part, expected.clone(), slot, None).await?;
        Ok((writing, None))
    }

    /// As [`Self::begin`], where other nodes write parts of the same upload: the right to the slot is claimed in the catalog.
    async fn begin_shared(&self, accepted: &Accepted) -> Result<(PartTry, Option<Claim>), Problem> {
        let Accepted { upload, part, expected } = accepted;
        let multipart = self.multipart(upload).await?;
        let mut claim = Claim::take(&self.catalog, upload, part.number).await?;
        let slot = claim.as_ref().and_then(|_| self.store.try_slot(upload.id, part.number));
        let (plan, multipart) = (&upload.plan, multipart.as_deref());
        let writing = self.store.begin_part(upload.id, plan, *part, expected.clone(), slot, multipart).await?;
        if let Some(claim) = &mut claim {
            claim.watch(writing.landing());
        }
        Ok((writing, claim))
    }

    /// The multipart upload that holds the parts of `upload`, begun if it has none. A file of one part needs none, unless that is
    /// sent to the object store itself.
    pub(super) async fn multipart(&self, upload: &Upload) -> Result<Option<String>, Problem> {
        let needs_none = upload.plan.total_parts() == 1 && !upload.is_direct;
        if needs_none || upload.multipart.is_some() {
            return Ok(upload.multipart.clone());
        }
        let _turn = self.beginnings.turn(upload.id).await;
        let now = self.catalog.upload(upload.connection.clone(), upload.id).await?;
        if let Some(multipart) = now.and_then(|now| now.multipart) {
            return Ok(Some(multipart));
        }
        let begun = self.store.begin_multipart(upload.id).await?;
        let kept = self.catalog.keep_multipart(upload.connection.clone(), upload.id, begun.clone()).await?;
        if kept.as_ref() != Some(&begun) {
            // Another node was first, or the session was closed meanwhile.
            self.store.abort_multipart(upload.id, &begun).await?;
        }
        kept.map(Some).ok_or_else(|| closed(upload.id, UploadState::Aborted))
    }

    async fn record(&self, accepted: Accepted, writing: PartTry, claim: Option<Claim>) -> Result<Digest, Problem> {
        let Accepted { upload, part, .. } = accepted;
        let stored: StoredPart = writing.finish().await?;
        let (side, tag) = columns_of(&stored.location);
        let row = Part { number: part.number, size_bytes: part.length, digest: stored.digest, side, tag };
        let now = self.clock.now();
        let expires_at = self.lifetime.expires_at(upload.created_at, now);
        let recorded = self.catalog.record_part(upload.connection.clone(), upload.id, row, now, expires_at).await?;
        let (outcome, unneeded) = match recorded {
            PartRecorded::Accepted { unneeded_side } => {
                telemetry::part_taken(part.length);
                (Ok(stored.digest), unneeded_side)
            }
            // The try before this one was whole, and only its answer was lost: it has begun to complete the file meanwhile.
            PartRecorded::NotOpen(UploadState::Completing | UploadState::Completed)
                if upload.plan.total_parts() == 1 && self.is_recorded(&upload, part.number, stored.digest).await? =>
            {
                (Ok(stored.digest), side)
            }
            PartRecorded::NotOpen(state) => (Err(closed(upload.id, state)), side),
        };
        if let Some(generation) = unneeded {
            self.store.discard_side(upload.id, part.number, generation).await?;
        }
        drop((stored, claim));
        outcome
    }
}

/// How a row says where a part is: its side file, or its tag, or neither.
pub(crate) fn columns_of(location: &PartLocation) -> (Option<u64>, Option<String>) {
    match location {
        PartLocation::InPlace => (None, None),
        PartLocation::Tagged(tag) => (None, Some(tag.to_string())),
        PartLocation::Side(generation) => (Some(*generation), None),
    }
}

fn refused(upload: &Upload, number: u32, refusal: PartRefusal) -> Problem {
    match refusal {
        PartRefusal::Closed | PartRefusal::Expired | PartRefusal::Aborted => closed(upload.id, upload.state),
        PartRefusal::NoSuchPart(total) => {
            Problem::field("partNumber", &number.to_string(), &format!("a part of this upload: it has 1 to {total}"))
        }
        PartRefusal::LengthRequired => {
            Problem::new(Kind::LengthRequired, "a part needs a Content-Length, or Transfer-Encoding: chunked")
        }
        PartRefusal::LengthMismatch { expected, actual } => Problem::new(
            Kind::PartLengthMismatch,
            format!("Content-Length: `{actual}` is not the {expected} bytes that part {number} has"),
        )
        .with_details(
            json!({ "field": "Content-Length", "value": actual, "expected": expected, "partNumber": number }),
        ),
    }
}
