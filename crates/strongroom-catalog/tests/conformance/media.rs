//! One media: as it is shown, found by its bytes, and delivered.

use strongroom_catalog::Catalog;
use strongroom_catalog::records::{Deliverable, Media};
use strongroom_core::id::MediaId;
use strongroom_core::media::{FailureCode, Format, MediaStatus, MediaType};
use strongroom_core::rendition::{RenditionName, Size};
use strongroom_core::settings::Settings;

use super::at;
use super::fixtures::{
    SIZE_BYTES, claim, completed, completing, digest, facts, failure, media_of, photo, ready, rendition, tenant,
};

pub(crate) async fn a_media_comes_back_whole(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let upload = completing(catalog, &owner, at(0)).await;
    let done = catalog.complete_upload(photo(&owner, upload, 1), at(1)).await.unwrap();
    let new = Media {
        id: done.media,
        connection: owner.clone(),
        blob: done.blob,
        media_type: MediaType::Photo,
        status: MediaStatus::Processing,
        failure: None,
        filename: "été '26.jpg".to_owned(),
        size_bytes: SIZE_BYTES,
        etag: digest(1),
        sha256: None,
        format: Some(Format::Jpeg),
        dimensions: None,
        duration_ms: None,
        progress_permille: None,
        custom_preview: None,
        url_version: 1,
        likes: 0,
        tips: 0,
        created_at: at(1),
        deleted_at: None,
        renditions: Vec::new(),
        release_forms: Vec::new(),
        lists: Vec::new(),
    };
    assert_eq!(media_of(catalog, &owner, done).await, new);
    assert_eq!(catalog.media_of_upload(owner.clone(), upload).await.unwrap(), Some(new.clone()));

    let job = claim(catalog, at(2)).await;
    let mut facts = facts(7);
    (facts.media_type, facts.format, facts.duration_ms) = (MediaType::Gif, Format::Gif, Some(1200));
    assert!(catalog.finish_render(job, facts, at(3)).await.unwrap());
    let rendered = Media {
        media_type: MediaType::Gif,
        status: MediaStatus::Ready,
        sha256: Some([7; 32]),
        format: Some(Format::Gif),
        dimensions: Some(Size::new(4032, 3024)),
        duration_ms: Some(1200),
        renditions: [RenditionName::Full, RenditionName::Preview, RenditionName::PreviewWebp, RenditionName::Thumb]
            .map(rendition)
            .to_vec(),
        ..new
    };
    assert_eq!(media_of(catalog, &owner, done).await, rendered);
    assert_eq!(catalog.media_of_upload(owner, upload).await.unwrap(), Some(rendered));
}

pub(crate) async fn media_are_found_by_their_bytes(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let by_etag = async |size| {
        let found = catalog.media_by_etag(owner.clone(), digest(1), size).await.unwrap();
        found.map(|media| media.id)
    };
    let by_sha256 = async |size| {
        let found = catalog.media_by_sha256(owner.clone(), [1; 32], size).await.unwrap();
        found.map(|media| media.id)
    };
    assert_eq!((by_etag(SIZE_BYTES).await, by_sha256(SIZE_BYTES).await), (None, None));
    let first = completed(catalog, &owner, 1, at(0)).await;
    assert_eq!(by_etag(SIZE_BYTES).await, Some(first.media));
    assert_eq!(by_sha256(SIZE_BYTES).await, None, "nobody has read the file yet");
    let job = claim(catalog, at(1)).await;
    assert!(catalog.finish_render(job, facts(1), at(1)).await.unwrap());
    assert_eq!(by_sha256(SIZE_BYTES).await, Some(first.media));

    let newest = completed(catalog, &owner, 1, at(2)).await;
    completed(catalog, &owner, 2, at(3)).await;
    assert_eq!((by_etag(SIZE_BYTES).await, by_sha256(SIZE_BYTES).await), (Some(newest.media), Some(newest.media)));
    assert_eq!((by_etag(SIZE_BYTES + 1).await, by_sha256(SIZE_BYTES + 1).await), (None, None));
    let found = catalog.media_by_etag(owner.clone(), digest(1), SIZE_BYTES).await.unwrap().unwrap();
    assert_eq!(found, media_of(catalog, &owner, newest).await);
}

pub(crate) async fn failed_media_are_not_found_by_their_bytes(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    ready(catalog, &owner, 1, at(0)).await;
    completed(catalog, &owner, 2, at(1)).await;
    let job = claim(catalog, at(1)).await;
    assert!(catalog.fail_render(job, failure(FailureCode::Malformed), at(1)).await.unwrap());
    assert_eq!(catalog.media_by_etag(owner.clone(), digest(2), SIZE_BYTES).await.unwrap(), None);
    assert_eq!(catalog.media_by_sha256(owner, [2; 32], SIZE_BYTES).await.unwrap(), None);
}

pub(crate) async fn only_ready_media_are_delivered(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let done = completed(catalog, &owner, 1, at(0)).await;
    let deliverable = async |name| catalog.deliverable(done.media, name).await.unwrap();
    assert_eq!(deliverable(RenditionName::Full).await, None);

    let job = claim(catalog, at(1)).await;
    assert!(catalog.finish_render(job, facts(1), at(2)).await.unwrap());
    let full = Deliverable {
        blob: done.blob,
        rendition: rendition(RenditionName::Full),
        url_version: 1,
        published_at: at(2),
        connection: owner.clone(),
        settings: Settings::default(),
        release_forms: Vec::new(),
    };
    assert_eq!(deliverable(RenditionName::Full).await, Some(full.clone()));
    assert_eq!(deliverable(RenditionName::SquarePreview).await, None, "it was not made");
    assert_eq!(catalog.deliverable(MediaId::new(1 << 40), RenditionName::Full).await.unwrap(), None);

    let again = completed(catalog, &owner, 1, at(3)).await;
    assert_eq!(catalog.deliverable(again.media, RenditionName::Full).await.unwrap(), Some(full));

    let failed = completed(catalog, &owner, 2, at(4)).await;
    let job = claim(catalog, at(4)).await;
    assert!(catalog.fail_render(job, failure(FailureCode::Malformed), at(4)).await.unwrap());
    assert_eq!(catalog.deliverable(failed.media, RenditionName::Full).await.unwrap(), None);
}

pub(crate) async fn foreign_media_are_unknown(catalog: &Catalog) {
    let (owner, stranger) = (tenant(catalog).await, tenant(catalog).await);
    let upload = completing(catalog, &owner, at(0)).await;
    let done = catalog.complete_upload(photo(&owner, upload, 1), at(0)).await.unwrap();
    let job = claim(catalog, at(0)).await;
    assert!(catalog.finish_render(job, facts(1), at(0)).await.unwrap());
    assert_eq!(catalog.media(stranger.clone(), done.media).await.unwrap(), None);
    assert_eq!(catalog.media_of_upload(stranger.clone(), upload).await.unwrap(), None);
    assert_eq!(catalog.media_by_etag(stranger.clone(), digest(1), SIZE_BYTES).await.unwrap(), None);
    assert_eq!(catalog.media_by_sha256(stranger.clone(), [1; 32], SIZE_BYTES).await.unwrap(), None);
    assert_eq!(catalog.events_of_media(stranger, done.media).await.unwrap(), Vec::<String>::new());
}
