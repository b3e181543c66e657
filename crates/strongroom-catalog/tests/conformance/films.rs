//! Films: shown step by step, and only by whoever holds the lease.

use std::time::Duration;

use strongroom_catalog::Catalog;
use strongroom_catalog::records::{ClaimedJob, RenderedFacts};
use strongroom_core::job::{JobKind, LEASE};
use strongroom_core::media::{Format, MediaStatus, MediaType};
use strongroom_core::rendition::RenditionName;

use super::at;
use super::fixtures::{claim, completed, events_of, facts, media_of, rendition, status_of, tenant};

fn film(renditions: &[RenditionName]) -> RenderedFacts {
    RenderedFacts {
        media_type: MediaType::Video,
        format: Format::Mp4,
        duration_ms: Some(5000),
        sha256: None,
        renditions: renditions.iter().copied().map(rendition).collect(),
        ..facts(1)
    }
}

pub(crate) async fn a_film_is_shown_step_by_step(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let done = completed(catalog, &owner, 1, at(0)).await;
    let job = claim(catalog, at(1)).await;
    assert!(catalog.publish_step(job.clone(), film(&[]), false, at(2)).await.unwrap());
    assert!(catalog.report_progress(job.clone(), 250, at(2)).await.unwrap());
    let media = media_of(catalog, &owner, done).await;
    assert_eq!((media.status, media.progress_permille), (MediaStatus::Processing, Some(250)));
    assert_eq!((media.duration_ms, media.sha256), (Some(5000), None));

    let steps = [RenditionName::Thumb, RenditionName::Video240];
    assert!(catalog.publish_step(job.clone(), film(&steps[..1]), false, at(3)).await.unwrap());
    assert_eq!(status_of(catalog, &owner, done).await, MediaStatus::Processing, "a poster is no film");
    assert!(catalog.publish_step(job.clone(), film(&steps), true, at(4)).await.unwrap());
    assert!(catalog.publish_step(job.clone(), film(&steps), true, at(5)).await.unwrap());
    let media = media_of(catalog, &owner, done).await;
    assert_eq!((media.status, media.media_type), (MediaStatus::Playable, MediaType::Video));
    assert_eq!(media.renditions.len(), 2, "a step told twice counts once");
    assert!(catalog.deliverable(done.media, RenditionName::Video240).await.unwrap().is_some());

    let whole = film(&[RenditionName::Thumb, RenditionName::Video240, RenditionName::Video720]);
    let whole = RenderedFacts { sha256: Some([1; 32]), ..whole };
    assert!(catalog.finish_render(job, whole, at(6)).await.unwrap());
    let media = media_of(catalog, &owner, done).await;
    assert_eq!((media.status, media.renditions.len()), (MediaStatus::Ready, 3));
    assert_eq!((media.progress_permille, media.sha256), (None, Some([1; 32])));
    assert_eq!(events_of(catalog, &owner, done).await, ["upload.completed", "media.playable", "media.ready"]);
}

pub(crate) async fn a_film_that_can_be_watched_stays_so(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let done = completed(catalog, &owner, 1, at(0)).await;
    let first = claim(catalog, at(1)).await;
    assert!(catalog.publish_step(first.clone(), film(&[RenditionName::Video240]), true, at(2)).await.unwrap());
    let later = at(2).after(LEASE).after(Duration::from_secs(1));
    let second = catalog.claim_job(JobKind::RenderPhoto, later).await.unwrap().unwrap();
    assert!(catalog.publish_step(second.clone(), film(&[]), false, later).await.unwrap());
    assert_eq!(status_of(catalog, &owner, done).await, MediaStatus::Playable);
    assert_eq!(kept(catalog, &second).await, [RenditionName::Video240]);

    assert!(!catalog.publish_step(first.clone(), film(&[RenditionName::Video720]), true, later).await.unwrap());
    assert!(!catalog.report_progress(first, 999, later).await.unwrap());
    let media = media_of(catalog, &owner, done).await;
    assert_eq!((media.renditions.len(), media.progress_permille), (1, None), "the lease was lost");
}

/// What need not be made again.
async fn kept(catalog: &Catalog, job: &ClaimedJob) -> Vec<RenditionName> {
    catalog.kept_renditions(job.clone()).await.unwrap().iter().map(|rendition| rendition.name).collect()
}

pub(crate) async fn a_film_that_is_made_again_stays_ready(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let done = completed(catalog, &owner, 1, at(0)).await;
    let first = claim(catalog, at(1)).await;
    assert!(catalog.publish_step(first.clone(), film(&[RenditionName::Thumb]), false, at(1)).await.unwrap());
    assert_eq!(kept(catalog, &first).await, [], "a poster is no film");
    assert!(catalog.finish_render(first, film(&[RenditionName::Video240]), at(2)).await.unwrap());

    assert!(catalog.render_again(owner.clone(), done.blob, JobKind::RenderPhoto, at(3)).await.unwrap());
    let again = claim(catalog, at(4)).await;
    assert_eq!(kept(catalog, &again).await, [], "it is to be made anew");
    assert!(catalog.publish_step(again.clone(), film(&[RenditionName::Video240]), true, at(5)).await.unwrap());
    assert_eq!(status_of(catalog, &owner, done).await, MediaStatus::Ready);
    assert_eq!(kept(catalog, &again).await, []);
    assert!(catalog.finish_render(again, film(&[RenditionName::Video240]), at(6)).await.unwrap());
    assert_eq!(events_of(catalog, &owner, done).await, ["upload.completed", "media.ready"]);
}

pub(crate) async fn a_job_is_handed_to_another_queue(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    completed(catalog, &owner, 1, at(0)).await;
    let job = claim(catalog, at(1)).await;
    assert!(catalog.hand_over(job.clone(), JobKind::RenderFilm, at(2)).await.unwrap());
    assert!(!catalog.hand_over(job, JobKind::RenderFilm, at(2)).await.unwrap(), "the lease is gone");
    assert_eq!(catalog.claim_job(JobKind::RenderPhoto, at(3)).await.unwrap(), None);
    let passed = catalog.claim_job(JobKind::RenderFilm, at(3)).await.unwrap().unwrap();
    assert_eq!((passed.kind, passed.attempt), (JobKind::RenderFilm, 1));
}
