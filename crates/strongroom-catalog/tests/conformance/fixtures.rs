//! The rows that cases start from.

use std::time::Duration;

use strongroom_catalog::Catalog;
use strongroom_catalog::records::{
    ClaimedJob, Completed, Media, NewConnection, NewMedia, NextStep, Part, RenderedFacts, Rendition, Upload,
};
use strongroom_core::clock::Timestamp;
use strongroom_core::connection::{ConnectionStatus, Environment};
use strongroom_core::digest::Digest;
use strongroom_core::id::{BlobKey, ConnectionId, OrganisationId, UploadId};
use strongroom_core::job::JobKind;
use strongroom_core::media::{Failure, FailureCode, Format, MediaStatus, MediaType};
use strongroom_core::permission::{Grants, Permission};
use strongroom_core::rendition::{RenditionFormat, RenditionName, Size};
use strongroom_core::upload::{Plan, UploadState};

use super::at;

/// How long a session lives after its last part.
pub(crate) const IDLE: Duration = Duration::from_secs(3600);

/// Bytes of every file; three parts.
pub(crate) const SIZE_BYTES: u64 = 2500;

pub(crate) fn connection_record() -> NewConnection {
    NewConnection {
        id: ConnectionId::random(),
        organisation: OrganisationId::default_organisation(),
        environment: Environment::Live,
        status: ConnectionStatus::Active,
        name: "Ana Ärmel".to_owned(),
        username: "ana".to_owned(),
        avatar: None,
        permissions: Grants::<Permission>::all(),
        client_reference_id: None,
        created_at: at(0),
    }
}

/// A connection that is kept.
pub(crate) async fn tenant(catalog: &Catalog) -> ConnectionId {
    let record = connection_record();
    catalog.create_connection(record.clone()).await.unwrap();
    record.id
}

pub(crate) fn upload_record(owner: &ConnectionId, created_at: Timestamp) -> Upload {
    Upload {
        connection: owner.clone(),
        id: UploadId::random(),
        state: UploadState::Open,
        filename: "été '26.jpg".to_owned(),
        content_type: "image/jpeg".to_owned(),
        plan: Plan::with_part_bytes(SIZE_BYTES, 1024).unwrap(),
        repr_digest: None,
        media: None,
        created_at,
        active_at: created_at,
        expires_at: created_at.after(IDLE),
        multipart: None,
        is_direct: false,
    }
}

/// An open session.
pub(crate) async fn open(catalog: &Catalog, owner: &ConnectionId, created_at: Timestamp) -> UploadId {
    let record = upload_record(owner, created_at);
    assert!(catalog.create_upload(record.clone(), i64::MAX).await.unwrap());
    record.id
}

/// A session in `completing` since `now`.
pub(crate) async fn completing(catalog: &Catalog, owner: &ConnectionId, now: Timestamp) -> UploadId {
    let id = open(catalog, owner, now).await;
    let (from, to) = (UploadState::Open, UploadState::Completing);
    assert!(catalog.move_upload(owner.clone(), id, from, to, now).await.unwrap());
    id
}

pub(crate) async fn state(catalog: &Catalog, owner: &ConnectionId, id: UploadId) -> UploadState {
    catalog.upload(owner.clone(), id).await.unwrap().unwrap().state
}

pub(crate) fn part(number: u32, side: Option<u64>) -> Part {
    Part { number, size_bytes: 1024, digest: digest(u8::try_from(number).unwrap()), side, tag: None }
}

pub(crate) const fn digest(seed: u8) -> Digest {
    Digest::from_bytes([seed; 32])
}

/// What a photo with the bytes `seed` becomes.
pub(crate) fn photo(owner: &ConnectionId, upload: UploadId, seed: u8) -> NewMedia {
    NewMedia {
        connection: owner.clone(),
        upload,
        blob: BlobKey::of_upload(upload),
        etag: digest(seed),
        size_bytes: SIZE_BYTES,
        media_type: MediaType::Photo,
        format: Some(Format::Jpeg),
        filename: "été '26.jpg".to_owned(),
        next: NextStep::Render(JobKind::RenderPhoto),
    }
}

/// What bytes that are no media become.
pub(crate) fn not_media(owner: &ConnectionId, upload: UploadId, seed: u8) -> NewMedia {
    NewMedia {
        media_type: MediaType::Video,
        format: None,
        next: NextStep::Fail(failure(FailureCode::NotMedia)),
        ..photo(owner, upload, seed)
    }
}

/// A photo that was completed at `now`.
pub(crate) async fn completed(catalog: &Catalog, owner: &ConnectionId, seed: u8, now: Timestamp) -> Completed {
    let upload = completing(catalog, owner, now).await;
    catalog.complete_upload(photo(owner, upload, seed), now).await.unwrap()
}

/// A photo that was completed and rendered at `now`.
pub(crate) async fn ready(catalog: &Catalog, owner: &ConnectionId, seed: u8, now: Timestamp) -> Completed {
    let photo = completed(catalog, owner, seed, now).await;
    let job = claim(catalog, now).await;
    assert_eq!(job.blob, photo.blob, "no other job was waiting");
    assert!(catalog.finish_render(job, facts(seed), now).await.unwrap());
    photo
}

pub(crate) async fn claim(catalog: &Catalog, now: Timestamp) -> ClaimedJob {
    catalog.claim_job(JobKind::RenderPhoto, now).await.unwrap().unwrap()
}

pub(crate) async fn media_of(catalog: &Catalog, owner: &ConnectionId, completed: Completed) -> Media {
    catalog.media(owner.clone(), completed.media).await.unwrap().unwrap()
}

pub(crate) async fn status_of(catalog: &Catalog, owner: &ConnectionId, completed: Completed) -> MediaStatus {
    media_of(catalog, owner, completed).await.status
}

pub(crate) async fn events_of(catalog: &Catalog, owner: &ConnectionId, completed: Completed) -> Vec<String> {
    catalog.events_of_media(owner.clone(), completed.media).await.unwrap()
}

pub(crate) fn failure(code: FailureCode) -> Failure {
    Failure::new(code, "It's not a picture; \"that\" is why.")
}

/// What a render of the bytes `seed` found. Its renditions are in no order.
pub(crate) fn facts(seed: u8) -> RenderedFacts {
    RenderedFacts {
        media_type: MediaType::Photo,
        format: Format::Jpeg,
        dimensions: Some(Size::new(4032, 3024)),
        duration_ms: None,
        sha256: Some([seed; 32]),
        renditions: [RenditionName::Thumb, RenditionName::PreviewWebp, RenditionName::Full, RenditionName::Preview]
            .map(rendition)
            .to_vec(),
    }
}

pub(crate) fn rendition(name: RenditionName) -> Rendition {
    Rendition {
        name,
        format: RenditionFormat::Jpeg,
        dimensions: Size::new(1280, 960),
        size_bytes: 321_000,
        digest: None,
    }
}
