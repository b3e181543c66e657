//! Complete: check, `open → completing`, publish, one transaction. Every step may be run again, so that the next call or the
//! sweeper ends what a crash interrupted, the same way.

use std::sync::Arc;

use serde_json::{Value, json};
use strongroom_catalog::Catalog;
use strongroom_catalog::records::{NewMedia, NextStep, Part, Upload};
use strongroom_core::clock::Clock;
use strongroom_core::content_digest::ExpectedDigests;
use strongroom_core::digest::{Digest, merge};
use strongroom_core::id::{BlobKey, ConnectionId, MediaId, UploadId};
use strongroom_core::job::JobKind;
use strongroom_core::media::{Failure, FailureCode, Format, MediaType, SNIFF_LENGTH, sniff};
use strongroom_core::upload::{PartRange, UploadState, missing_parts};
use strongroom_store::{PartLocation, Store, StoreError};

use super::one_at_a_time::OneAtATime;
use super::sessions::{Sessions, closed};
use crate::jobs::Wake;
use crate::problem::{Kind, Problem};

/// Completing uploads.
#[derive(Clone)]
pub(crate) struct Completion {
    pub(crate) catalog: Catalog,
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) sessions: Sessions,
    pub(crate) ends: OneAtATime,
    pub(crate) wake: Wake,
}

/// A part as the client names it at complete.
pub(crate) struct NamedPart {
    pub(crate) number: u32,
    pub(crate) etag: String,
}

impl Completion {
    /// Completes an upload, or answers the media that it became.
    pub(crate) async fn complete(
        &self,
        owner: &ConnectionId,
        id: UploadId,
        named: Vec<NamedPart>,
    ) -> Result<MediaId, Problem> {
        let (this, owner) = (self.clone(), owner.clone());
        // A client that goes away does not stop what it has begun.
        let running = tokio::spawn(async move {
            let _turn = this.ends.turn(id).await;
            this.run(&owner, id, &named).await
        });
        running.await.map_err(|error| Problem::internal(error.to_string()))?
    }

    /// One run, in the caller's turn.
    async fn run(&self, owner: &ConnectionId, id: UploadId, named: &[NamedPart]) -> Result<MediaId, Problem> {
        let (upload, parts) = self.sessions.find_with_parts(owner, id).await?;
        match (upload.state, upload.media) {
            (UploadState::Completed, Some(media)) => Ok(media),
            (UploadState::Completing, _) => self.finish(upload).await,
            (UploadState::Open, _) => {
                check_whole(&upload, &parts)?;
                check_named(&parts, named)?;
                // Quotas may have been lowered since init. A session that does not fit any more stays open.
                if !self.catalog.begin_completing(owner.clone(), id, whole_digest(&parts)?, self.clock.now()).await? {
                    return Err(closed(id, self.sessions.find(owner, id).await?.state));
                }
                self.finish(upload).await
            }
            (state, _) => Err(closed(id, state)),
        }
    }

    /// Ends an upload that is `completing`. A session that the client can mend is opened again. After any other failure it
    /// stays `completing` for the next call or the sweeper: its bytes may have been published, and then no part may follow.
    async fn finish(&self, upload: Upload) -> Result<MediaId, Problem> {
        let (owner, id) = (upload.connection.clone(), upload.id);
        let ended = self.publish(upload).await;
        let is_mendable = |problem: &Problem| matches!(problem.kind, Kind::FileDigestMismatch | Kind::UploadIncomplete);
        if ended.as_ref().is_err_and(is_mendable) {
            let (completing, open) = (UploadState::Completing, UploadState::Open);
            self.catalog.move_upload(owner, id, completing, open, self.clock.now()).await?;
        }
        ended
    }

    async fn publish(&self, upload: Upload) -> Result<MediaId, Problem> {
        // Read again: a part may have been replaced between the check and the change of state. Now none can be.
        let parts = self.catalog.parts(upload.connection.clone(), upload.id).await?;
        check_whole(&upload, &parts)?;
        let etag = whole_digest(&parts)?;
        let places = places(&upload, &parts);
        let blob = BlobKey::of_upload(upload.id);
        self.check_repr_digest(&upload, &places).await?;
        self.store.publish(upload.id, &upload.plan, &places, blob).await?;
        let head = self.store.read_blob_head(blob, SNIFF_LENGTH).await?;
        let (media_type, format, next) = judge(sniff(&head), &upload.content_type);
        let size_bytes = upload.plan.size();
        let Upload { connection, id, filename, .. } = upload;
        let new = NewMedia { connection, upload: id, blob, etag, size_bytes, media_type, format, filename, next };
        let completed = self.catalog.complete_upload(new, self.clock.now()).await?;
        if completed.blob != blob {
            // The same bytes were here already; the media shows those.
            self.store.delete_blob(blob).await?;
        }
        self.wake.wake();
        Ok(completed.media)
    }

    /// Verifies the whole file's digest where init named one. This is the one case in which complete reads the bytes
    /// again: SHA-2 cannot be merged from parts, and the client asked for it.
    async fn check_repr_digest(&self, upload: &Upload, places: &[(PartRange, PartLocation)]) -> Result<(), Problem> {
        let Some(field) = &upload.repr_digest else { return Ok(()) };
        let mut expected = ExpectedDigests::default();
        expected.add_digest_field(field).map_err(|malformed| Problem::internal(malformed.to_string()))?;
        match self.store.hash_staged(upload.id, &upload.plan, places, expected).await {
            Err(StoreError::Digest(mismatch)) => Err(Problem::new(
                Kind::FileDigestMismatch,
                format!("Repr-Digest: {mismatch}; the session is open, send the parts that differ again"),
            )
            .with_details(json!({ "field": "Repr-Digest", "value": mismatch.expected, "actual": mismatch.actual }))),
            // Published by a run that was interrupted before its transaction; it was verified then.
            Err(StoreError::Missing) => Ok(()),
            other => Ok(other?),
        }
    }

    /// Ends an upload that a crash left in `completing`. For the sweeper.
    pub(crate) async fn resume(&self, upload: Upload) -> Result<MediaId, Problem> {
        self.complete(&upload.connection, upload.id, Vec::new()).await
    }
}

fn places(upload: &Upload, parts: &[Part]) -> Vec<(PartRange, PartLocation)> {
    let location = |part: &Part| part.side.map_or(PartLocation::InPlace, PartLocation::Side);
    parts.iter().filter_map(|part| Some((upload.plan.part(part.number)?, location(part)))).collect()
}

/// All parts are there, or a 409 that names those that are not.
fn check_whole(upload: &Upload, parts: &[Part]) -> Result<(), Problem> {
    let missing = missing_parts(&upload.plan, parts.iter().map(|part| part.number));
    if missing.is_empty() {
        return Ok(());
    }
    let count: u32 = missing.iter().map(|(from, to)| to - from + 1).sum();
    let ranges: Vec<Value> = missing.iter().map(|(from, to)| json!({ "from": from, "to": to })).collect();
    let total = upload.plan.total_parts();
    let message = format!("{count} of {total} parts are missing, the first is part {}", missing[0].0);
    Err(Problem::new(Kind::UploadIncomplete, message)
        .with_details(json!({ "missingParts": ranges, "receivedBytes": received_bytes(parts) })))
}

/// The digest of the file that these parts make.
fn whole_digest(parts: &[Part]) -> Result<Digest, Problem> {
    let digests: Vec<Digest> = parts.iter().map(|part| part.digest).collect();
    merge(&digests).ok_or_else(|| Problem::internal("an upload without parts was to be completed"))
}

fn received_bytes(parts: &[Part]) -> u64 {
    parts.iter().map(|part| part.size_bytes).sum()
}

/// The parts are those that the client means, or a 409 that names the first that is not.
fn check_named(parts: &[Part], named: &[NamedPart]) -> Result<(), Problem> {
    for NamedPart { number, etag } in named {
        let there = parts.iter().find(|part| part.number == *number);
        let matches = there.is_some_and(|part| Digest::from_etag(etag).is_ok_and(|digest| digest == part.digest));
        if !matches {
            let actual = there.map_or_else(|| "absent".to_owned(), |part| part.digest.to_etag());
            let message = format!("parts: part {number} is {actual}, not `{etag}`; send it again or leave it out");
            let range = json!([{ "from": number, "to": number }]);
            let details = json!({ "missingParts": range, "receivedBytes": received_bytes(parts) });
            return Err(Problem::new(Kind::UploadIncomplete, message).with_details(details));
        }
    }
    Ok(())
}

/// What a file of this format becomes.
fn judge(format: Option<Format>, declared: &str) -> (MediaType, Option<Format>, NextStep) {
    let Some(format) = format else {
        let failure = Failure::new(FailureCode::NotMedia, "these bytes are no picture, film or sound that we know");
        return (declared_type(declared), None, NextStep::Fail(failure));
    };
    (format.media_type(), Some(format), NextStep::Render(JobKind::for_format(format)))
}

/// Bytes that are no media still need a type; what the client declared is as good as any.
fn declared_type(content_type: &str) -> MediaType {
    match content_type.split('/').next() {
        Some("video") => MediaType::Video,
        Some("audio") => MediaType::Audio,
        _ => MediaType::Photo,
    }
}
