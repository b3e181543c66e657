//! The queue: who gets which job, and when.

use std::collections::HashSet;

use strongroom_catalog::Catalog;
use strongroom_core::clock::Timestamp;
use strongroom_core::job::{JobKind, JobState, LEASE, MAX_ATTEMPTS, retry_delay};
use strongroom_core::media::FailureCode;

use super::fixtures::{claim, completed, facts, failure, tenant};
use super::{at, race};

const KIND: JobKind = JobKind::RenderPhoto;

pub(crate) async fn the_oldest_due_job_is_claimed(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let second = completed(catalog, &owner, 1, at(20)).await;
    let first = completed(catalog, &owner, 2, at(10)).await;
    let third = completed(catalog, &owner, 3, at(20)).await;
    assert_eq!(catalog.claim_job(KIND, at(9)).await.unwrap(), None, "none is due");
    assert_eq!(claim(catalog, at(10)).await.blob, first.blob);
    assert_eq!(catalog.claim_job(KIND, at(19)).await.unwrap(), None);
    let job = claim(catalog, at(20)).await;
    assert_eq!((job.blob, job.kind, &job.connection, job.attempt), (second.blob, KIND, &owner, 1));
    assert_eq!(claim(catalog, at(20)).await.blob, third.blob);
    assert_eq!(catalog.claim_job(KIND, at(20)).await.unwrap(), None);
}

pub(crate) async fn sixteen_claimers_take_each_job_once(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    for seed in 0..40 {
        completed(catalog, &owner, seed, at(0)).await;
    }
    let claimed: Vec<_> = race(16, |_| {
        let catalog = catalog.clone();
        async move {
            let mut mine = Vec::new();
            while let Some(job) = catalog.claim_job(KIND, at(1)).await.unwrap() {
                mine.push(job);
            }
            mine
        }
    })
    .await
    .into_iter()
    .flatten()
    .collect();
    assert_eq!(claimed.len(), 40);
    assert_eq!(claimed.iter().map(|job| job.id).collect::<HashSet<_>>().len(), 40);
    assert_eq!(
        claimed.iter().map(|job| job.lease.clone()).collect::<HashSet<_>>().len(),
        40,
        "a token new for every claim"
    );
    assert!(claimed.iter().all(|job| job.attempt == 1));
}

pub(crate) async fn the_next_due_time_is_known(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let due = async || catalog.next_due(KIND).await.unwrap();
    assert_eq!(due().await, None);
    completed(catalog, &owner, 1, at(30)).await;
    completed(catalog, &owner, 2, at(10)).await;
    assert_eq!(due().await, Some(at(10)));
    let job = claim(catalog, at(10)).await;
    let lost_at = Timestamp::from_millis(at(10).after(LEASE).as_millis() + 1);
    assert_eq!(due().await, Some(lost_at), "a running job wants a worker when its lease runs out");
    let again = claim(catalog, lost_at).await;
    assert_eq!(again.id, job.id);
    let later = claim(catalog, at(30)).await;
    assert!(catalog.retry_render(later, failure(FailureCode::Storage), at(30)).await.unwrap());
    assert_eq!(due().await, Some(at(30).after(retry_delay(1))), "a job that failed, when it may be tried again");
    assert!(catalog.finish_render(again, facts(2), at(31)).await.unwrap());
    let last = claim(catalog, at(40)).await;
    assert!(catalog.finish_render(last, facts(1), at(40)).await.unwrap());
    assert_eq!(due().await, None);
}

pub(crate) async fn jobs_are_listed_with_the_dead_first(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let dead = completed(catalog, &owner, 1, at(0)).await;
    let mut now = at(0);
    for attempt in 1..=MAX_ATTEMPTS {
        let job = claim(catalog, now).await;
        assert!(catalog.retry_render(job, failure(FailureCode::Timeout), now).await.unwrap());
        now = now.after(retry_delay(attempt));
    }
    let done = completed(catalog, &owner, 2, now).await;
    let job = claim(catalog, now).await;
    assert!(catalog.finish_render(job, facts(2), now).await.unwrap());
    let running = completed(catalog, &owner, 3, now).await;
    claim(catalog, now).await;
    let (older, newer) = (completed(catalog, &owner, 4, now).await, completed(catalog, &owner, 5, now).await);

    let jobs = catalog.list_jobs(10).await.unwrap();
    let shown: Vec<_> = jobs.iter().map(|job| (job.state, job.blob)).collect();
    assert_eq!(
        shown,
        [
            (JobState::Dead, dead.blob),
            (JobState::Running, running.blob),
            (JobState::Ready, newer.blob),
            (JobState::Ready, older.blob),
            (JobState::Done, done.blob)
        ]
    );
    assert_eq!(jobs[0].attempts, MAX_ATTEMPTS);
    assert_eq!(jobs[0].last_error, Some(failure(FailureCode::Timeout).to_string()));
    assert_eq!(catalog.list_jobs(2).await.unwrap(), jobs[..2]);
}
