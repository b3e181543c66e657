//! Parts that fail on their way.

use std::time::{Duration, Instant};

use strongroom_store::{PartLocation, StoreError};

use crate::caller::{Caller, part_bytes, pattern};
use crate::proxy::{Fault, Proxy};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_part_that_failed_is_sent_again_and_counts_once() {
    let proxy = Proxy::start().await;
    let (_home, store) = proxy.store().await;
    let file = pattern(2 * part_bytes(&store), 1);
    for (fault, may_land) in [
        (Fault::Refused(500), true),
        (Fault::Refused(503), true),
        (Fault::CutOff, false),
        (Fault::Stalled, false),
        (Fault::Unanswered, true),
    ] {
        let caller = Caller::new(&store, file.len() as u64);
        proxy.fail("PUT", "partNumber=1", fault, 1);
        let began = Instant::now();
        let outcome = caller.put_of(1, &file).await;
        assert!(matches!(outcome, Err(StoreError::Busy(_))), "{fault:?}: {outcome:?}");
        assert!(began.elapsed() < Duration::from_secs(8), "{fault:?} took {:?}", began.elapsed());
        caller.put_all(&file).await;
        // The number may be used again only where the first try has certainly left nothing.
        assert_eq!(matches!(caller.location(1), Some(PartLocation::Side(_))), may_land, "{fault:?}");
        caller.publish().await.unwrap();
        caller.assert_published(&file).await;
        assert_eq!(proxy.heal(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_part_without_room_is_told_as_such() {
    let proxy = Proxy::start().await;
    let (_home, store) = proxy.store().await;
    let caller = Caller::new(&store, 1000);
    proxy.fail("PUT", "staging/", Fault::Refused(507), 1);
    assert!(matches!(caller.put(1, &pattern(1000, 2)).await, Err(StoreError::Full)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_small_request_is_tried_again_by_itself() {
    let proxy = Proxy::start().await;
    let (_home, store) = proxy.store().await;
    let file = pattern(2 * part_bytes(&store), 3);
    let caller = Caller::new(&store, file.len() as u64);
    proxy.fail("POST", "uploads=", Fault::Refused(503), 1);
    proxy.fail("POST", "uploads=", Fault::Truncated, 1);
    caller.put_all(&file).await;
    proxy.fail("HEAD", "", Fault::Refused(500), 2);
    caller.publish().await.unwrap();
    caller.assert_published(&file).await;
    assert_eq!(proxy.heal(), 4);
}
