//! How a job ends: with its effect, in one step.

use strongroom_catalog::Catalog;
use strongroom_core::job::{JobKind, JobState};
use strongroom_core::media::{FailureCode, MediaStatus};
use strongroom_core::rendition::RenditionName;

use super::at;
use super::fixtures::{claim, completed, events_of, facts, failure, media_of, ready, rendition, tenant};

pub(crate) async fn a_finished_render_is_shown(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let done = completed(catalog, &owner, 1, at(0)).await;
    let job = claim(catalog, at(1)).await;
    assert!(catalog.finish_render(job, facts(1), at(2)).await.unwrap());
    let media = media_of(catalog, &owner, done).await;
    assert_eq!((media.status, media.renditions.len()), (MediaStatus::Ready, 4));
    assert_eq!(events_of(catalog, &owner, done).await, ["upload.completed", "media.ready"]);
    let job = &catalog.list_jobs(1).await.unwrap()[0];
    assert_eq!((job.state, job.last_error.as_deref(), job.updated_at), (JobState::Done, None, at(2)));
    assert_eq!(catalog.next_due(JobKind::RenderPhoto).await.unwrap(), None);
}

pub(crate) async fn a_failed_render_says_why(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let done = completed(catalog, &owner, 1, at(0)).await;
    let other = completed(catalog, &owner, 2, at(0)).await;
    let job = claim(catalog, at(1)).await;
    assert!(catalog.fail_render(job, failure(FailureCode::TooLarge), at(2)).await.unwrap());
    let media = media_of(catalog, &owner, done).await;
    assert_eq!((media.status, media.failure), (MediaStatus::Error, Some(failure(FailureCode::TooLarge))));
    assert_eq!(events_of(catalog, &owner, done).await, ["upload.completed", "media.failed"]);
    assert_eq!(media_of(catalog, &owner, other).await.status, MediaStatus::Processing, "its neighbour goes on");
    let ended = catalog.list_jobs(10).await.unwrap().into_iter().find(|job| job.blob == done.blob).unwrap();
    assert_eq!(ended.state, JobState::Done, "another attempt would end the same");
    assert_eq!(ended.last_error, Some(failure(FailureCode::TooLarge).to_string()));
}

pub(crate) async fn a_render_after_a_failed_attempt_clears_the_error(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let done = completed(catalog, &owner, 1, at(0)).await;
    let job = claim(catalog, at(1)).await;
    assert!(catalog.retry_render(job, failure(FailureCode::Storage), at(1)).await.unwrap());
    let job = claim(catalog, at(10)).await;
    let mut facts = facts(1);
    facts.renditions = vec![rendition(RenditionName::Thumb)];
    assert!(catalog.finish_render(job, facts, at(11)).await.unwrap());
    let media = media_of(catalog, &owner, done).await;
    assert_eq!((media.status, media.failure), (MediaStatus::Ready, None));
    assert_eq!(media.renditions, [rendition(RenditionName::Thumb)]);
    assert_eq!(catalog.list_jobs(1).await.unwrap()[0].last_error, None);
}

pub(crate) async fn events_are_in_order(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let done = completed(catalog, &owner, 1, at(0)).await;
    let mut expected = vec!["upload.completed"];
    for round in 1..=6 {
        let job = claim(catalog, at(round)).await;
        assert!(catalog.fail_render(job, failure(FailureCode::Malformed), at(round)).await.unwrap());
        expected.push("media.failed");
        completed(catalog, &owner, 1, at(round)).await;
    }
    let job = claim(catalog, at(7)).await;
    assert!(catalog.finish_render(job, facts(1), at(7)).await.unwrap());
    expected.push("media.ready");
    ready(catalog, &owner, 2, at(8)).await;
    assert_eq!(events_of(catalog, &owner, done).await, expected);
}
