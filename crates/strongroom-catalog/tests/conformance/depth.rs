//! How much waits.

use std::time::Duration;

use strongroom_catalog::Catalog;
use strongroom_catalog::records::JobDepth;
use strongroom_core::job::{JobKind, LEASE, MAX_ATTEMPTS, retry_delay};
use strongroom_core::media::FailureCode;

use super::at;
use super::fixtures::{claim, completed, facts, failure, tenant};

const KIND: JobKind = JobKind::RenderPhoto;

pub(crate) async fn jobs_are_counted_by_state(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    assert_eq!(catalog.job_depths(at(0), at(0)).await.unwrap(), []);
    completed(catalog, &owner, 1, at(0)).await;
    let mut now = at(0);
    for attempt in 1..=MAX_ATTEMPTS {
        let job = claim(catalog, now).await;
        assert!(catalog.retry_render(job, failure(FailureCode::Timeout), now).await.unwrap());
        now = now.after(retry_delay(attempt));
    }
    completed(catalog, &owner, 2, now).await;
    let done = claim(catalog, now).await;
    assert!(catalog.finish_render(done, facts(2), now).await.unwrap());
    completed(catalog, &owner, 3, now).await;
    claim(catalog, now).await;
    let later = now.after(Duration::from_secs(5));
    completed(catalog, &owner, 4, later).await;
    completed(catalog, &owner, 5, later.after(Duration::from_secs(1))).await;

    let none = JobDepth { kind: KIND, ready: 2, running: 1, dead: 1, overdue: 0, due: None };
    let depths = async |now, overdue| catalog.job_depths(now, overdue).await.unwrap();
    assert_eq!(depths(now, now).await, [none], "none of those that wait may be begun");
    let due = JobDepth { due: Some(later), ..none };
    assert_eq!(depths(later.after(Duration::from_secs(9)), now.after(LEASE)).await, [due], "the lease runs to there");
    let overdue = now.after(LEASE).after(Duration::from_millis(1));
    assert_eq!(depths(later, overdue).await, [JobDepth { overdue: 1, ..due }]);
}
