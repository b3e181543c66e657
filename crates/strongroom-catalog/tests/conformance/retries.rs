//! Attempts: when the next one is, which was the last, and how a dead job comes back.

use strongroom_catalog::Catalog;
use strongroom_catalog::records::Completed;
use strongroom_core::clock::Timestamp;
use strongroom_core::id::ConnectionId;
use strongroom_core::job::{JobKind, JobState, MAX_ATTEMPTS, retry_delay};
use strongroom_core::media::{FailureCode, MediaStatus};

use super::at;
use super::fixtures::{claim, completed, events_of, facts, failure, media_of, status_of, tenant};

const KIND: JobKind = JobKind::RenderPhoto;

pub(crate) async fn a_retry_waits_longer_each_time_then_the_job_is_dead(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let done = completed(catalog, &owner, 1, at(0)).await;
    let mut now = at(0);
    for attempt in 1..MAX_ATTEMPTS {
        let job = claim(catalog, now).await;
        assert_eq!(job.attempt, attempt);
        assert!(catalog.retry_render(job, failure(FailureCode::Timeout), now).await.unwrap());
        let again = now.after(retry_delay(attempt));
        assert_eq!(catalog.next_due(KIND).await.unwrap(), Some(again));
        let just_before = Timestamp::from_millis(again.as_millis() - 1);
        assert_eq!(catalog.claim_job(KIND, just_before).await.unwrap(), None);
        assert_eq!(status_of(catalog, &owner, done).await, MediaStatus::Processing);
        let job = &catalog.list_jobs(1).await.unwrap()[0];
        assert_eq!(job.state, JobState::Ready);
        assert_eq!(job.last_error, Some(failure(FailureCode::Timeout).to_string()));
        now = again;
    }
    let job = claim(catalog, now).await;
    assert!(catalog.retry_render(job, failure(FailureCode::Timeout), now).await.unwrap());
    assert_eq!(catalog.list_jobs(1).await.unwrap()[0].state, JobState::Dead);
    assert_eq!(catalog.next_due(KIND).await.unwrap(), None);
    assert_eq!(catalog.claim_job(KIND, at(1_000_000)).await.unwrap(), None);
    let media = media_of(catalog, &owner, done).await;
    assert_eq!((media.status, media.failure), (MediaStatus::Error, Some(failure(FailureCode::Timeout))));
    assert_eq!(events_of(catalog, &owner, done).await, ["upload.completed", "media.failed"]);
}

/// A photo whose job has died; with the job's id, and a time after that.
async fn dead(catalog: &Catalog, owner: &ConnectionId) -> (Completed, i64, Timestamp) {
    let done = completed(catalog, owner, 1, at(0)).await;
    let (mut now, mut id) = (at(0), 0);
    for attempt in 1..=MAX_ATTEMPTS {
        let job = claim(catalog, now).await;
        id = job.id;
        assert!(catalog.retry_render(job, failure(FailureCode::Timeout), now).await.unwrap());
        now = now.after(retry_delay(attempt));
    }
    (done, id, now)
}

pub(crate) async fn a_dead_job_is_revived(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let (done, id, now) = dead(catalog, &owner).await;
    assert!(catalog.revive_job(id, now).await.unwrap());
    assert!(!catalog.revive_job(id, now).await.unwrap(), "it is alive");
    assert!(!catalog.revive_job(id + 1000, now).await.unwrap(), "there is no such job");
    let media = media_of(catalog, &owner, done).await;
    assert_eq!((media.status, media.failure), (MediaStatus::Processing, None));
    let job = claim(catalog, now).await;
    assert_eq!((job.id, job.attempt), (id, 1), "it has all its attempts back");
    assert!(!catalog.revive_job(id, now).await.unwrap(), "it runs");
    assert!(catalog.finish_render(job, facts(1), now).await.unwrap());
    assert!(!catalog.revive_job(id, now).await.unwrap(), "it is done");
    assert_eq!(events_of(catalog, &owner, done).await, ["upload.completed", "media.failed", "media.ready"]);
}

/// The same bytes came again after the job had died, and were rendered by a job of their own.
pub(crate) async fn ready_media_are_not_taken_away_by_a_revival(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let (first, id, now) = dead(catalog, &owner).await;
    let again = completed(catalog, &owner, 1, now).await;
    assert!(!catalog.revive_job(id, now).await.unwrap(), "another job is at work on the same bytes");
    let job = claim(catalog, now).await;
    assert_ne!(job.id, id);
    assert!(catalog.finish_render(job, facts(1), now).await.unwrap());
    assert!(!catalog.revive_job(id, now).await.unwrap());
    for media in [first, again] {
        assert_eq!(status_of(catalog, &owner, media).await, MediaStatus::Ready);
    }
}
