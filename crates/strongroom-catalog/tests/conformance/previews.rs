//! Previews chosen by hand, and rendering anew.

use strongroom_catalog::Catalog;
use strongroom_catalog::records::{NewBlob, NextStep};
use strongroom_core::digest::Digest;
use strongroom_core::id::{BlobKey, ConnectionId, MediaId, UploadId};
use strongroom_core::job::JobKind;
use strongroom_core::media::{FailureCode, Format, MediaStatus, MediaType};
use strongroom_core::rendition::RenditionName;

use super::at;
use super::fixtures::{SIZE_BYTES, claim, completed, facts, failure, media_of, ready, status_of, tenant};

fn picture(owner: &ConnectionId, seed: u8) -> NewBlob {
    NewBlob {
        connection: owner.clone(),
        key: BlobKey::of_upload(UploadId::random()),
        etag: Digest::from_bytes([seed; 32]),
        size_bytes: SIZE_BYTES,
        media_type: MediaType::Photo,
        format: Some(Format::Jpeg),
        next: NextStep::Render(JobKind::RenderPhoto),
    }
}

pub(crate) async fn a_preview_takes_the_place_of_the_medias_own(catalog: &Catalog) {
    let (owner, stranger) = (tenant(catalog).await, tenant(catalog).await);
    let done = ready(catalog, &owner, 1, at(0)).await;
    let own = media_of(catalog, &owner, done).await;
    let key = catalog.keep_blob(picture(&owner, 9), at(1)).await.unwrap();
    assert_eq!(catalog.keep_blob(picture(&owner, 9), at(1)).await.unwrap(), key, "the same bytes are kept once");
    assert_eq!(catalog.blob_state(owner.clone(), key).await.unwrap().unwrap().status, MediaStatus::Processing);
    assert_eq!(catalog.blob_state(stranger.clone(), key).await.unwrap(), None);
    let job = claim(catalog, at(2)).await;
    assert!(catalog.finish_render(job, facts(9), at(2)).await.unwrap());

    assert!(!catalog.set_preview(stranger, done.media, Some(key)).await.unwrap());
    assert!(!catalog.set_preview(owner.clone(), MediaId::new(999_999), Some(key)).await.unwrap());
    assert!(catalog.set_preview(owner.clone(), done.media, Some(key)).await.unwrap());
    let shown = media_of(catalog, &owner, done).await;
    assert_eq!((shown.custom_preview, shown.url_version), (Some(key), own.url_version + 1));
    assert_eq!(shown.renditions, own.renditions, "each name once, whichever blob it is of");
    let blob_of = async |name| catalog.deliverable(done.media, name).await.unwrap().unwrap().blob;
    assert_eq!((blob_of(RenditionName::Thumb).await, blob_of(RenditionName::Full).await), (key, done.blob));

    assert!(catalog.set_preview(owner.clone(), done.media, None).await.unwrap());
    assert_eq!(media_of(catalog, &owner, done).await.custom_preview, None);
    assert_eq!(blob_of(RenditionName::Thumb).await, done.blob);
}

pub(crate) async fn a_picture_that_fails_says_why(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let key = catalog.keep_blob(picture(&owner, 9), at(0)).await.unwrap();
    let job = claim(catalog, at(1)).await;
    assert!(catalog.fail_render(job, failure(FailureCode::Malformed), at(1)).await.unwrap());
    let state = catalog.blob_state(owner, key).await.unwrap().unwrap();
    assert_eq!((state.status, state.failure), (MediaStatus::Error, Some(failure(FailureCode::Malformed))));
}

pub(crate) async fn media_are_rendered_anew(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let done = completed(catalog, &owner, 1, at(0)).await;
    let again = async || catalog.render_again(owner.clone(), done.blob, JobKind::RenderPhoto, at(5)).await.unwrap();
    assert!(!again().await, "it is waiting already");
    let job = claim(catalog, at(1)).await;
    assert!(catalog.fail_render(job, failure(FailureCode::Malformed), at(1)).await.unwrap());
    assert!(again().await);
    assert_eq!(status_of(catalog, &owner, done).await, MediaStatus::Processing);
    let job = claim(catalog, at(6)).await;
    assert!(catalog.finish_render(job, facts(1), at(6)).await.unwrap());
    assert!(again().await);
    assert_eq!(status_of(catalog, &owner, done).await, MediaStatus::Ready, "what can be shown stays shown");
}
