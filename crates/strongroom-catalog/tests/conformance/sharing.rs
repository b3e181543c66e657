//! The same content again: a new media that shares bytes, renditions and fate.

use strongroom_catalog::Catalog;
use strongroom_core::job::JobKind;
use strongroom_core::media::{FailureCode, MediaStatus};

use super::at;
use super::fixtures::{
    claim, completed, completing, events_of, facts, failure, media_of, not_media, ready, status_of, tenant,
};

pub(crate) async fn ready_bytes_are_ready_at_once(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let first = ready(catalog, &owner, 1, at(0)).await;
    let again = completed(catalog, &owner, 1, at(5)).await;
    assert_eq!(again.blob, first.blob);
    assert_ne!(again.media, first.media);
    let (old, new) = (media_of(catalog, &owner, first).await, media_of(catalog, &owner, again).await);
    assert_eq!((new.status, &new.renditions), (MediaStatus::Ready, &old.renditions));
    assert_eq!((new.dimensions, new.sha256, new.created_at), (old.dimensions, old.sha256, at(5)));
    assert_eq!(events_of(catalog, &owner, again).await, ["upload.completed", "media.ready"]);
    assert_eq!(catalog.list_jobs(10).await.unwrap().len(), 1, "nothing is rendered twice");
}

pub(crate) async fn bytes_in_work_are_rendered_once(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let first = completed(catalog, &owner, 1, at(0)).await;
    let waiting = completed(catalog, &owner, 1, at(1)).await;
    let job = claim(catalog, at(2)).await;
    let running = completed(catalog, &owner, 1, at(3)).await;
    assert_eq!(catalog.claim_job(JobKind::RenderPhoto, at(4)).await.unwrap(), None);
    assert!(catalog.finish_render(job, facts(1), at(5)).await.unwrap());
    for media in [first, waiting, running] {
        assert_eq!(media.blob, first.blob);
        assert_eq!(status_of(catalog, &owner, media).await, MediaStatus::Ready);
        assert_eq!(events_of(catalog, &owner, media).await, ["upload.completed", "media.ready"]);
    }
}

pub(crate) async fn failed_bytes_are_tried_again(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let first = completed(catalog, &owner, 1, at(0)).await;
    let job = claim(catalog, at(1)).await;
    assert!(catalog.fail_render(job, failure(FailureCode::Malformed), at(1)).await.unwrap());

    let again = completed(catalog, &owner, 1, at(2)).await;
    assert_eq!(again.blob, first.blob);
    for media in [first, again] {
        let media = media_of(catalog, &owner, media).await;
        assert_eq!((media.status, media.failure), (MediaStatus::Processing, None));
    }
    let job = claim(catalog, at(3)).await;
    assert_eq!(job.attempt, 1);
    assert!(catalog.finish_render(job, facts(1), at(4)).await.unwrap());
    assert_eq!(events_of(catalog, &owner, first).await, ["upload.completed", "media.failed", "media.ready"]);
    assert_eq!(events_of(catalog, &owner, again).await, ["upload.completed", "media.ready"]);
    assert_eq!(status_of(catalog, &owner, first).await, MediaStatus::Ready);
}

pub(crate) async fn failed_bytes_stay_failed_without_a_next_step(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    for now in [at(0), at(1)] {
        let upload = completing(catalog, &owner, now).await;
        let done = catalog.complete_upload(not_media(&owner, upload, 1), now).await.unwrap();
        let media = media_of(catalog, &owner, done).await;
        assert_eq!((media.status, media.failure), (MediaStatus::Error, Some(failure(FailureCode::NotMedia))));
        assert_eq!(events_of(catalog, &owner, done).await, ["upload.completed", "media.failed"]);
    }
    assert_eq!(catalog.list_jobs(10).await.unwrap(), []);
}

pub(crate) async fn other_tenants_bytes_are_not_shared(catalog: &Catalog) {
    let (owner, stranger) = (tenant(catalog).await, tenant(catalog).await);
    let theirs = ready(catalog, &stranger, 1, at(0)).await;
    let mine = completed(catalog, &owner, 1, at(1)).await;
    assert_ne!(mine.blob, theirs.blob);
    assert_eq!(status_of(catalog, &owner, mine).await, MediaStatus::Processing);
}
