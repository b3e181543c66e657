//! Completions that fail, or only seem to.

use std::time::{Duration, Instant};

use strongroom_store::StoreError;

use crate::caller::{Caller, part_bytes, pattern};
use crate::proxy::{Fault, Proxy};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_completion_is_judged_by_what_is_there() {
    let proxy = Proxy::start().await;
    let (_home, store) = proxy.store().await;
    let file = pattern(2 * part_bytes(&store), 10);
    for (fault, is_done) in [
        (Fault::Refused(500), false),
        (Fault::Refused(503), false),
        (Fault::CutOff, false),
        (Fault::ErrorInside, false),
        (Fault::ErrorInsideThoughDone, true),
        (Fault::Unanswered, true),
        (Fault::Truncated, true),
    ] {
        let caller = Caller::new(&store, file.len() as u64);
        caller.put_all(&file).await;
        proxy.fail("POST", "uploadId=", fault, 1);
        let outcome = caller.publish().await;
        assert_eq!(outcome.is_ok(), is_done, "{fault:?}: {outcome:?}");
        assert!(is_done || matches!(outcome, Err(StoreError::Busy(_))), "{fault:?}: {outcome:?}");
        caller.publish().await.unwrap();
        caller.assert_published(&file).await;
        assert_eq!(proxy.heal(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_is_judged_by_what_is_there() {
    let proxy = Proxy::start().await;
    let (_home, store) = proxy.store().await;
    let file = pattern(5000, 11);
    for (fault, is_done) in [
        (Fault::Refused(503), false),
        (Fault::ErrorInside, false),
        (Fault::ErrorInsideThoughDone, true),
        (Fault::Unanswered, true),
    ] {
        let caller = Caller::new(&store, file.len() as u64);
        caller.put_all(&file).await;
        proxy.fail("PUT", "blobs/", fault, 1);
        let outcome = caller.publish().await;
        assert_eq!(outcome.is_ok(), is_done, "{fault:?}: {outcome:?}");
        caller.publish().await.unwrap();
        caller.assert_published(&file).await;
        assert_eq!(proxy.heal(), 1);
    }
}

/// The answer is lost, and then the object store is away: nobody knows, until it is back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_looked_at_is_not_claimed() {
    let proxy = Proxy::start().await;
    let (_home, store) = proxy.store().await;
    let file = pattern(2 * part_bytes(&store), 12);
    let caller = Caller::new(&store, file.len() as u64);
    caller.put_all(&file).await;
    proxy.fail("POST", "uploadId=", Fault::Unanswered, 1);
    let mut requests = 0;
    proxy.leave_to(move || {
        requests += 1;
        // The look before the completion goes well.
        (requests > 1).then_some(Fault::Refused(503))
    });
    let began = Instant::now();
    assert!(matches!(caller.publish().await, Err(StoreError::Busy(_))));
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    proxy.heal();
    caller.publish().await.unwrap();
    caller.assert_published(&file).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn side_objects_that_fail_on_their_way_are_copied_by_the_next_run() {
    let proxy = Proxy::start().await;
    let (_home, store) = proxy.store().await;
    let file = pattern(2 * part_bytes(&store), 13);
    for fault in [Fault::CutOff, Fault::Unanswered, Fault::Refused(500)] {
        let caller = Caller::new(&store, file.len() as u64);
        caller.put_all(&pattern(file.len() as u64, 14)).await;
        caller.put_all(&file).await;
        proxy.fail("PUT", "partNumber=2", fault, 1);
        assert!(matches!(caller.publish().await, Err(StoreError::Busy(_))));
        caller.publish().await.unwrap();
        caller.assert_published(&file).await;
        assert_eq!(proxy.heal(), 1);
    }
}
