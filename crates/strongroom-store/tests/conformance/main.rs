//! What every backend owes, called with a store of each kind. A method of the store without a test in here does not exist.

#![allow(
    unreachable_pub,
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    clippy::disallowed_methods,
    reason = "a failing test may panic; the caller is shared with the suite of the local disk"
)]

mod caller;
mod complete;
mod delivery;
mod parts;
mod races;
#[path = "../servers/mod.rs"]
mod servers;
mod shared;
mod slots;
mod whole;

use strongroom_store::{Durability, Store};

use servers::{garage, open, weed};

/// Runs the suite against one kind of store: an expression that makes one, and what it lives in.
macro_rules! suite {
    ($backend:ident, $cases:literal, [$($attribute:meta)?], $open:expr; $($more:ident :: $test:ident)+) => {
        mod $backend {
            use super::*;

            suite! { @async [$($attribute)?] $open;
                parts::parts_in_any_order_become_the_file
                parts::a_part_of_many_blocks_arrives_whole
                parts::a_body_of_another_length_does_not_count
                parts::a_try_that_ended_badly_stays_ended
                parts::announced_digests_are_checked
                parts::a_dropped_try_frees_its_slot
                parts::a_retry_that_dies_leaves_the_acknowledged_bytes
                parts::a_retry_that_ends_replaces
                parts::two_tries_at_once_do_not_mix
                whole::a_whole_file_lies_under_its_own_key
                whole::a_whole_file_that_is_not_as_announced_is_nowhere
                whole::a_whole_file_that_was_dropped_is_nowhere
                complete::publishing_twice_is_publishing_once
                complete::publishing_at_once_is_publishing_once
                complete::publishing_wants_every_part
                complete::a_file_without_a_part_in_place_is_published
                complete::a_late_try_changes_nothing
                complete::the_whole_file_is_checked_before_it_is_published
                complete::the_first_bytes_can_be_seen
                complete::a_discarded_upload_is_gone
                complete::what_was_published_or_dropped_leaves_no_files
                complete::staged_files_are_listed
                delivery::ranges_are_what_was_asked_for
                delivery::renditions_are_published_replaced_and_deleted
                delivery::scratch_has_the_original_and_goes_away
                delivery::who_lost_his_scratch_publishes_nothing
                $($more::$test)+
            }

            #[test]
            $(#[$attribute])?
            fn random_uploads_are_published_as_acknowledged() {
                let (_home, store) = $open;
                races::random_uploads_are_published_as_acknowledged(&store, $cases);
            }
        }
    };
    (@async $attribute:tt $open:expr; $($module:ident :: $test:ident)+) => {
        $(suite! { @one $attribute $open; $module::$test })+
    };
    (@one [$($attribute:meta)?] $open:expr; $module:ident :: $test:ident) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        $(#[$attribute])?
        async fn $test() {
            let (_home, store) = $open;
            $module::$test(&store).await;
        }
    };
}

fn local_disk(durability: Durability) -> (tempfile::TempDir, Store) {
    let home = tempfile::tempdir().unwrap();
    let store = Store::open(&home.path().join("store"), durability).unwrap();
    (home, store)
}

macro_rules! local_suite {
    ($backend:ident, $open:expr) => {
        suite! { $backend, 64, [], $open;
            slots::a_slot_belongs_to_one_part_of_one_upload
            slots::a_slot_is_held_until_the_stored_part_is_dropped
            slots::who_reads_reads_on_after_deletion
            slots::what_only_a_bucket_can_do_is_refused
        }
    };
}

macro_rules! bucket_suite {
    ($backend:ident, [$($attribute:meta)?], $open:expr) => {
        suite! { $backend, 5, [$($attribute)?], $open;
            shared::parts_may_come_to_different_nodes
            shared::a_landed_try_keeps_its_claim
            shared::unfinished_multiparts_are_listed_and_aborted
            shared::parts_may_bypass_the_node
            shared::originals_and_renditions_may_bypass_the_node
        }
    };
}

local_suite!(local_disk_strict, local_disk(Durability::Strict));
local_suite!(local_disk_relaxed, local_disk(Durability::Relaxed));
bucket_suite!(seaweedfs, [], open(weed()));
bucket_suite!(garage, [ignore = "needs a Garage: STRONGROOM_TEST_GARAGE=…/garage"], open(garage()));
