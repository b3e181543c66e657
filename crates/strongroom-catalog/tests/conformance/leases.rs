//! Leases: a worker that lost its job cannot end it.

use strongroom_catalog::Catalog;
use strongroom_catalog::records::ClaimedJob;
use strongroom_core::clock::Timestamp;
use strongroom_core::id::LeaseToken;
use strongroom_core::job::{JobKind, JobState, LEASE, MAX_ATTEMPTS};
use strongroom_core::media::{FailureCode, MediaStatus};

use super::at;
use super::fixtures::{claim, completed, events_of, facts, failure, media_of, status_of, tenant};

const KIND: JobKind = JobKind::RenderPhoto;

/// The first instant at which a lease taken or renewed at `now` has run out.
fn lost(now: Timestamp) -> Timestamp {
    Timestamp::from_millis(now.after(LEASE).as_millis() + 1)
}

pub(crate) async fn a_lease_that_ran_out_is_taken_over(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    completed(catalog, &owner, 1, at(0)).await;
    let first = claim(catalog, at(0)).await;
    assert_eq!(catalog.claim_job(KIND, at(0).after(LEASE)).await.unwrap(), None, "the lease still holds");
    assert_eq!(catalog.list_jobs(1).await.unwrap()[0].attempts, 1, "an attempt counts from its claim on");
    let second = claim(catalog, lost(at(0))).await;
    assert_eq!((second.id, second.attempt), (first.id, 2));
    assert_ne!(second.lease, first.lease);

    completed(catalog, &owner, 2, at(0)).await;
    let third = claim(catalog, lost(lost(at(0)))).await;
    assert_eq!(
        third.id, first.id,
        "who has waited longest, though his first workers died, comes before who is waiting"
    );
}

pub(crate) async fn a_worker_that_lost_its_lease_changes_nothing(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let done = completed(catalog, &owner, 1, at(0)).await;
    let old = claim(catalog, at(0)).await;
    let now = lost(at(0));
    let new = claim(catalog, now).await;
    let snapshot = async || {
        let media = media_of(catalog, &owner, done).await;
        (catalog.list_jobs(10).await.unwrap(), media, events_of(catalog, &owner, done).await)
    };
    let stale_calls = async |stale: &ClaimedJob, now| {
        let failure = failure(FailureCode::Malformed);
        assert!(!catalog.renew_lease(stale.id, stale.lease.clone(), now).await.unwrap());
        catalog.give_back(stale.id, stale.lease.clone(), now).await.unwrap();
        assert!(!catalog.postpone_job(stale.clone(), "no room".to_owned(), now, now).await.unwrap());
        assert!(!catalog.finish_render(stale.clone(), facts(9), now).await.unwrap());
        assert!(!catalog.fail_render(stale.clone(), failure.clone(), now).await.unwrap());
        assert!(!catalog.retry_render(stale.clone(), failure.clone(), now).await.unwrap());
        let last = ClaimedJob { attempt: MAX_ATTEMPTS, ..stale.clone() };
        assert!(!catalog.retry_render(last, failure, now).await.unwrap());
    };
    let invented = ClaimedJob { lease: LeaseToken::random(), ..new.clone() };
    let before = snapshot().await;
    stale_calls(&old, at(20)).await;
    stale_calls(&invented, at(20)).await;
    assert_eq!(snapshot().await, before);

    assert!(catalog.finish_render(new.clone(), facts(1), at(21)).await.unwrap(), "the worker that holds it ends it");
    let before = snapshot().await;
    stale_calls(&old, at(22)).await;
    stale_calls(&new, at(22)).await;
    assert_eq!(snapshot().await, before);
}

pub(crate) async fn a_renewed_lease_is_kept(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    completed(catalog, &owner, 1, at(0)).await;
    let job = claim(catalog, at(0)).await;
    assert!(catalog.renew_lease(job.id, job.lease.clone(), at(8)).await.unwrap());
    assert_eq!(catalog.claim_job(KIND, at(8).after(LEASE)).await.unwrap(), None);
    // Late, but nobody has taken it over: the work need not be thrown away.
    assert!(catalog.renew_lease(job.id, job.lease.clone(), at(100)).await.unwrap());
    assert!(catalog.finish_render(job, facts(1), at(200)).await.unwrap());
}

pub(crate) async fn a_job_given_back_has_spent_no_attempt(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let done = completed(catalog, &owner, 1, at(0)).await;
    let mut before = None;
    for now in (0..2 * MAX_ATTEMPTS.unsigned_abs()).map(at) {
        let job = claim(catalog, now).await;
        assert_eq!(job.attempt, 1);
        assert_ne!(before.as_ref(), Some(&job.lease));
        catalog.give_back(job.id, job.lease.clone(), now).await.unwrap();
        assert_eq!(catalog.next_due(KIND).await.unwrap(), Some(now), "it can be claimed at once");
        before = Some(job.lease);
    }
    assert_eq!(status_of(catalog, &owner, done).await, MediaStatus::Processing);
}

pub(crate) async fn a_job_put_off_has_spent_no_attempt(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let done = completed(catalog, &owner, 1, at(0)).await;
    // More often than there are attempts.
    for times in 0..=MAX_ATTEMPTS.unsigned_abs() {
        let (now, later) = (at(times * 60), at(times * 60 + 60));
        let job = claim(catalog, now).await;
        assert_eq!(job.attempt, 1);
        assert!(catalog.postpone_job(job.clone(), "no room".to_owned(), later, now).await.unwrap());
        assert!(!catalog.postpone_job(job, "again".to_owned(), now, now).await.unwrap(), "it is nobody's now");
        let listed = &catalog.list_jobs(1).await.unwrap()[0];
        assert_eq!((listed.state, listed.last_error.as_deref()), (JobState::Ready, Some("no room")));
        assert_eq!(catalog.next_due(KIND).await.unwrap(), Some(later));
    }
    assert_eq!(status_of(catalog, &owner, done).await, MediaStatus::Processing);
}

pub(crate) async fn a_worker_that_died_last_is_found(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let done = completed(catalog, &owner, 1, at(0)).await;
    let mut now = at(0);
    let mut last = claim(catalog, now).await;
    for _ in 1..MAX_ATTEMPTS {
        assert_eq!(catalog.abandoned_jobs(lost(now)).await.unwrap(), [], "it has attempts left");
        now = lost(now);
        last = claim(catalog, now).await;
    }
    assert_eq!(last.attempt, MAX_ATTEMPTS);
    assert_eq!(catalog.abandoned_jobs(now.after(LEASE)).await.unwrap(), [], "its worker may live");
    assert_eq!(catalog.claim_job(KIND, lost(now)).await.unwrap(), None, "it kills whoever claims it");
    assert_eq!(catalog.next_due(KIND).await.unwrap(), None);
    assert_eq!(catalog.abandoned_jobs(lost(now)).await.unwrap(), [last.clone()]);

    assert!(catalog.retry_render(last, failure(FailureCode::DecoderCrash), lost(now)).await.unwrap());
    assert_eq!(catalog.abandoned_jobs(lost(now)).await.unwrap(), []);
    assert_eq!(catalog.list_jobs(1).await.unwrap()[0].state, JobState::Dead);
    assert_eq!(media_of(catalog, &owner, done).await.failure, Some(failure(FailureCode::DecoderCrash)));
}
