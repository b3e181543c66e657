//! Faults at random, everywhere: whatever was acknowledged is there in the end, and nothing else.

use strongroom_store::StoreError;

use crate::caller::{Caller, part_bytes, pattern};
use crate::proxy::{Fault, Proxy};

const FAULTS: [Fault; 6] = [
    Fault::Refused(500),
    Fault::Refused(503),
    Fault::CutOff,
    Fault::Unanswered,
    Fault::Truncated,
    Fault::ErrorInsideThoughDone,
];
/// One request in so many goes wrong.
const ONE_IN: u64 = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_byte_is_lost() {
    let mut seed = [0; 8];
    strongroom_core::id::fill_random(&mut seed);
    let seed = u64::from_le_bytes(seed);
    println!("seed {seed}");
    let proxy = Proxy::start().await;
    let (_home, store) = proxy.store().await;
    for round in 0..6 {
        let parts = if round % 2 == 0 { 2 } else { 1 };
        let length = if parts == 1 { 100_000 } else { 2 * part_bytes(&store) - 5 };
        let file = pattern(length, round);
        let caller = Caller::new(&store, length);
        // The row of an upload has its multipart id before any part comes.
        caller.multipart().await;
        let mut state = seed ^ (round << 32) | 1;
        proxy.leave_to(move || {
            // Xorshift: enough to choose faults by, and the same again for the same seed.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % ONE_IN == 0).then(|| FAULTS[(state >> 8) as usize % FAULTS.len()])
        });
        for part in caller.plan.parts() {
            again(async || caller.put_of(part.number, &file).await).await;
        }
        again(async || caller.publish().await).await;
        again(async || if caller.published().await? == file { Ok(()) } else { panic!("seed {seed}: other bytes") })
            .await;
        proxy.heal();
        caller.assert_published(&file).await;
    }
}

/// As a client does: while the answer says that it may work in a moment.
async fn again(mut act: impl AsyncFnMut() -> Result<(), StoreError>) {
    for _ in 0..50 {
        match act().await {
            Err(StoreError::Busy(_)) => {}
            outcome => return outcome.unwrap(),
        }
    }
    panic!("fifty tries in a row have failed");
}
