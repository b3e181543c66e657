//! Complete: check, `open → completing`, publish, one transaction. Every step may be run again, so that the next call or the
//! sweeper ends what a crash interrupted, the same way.

mod whole;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use strongroom_catalog::records::{Completed, NewMedia, NextStep, Part, Upload};
use strongroom_catalog::{Catalog, CatalogError};
use strongroom_core::clock::Clock;
use strongroom_core::content_digest::{DigestMismatch, ExpectedDigests};
use strongroom_core::digest::{Digest, merge};
use strongroom_core::id::{BlobKey, ConnectionId, MediaId, UploadId};
use strongroom_core::job::JobKind;
use strongroom_core::media::{Failure, FailureCode, Format, MediaType, SNIFF_LENGTH, sniff};
use strongroom_core::upload::{PartRange, Plan, UploadState, missing_parts};
use strongroom_store::{PartLocation, Store, StoreError};
use tracing::Instrument as _;

use super::direct::Direct;
use super::one_at_a_time::OneAtATime;
use super::sessions::{Sessions, closed};
use crate::jobs::Wake;
use crate::problem::{Kind, Problem};
use crate::telemetry;

/// The longest that a caller waits. Proxies wait a minute, and a large file that has to be read may take longer.
const PATIENCE: Duration = Duration::from_secs(50);

/// Completing uploads.
#[derive(Clone)]
pub(crate) struct Completion {
    pub(crate) catalog: Catalog,
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) sessions: Sessions,
    pub(crate) ends: OneAtATime,
    pub(crate) direct: Direct,
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
        let run = async move {
            let _turn = this.ends.turn(id).await;
            this.run(&owner, id, &named).await
        };
        let running = tokio::spawn(run.in_current_span());
        match tokio::time::timeout(PATIENCE, running).await {
            Ok(ended) => ended.map_err(|error| Problem::internal(error.to_string()))?,
            Err(_) => {
                let message = format!("{id} is still being read, and goes on being completed; call again for its end");
                Err(Problem::new(Kind::StorageUnavailable, message))
            }
        }
    }

    /// One run, in the caller's turn.
    async fn run(&self, owner: &ConnectionId, id: UploadId, named: &[NamedPart]) -> Result<MediaId, Problem> {
        let (upload, parts) = self.sessions.find_with_parts(owner, id).await?;
        match (upload.state, upload.media) {
            (UploadState::Completed, Some(media)) => Ok(media),
            (UploadState::Completing, _) => self.finish(upload, None).await,
            (UploadState::Open, _) if self.direct.is_direct(&upload) => {
                if !self.direct.begin_completing(&upload, named).await? {
                    return Err(closed(id, self.sessions.find(owner, id).await?.state));
                }
                self.finish(upload, None).await
            }
            (UploadState::Open, _) => {
                check_whole(&upload, &parts)?;
                check_named(&parts, named)?;
                // Quotas may have been lowered since init. A session that does not fit any more stays open.
                let whole = Whole::of(parts)?;
                let begun = self.catalog.begin_completing(owner.clone(), id, whole.etag, self.clock.now()).await?;
                let Some(active_at) = begun else {
                    return Err(closed(id, self.sessions.find(owner, id).await?.state));
                };
                // No part was accepted since the session was read, and so since its parts were: ten thousand rows are not read
                // twice for nothing.
                let is_still_so = active_at == upload.active_at && !self.store.is_shared();
                self.finish(upload, is_still_so.then_some(whole)).await
            }
            (state, _) => Err(closed(id, state)),
        }
    }

    /// Ends an upload that is `completing`. A session that the client can mend is opened again. After any other failure it
    /// stays `completing` for the next call or the sweeper: its bytes may have been published, and then no part may follow.
    ///
    /// `whole` are its parts, where they were found to be all and none was accepted since.
    async fn finish(&self, upload: Upload, whole: Option<Whole>) -> Result<MediaId, Problem> {
        let (owner, id) = (upload.connection.clone(), upload.id);
        let ended = self.publish(upload, whole).await;
        let is_mendable = |problem: &Problem| matches!(problem.kind, Kind::FileDigestMismatch | Kind::UploadIncomplete);
        if ended.as_ref().is_err_and(is_mendable) {
            let (completing, open) = (UploadState::Completing, UploadState::Open);
            self.catalog.move_upload(owner, id, completing, open, self.clock.now()).await?;
        }
        ended
    }

    async fn publish(&self, upload: Upload, whole: Option<Whole>) -> Result<MediaId, Problem> {
        let (owner, id) = (upload.connection.clone(), upload.id);
        match self.publish_parts(upload, whole).await {
            Err(Unpublished::Missing) => self.reopen(owner, id).await,
            Err(Unpublished::Refused(problem)) => Err(problem),
            Ok(media) => Ok(media),
        }
    }

    /// The bytes are not where their rows say. On a shared store another node may have ended the upload meanwhile, or the bucket
    /// may have dropped its parts by a rule of its own: then the client has to send them again.
    async fn reopen(&self, owner: ConnectionId, id: UploadId) -> Result<MediaId, Problem> {
        let lost = || Problem::internal(format!("acknowledged bytes of {id} are not there"));
        if !self.store.is_shared() {
            return Err(lost());
        }
        if self.catalog.reopen_empty(owner.clone(), id, self.clock.now()).await? {
            tracing::error!(upload = %id, "acknowledged parts are no longer in the bucket; the session is open again, and empty");
            let upload = self.sessions.find(&owner, id).await?;
            return check_whole(&upload, &[]).and(Err(lost()));
        }
        self.sessions.find(&owner, id).await?.media.ok_or_else(lost)
    }

    async fn publish_parts(&self, upload: Upload, whole: Option<Whole>) -> Result<MediaId, Unpublished> {
        let upload = if self.store.is_shared() {
            // Another node may have begun the multipart upload after this session was read.
            self.sessions.find(&upload.connection, upload.id).await?
        } else {
            upload
        };
        if self.direct.is_direct(&upload) {
            self.direct.take_in(&upload).await?;
        }
        let Whole { parts, etag } = match whole {
            Some(whole) => whole,
            None => {
                // A part may have been replaced between the check and the change of state. Now none can be.
                let parts = self.catalog.parts(upload.connection.clone(), upload.id).await?;
                check_whole(&upload, &parts)?;
                Whole::of(parts)?
            }
        };
        let places = places(&upload, &parts);
        let blob = BlobKey::of_upload(upload.id);
        if !self.store.is_shared() {
            self.check_repr_digest(&upload, &places).await?;
        }
        self.store.publish(upload.id, &upload.plan, &places, upload.multipart.as_deref(), blob).await?;
        if self.store.is_shared() {
            self.check_published_digest(&upload, blob).await?;
        }
        let head = self.store.read_blob_head(blob, SNIFF_LENGTH).await?;
        let completed = self.catalog.complete_upload(new_media(upload, blob, etag, &head), self.clock.now()).await?;
        Ok(self.completed(completed, blob).await?)
    }

    /// What follows from the transaction that has made a media of the bytes under `blob`.
    pub(super) async fn completed(&self, completed: Completed, blob: BlobKey) -> Result<MediaId, StoreError> {
        if completed.blob != blob {
            // The same bytes were here already; the media shows those.
            self.store.delete_blob(blob).await?;
        }
        self.wake.wake();
        telemetry::upload_completed();
        Ok(completed.media)
    }

    /// Verifies the whole file's digest where init named one. This is the one case in which complete reads the bytes
    /// again: SHA-2 cannot be merged from parts, and the client asked for it.
    async fn check_repr_digest(&self, upload: &Upload, places: &[(PartRange, PartLocation)]) -> Result<(), Problem> {
        let Some(expected) = announced(upload)? else { return Ok(()) };
        match self.store.hash_staged(upload.id, &upload.plan, places, expected).await {
            Err(StoreError::Digest(mismatch)) => {
                Err(differs(&mismatch, "the session is open, send the parts that differ again"))
            }
            // Published by a run that was interrupted before its transaction; it was verified then.
            Err(StoreError::Missing) => Ok(()),
            other => Ok(other?),
        }
    }

    /// As [`Self::check_repr_digest`], where parts cannot be read before they are joined: the file that is not what was announced
    /// goes, and its session begins anew. Deleted first: once the session is open, the same key may be written again.
    async fn check_published_digest(&self, upload: &Upload, blob: BlobKey) -> Result<(), Unpublished> {
        let Some(expected) = announced(upload)? else { return Ok(()) };
        match self.store.hash_blob(blob, expected).await {
            Err(StoreError::Digest(mismatch)) => {
                self.store.delete_blob(blob).await?;
                self.catalog.reopen_empty(upload.connection.clone(), upload.id, self.clock.now()).await?;
                Err(differs(&mismatch, "the session is open, send the whole file again").into())
            }
            other => Ok(other?),
        }
    }

    /// Whether this process is ending an upload now.
    pub(crate) fn is_ending(&self, id: UploadId) -> bool {
        self.ends.is_taken(id)
    }

    /// Ends an upload that a crash left in `completing`. For the sweeper.
    pub(crate) async fn resume(&self, upload: Upload) -> Result<MediaId, Problem> {
        self.complete(&upload.connection, upload.id, Vec::new()).await
    }
}

/// Why an upload did not become a media.
pub(super) enum Unpublished {
    /// Its bytes are not there.
    Missing,
    /// Anything else.
    Refused(Problem),
}

impl From<StoreError> for Unpublished {
    fn from(error: StoreError) -> Self {
        if matches!(error, StoreError::Missing) { Self::Missing } else { Self::Refused(error.into()) }
    }
}

impl From<CatalogError> for Unpublished {
    fn from(error: CatalogError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<Problem> for Unpublished {
    fn from(problem: Problem) -> Self {
        Self::Refused(problem)
    }
}

/// The digests of the whole file that init named, if it did.
fn announced(upload: &Upload) -> Result<Option<ExpectedDigests>, Problem> {
    let Some(field) = &upload.repr_digest else { return Ok(None) };
    let mut expected = ExpectedDigests::default();
    expected.add_digest_field(field).map_err(|malformed| Problem::internal(malformed.to_string()))?;
    Ok(Some(expected))
}

fn differs(mismatch: &DigestMismatch, remedy: &str) -> Problem {
    Problem::new(Kind::FileDigestMismatch, format!("Repr-Digest: {mismatch}; {remedy}"))
        .with_details(json!({ "field": "Repr-Digest", "value": mismatch.expected, "actual": mismatch.actual }))
}

fn places(upload: &Upload, parts: &[Part]) -> Vec<(PartRange, PartLocation)> {
    let location = |part: &Part| match (part.side, &part.tag) {
        (Some(generation), _) => PartLocation::Side(generation),
        (None, Some(tag)) => PartLocation::Tagged(tag.as_str().into()),
        (None, None) => PartLocation::InPlace,
    };
    parts.iter().filter_map(|part| Some((upload.plan.part(part.number)?, location(part)))).collect()
}

/// All parts are there, or a 409 that names those that are not.
fn check_whole(upload: &Upload, parts: &[Part]) -> Result<(), Problem> {
    incomplete(&upload.plan, parts.iter().map(|part| part.number), received_bytes(parts))
}

/// `received` are all parts, or a 409 that names those that are missing.
pub(super) fn incomplete(
    plan: &Plan,
    received: impl IntoIterator<Item = u32>,
    received_bytes: u64,
) -> Result<(), Problem> {
    let missing = missing_parts(plan, received);
    if missing.is_empty() {
        return Ok(());
    }
    let count: u32 = missing.iter().map(|(from, to)| to - from + 1).sum();
    let ranges: Vec<Value> = missing.iter().map(|(from, to)| json!({ "from": from, "to": to })).collect();
    let total = plan.total_parts();
    let message = format!("{count} of {total} parts are missing, the first is part {}", missing[0].0);
    Err(Problem::new(Kind::UploadIncomplete, message)
        .with_details(json!({ "missingParts": ranges, "receivedBytes": received_bytes })))
}

/// All parts of a file, and its digest.
struct Whole {
    parts: Vec<Part>,
    etag: Digest,
}

impl Whole {
    /// Of parts that were checked to be all.
    fn of(parts: Vec<Part>) -> Result<Self, Problem> {
        let digests: Vec<Digest> = parts.iter().map(|part| part.digest).collect();
        let etag = merge(&digests).ok_or_else(|| Problem::internal("an upload without parts was to be completed"))?;
        Ok(Self { parts, etag })
    }
}

fn received_bytes(parts: &[Part]) -> u64 {
    parts.iter().map(|part| part.size_bytes).sum()
}

/// The parts are those that the client means, or a 409 that names the first that is not.
fn check_named(parts: &[Part], named: &[NamedPart]) -> Result<(), Problem> {
    for NamedPart { number, etag } in named {
        let there = parts.binary_search_by_key(number, |part| part.number).ok().map(|place| &parts[place]);
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

/// What an upload becomes whose bytes lie under `blob`, and begin with `head`.
pub(super) fn new_media(upload: Upload, blob: BlobKey, etag: Digest, head: &[u8]) -> NewMedia {
    let (media_type, format, next) = judge(sniff(head), &upload.content_type);
    let size_bytes = upload.plan.size();
    let Upload { connection, id, filename, .. } = upload;
    NewMedia { connection, upload: id, blob, etag, size_bytes, media_type, format, filename, next }
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
