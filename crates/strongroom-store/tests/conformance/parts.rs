//! Tries of parts: what counts, what does not, and what no try may touch.

use strongroom_core::content_digest::ExpectedDigests;
use strongroom_store::{PartLocation, Store, StoreError};

use crate::caller::{Caller, eventually, part_bytes, pattern};

pub async fn parts_in_any_order_become_the_file(store: &Store) {
    let part_bytes = part_bytes(store);
    for size in [1, 100, part_bytes, part_bytes + 1, 4 * part_bytes - 7] {
        let file = pattern(size, size);
        let caller = Caller::new(store, size);
        for part in caller.plan.parts().collect::<Vec<_>>().into_iter().rev() {
            caller.put_of(part.number, &file).await.unwrap();
            assert!(caller.is_in_slot(part.number));
        }
        caller.publish().await.unwrap();
        caller.assert_published(&file).await;
    }
}

pub async fn a_part_of_many_blocks_arrives_whole(store: &Store) {
    let part_bytes = part_bytes(store).max(2 << 20);
    let file = pattern(part_bytes + (1 << 20) + 12_345, 1);
    let caller = Caller::with_part_bytes(store, file.len() as u64, part_bytes);
    caller.put_all(&file).await;
    caller.publish().await.unwrap();
    caller.assert_published(&file).await;
}

pub async fn a_body_of_another_length_does_not_count(store: &Store) {
    let part_bytes = part_bytes(store);
    let file = pattern(2 * part_bytes + 10, 2);
    let caller = Caller::new(store, file.len() as u64);
    let long = caller.put(2, &file[..=part_bytes as usize]).await.unwrap_err();
    assert!(matches!(long, StoreError::TooLong { expected } if expected == part_bytes), "{long}");
    let short = caller.put(2, &file[..part_bytes as usize - 1]).await.unwrap_err();
    assert!(matches!(short, StoreError::TooShort { actual, .. } if actual == part_bytes - 1), "{short}");
    let empty = caller.put(3, b"").await.unwrap_err();
    assert!(matches!(empty, StoreError::TooShort { expected: 10, actual: 0 }), "{empty}");
    caller.put_of(1, &file).await.unwrap();
    assert!(matches!(caller.publish().await, Err(StoreError::Missing)));
    caller.put_all(&file).await;
    caller.publish().await.unwrap();
    caller.assert_published(&file).await;
}

pub async fn a_try_that_ended_badly_stays_ended(store: &Store) {
    let caller = Caller::new(store, 100);
    let mut part_try = caller.begin(1).await.unwrap();
    assert!(matches!(part_try.write(&[1; 101]).await, Err(StoreError::TooLong { .. })));
    assert!(matches!(part_try.finish().await, Err(StoreError::TooLong { .. })));
}

pub async fn announced_digests_are_checked(store: &Store) {
    let file = pattern(1000, 3);
    let caller = Caller::new(store, 1000);
    let mut wrong = ExpectedDigests::default();
    wrong.add_digest_field("sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:").unwrap();
    let mut part_try = caller.begin_expecting(1, wrong).await.unwrap();
    part_try.write(&file).await.unwrap();
    let error = part_try.finish().await.unwrap_err();
    assert!(matches!(&error, StoreError::Digest(mismatch) if mismatch.algorithm == "sha-256"), "{error}");
    assert!(matches!(caller.publish().await, Err(StoreError::Missing)));

    let hello = b"{\"hello\": \"world\"}\n";
    let caller = Caller::new(store, hello.len() as u64);
    let mut right = ExpectedDigests::default();
    right.add_digest_field("sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:").unwrap();
    let mut part_try = caller.begin_expecting(1, right).await.unwrap();
    part_try.write(hello).await.unwrap();
    caller.end(1, part_try).await.unwrap();
}

pub async fn a_dropped_try_frees_its_slot(store: &Store) {
    let file = pattern(1 << 20, 4);
    let caller = Caller::with_part_bytes(store, 1 << 20, 1 << 20);
    let mut part_try = caller.begin(1).await.unwrap();
    // More than one block, so that a write is under way when it is dropped.
    part_try.write(&pattern(600_000, 5)).await.unwrap();
    drop(part_try);
    drop(eventually(|| store.try_slot(caller.upload, 1)).await);
    caller.put_of(1, &file).await.unwrap();
    assert!(caller.is_in_slot(1));
    caller.publish().await.unwrap();
    caller.assert_published(&file).await;
}

pub async fn a_retry_that_dies_leaves_the_acknowledged_bytes(store: &Store) {
    let part_bytes = part_bytes(store).max(1 << 20);
    let file = pattern(2 * part_bytes, 6);
    let caller = Caller::with_part_bytes(store, 2 * part_bytes, part_bytes);
    caller.put_all(&file).await;
    let mut retry = caller.begin(1).await.unwrap();
    retry.write(&pattern(700_000, 7)).await.unwrap();
    drop(retry);
    caller.publish().await.unwrap();
    caller.assert_published(&file).await;
}

pub async fn a_retry_that_ends_replaces(store: &Store) {
    let size = 3 * part_bytes(store);
    let (old, new, newest) = (pattern(size, 8), pattern(size, 9), pattern(size, 10));
    let caller = Caller::new(store, size);
    caller.put_all(&old).await;
    caller.put_all(&new).await;
    assert!(matches!(caller.location(2), Some(PartLocation::Side(generation)) if i64::try_from(generation).is_ok()));
    // On a local disk the slot is free, and what is acknowledged is not in it: the third try may write in place again. In a
    // bucket a slot is written once.
    caller.put_of(2, &newest).await.unwrap();
    assert_eq!(caller.is_in_slot(2), !store.is_shared());
    let expected = [caller.slice(1, &new), caller.slice(2, &newest), caller.slice(3, &new)].concat();
    caller.publish().await.unwrap();
    caller.assert_published(&expected).await;
}

pub async fn two_tries_at_once_do_not_mix(store: &Store) {
    for first_ends_last in [false, true] {
        let (a, b) = (pattern(1 << 20, 11), pattern(1 << 20, 12));
        let caller = Caller::with_part_bytes(store, 1 << 20, 1 << 20);
        let (mut try_a, mut try_b) = (caller.begin(1).await.unwrap(), caller.begin(1).await.unwrap());
        for (piece_a, piece_b) in a.chunks(100_000).zip(b.chunks(100_000)) {
            try_a.write(piece_a).await.unwrap();
            try_b.write(piece_b).await.unwrap();
        }
        let winner = if first_ends_last {
            caller.end(1, try_b).await.unwrap();
            caller.end(1, try_a).await.unwrap();
            &a
        } else {
            caller.end(1, try_a).await.unwrap();
            caller.end(1, try_b).await.unwrap();
            &b
        };
        caller.publish().await.unwrap();
        caller.assert_published(winner).await;
    }
}
