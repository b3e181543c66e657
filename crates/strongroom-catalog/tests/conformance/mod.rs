//! What every catalog owes its callers, whatever engine it runs on: one function a promise, each on a catalog of its own that
//! holds nothing yet. An engine's test file opens the catalog and lists the cases with [`every_case!`]; a case that is not
//! listed there is dead code, which the compiler refuses.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use strongroom_core::clock::Timestamp;
use tokio::sync::Barrier;

pub(crate) mod completion;
pub(crate) mod connections;
pub(crate) mod films;
pub(crate) mod fixtures;
pub(crate) mod jobs;
pub(crate) mod keys;
pub(crate) mod leases;
pub(crate) mod lists;
pub(crate) mod media;
pub(crate) mod outcome;
pub(crate) mod parts;
pub(crate) mod previews;
pub(crate) mod retries;
pub(crate) mod sharing;
pub(crate) mod sweeps;
pub(crate) mod uploads;

/// Hands every case of the suite to the macro `$run`, as `module { case, … }`.
macro_rules! every_case {
    ($run:ident) => {
        $run! {
            keys {
                a_key_is_found_by_its_hash, keys_of_every_kind_come_back_whole,
                a_refused_write_leaves_no_trace_and_its_neighbours_stand
            }
            connections { a_connection_comes_back_whole, its_status_changes, its_media_are_counted_by_type }
            uploads {
                a_session_comes_back_whole, sessions_are_listed_newest_first, open_sessions_are_capped,
                the_cap_holds_when_32_open_at_once, one_of_50_moves_a_session, a_foreign_session_is_unknown
            }
            parts {
                parts_come_back_in_order, a_part_keeps_its_session_alive, the_replaced_side_file_is_answered,
                a_closed_session_takes_no_part, racing_tries_of_one_part_replace_one_another,
                a_foreign_session_takes_no_part
            }
            completion {
                an_upload_becomes_media_job_and_event, complete_again_answers_the_same, eight_completes_make_one_media,
                bytes_that_are_no_media_fail_at_once, a_session_that_is_not_completing_is_refused,
                a_complete_that_fails_changes_nothing
            }
            sharing {
                ready_bytes_are_ready_at_once, bytes_in_work_are_rendered_once, failed_bytes_are_tried_again,
                failed_bytes_stay_failed_without_a_next_step, other_tenants_bytes_are_not_shared
            }
            media {
                a_media_comes_back_whole, media_are_found_by_their_bytes, failed_media_are_not_found_by_their_bytes,
                only_ready_media_are_delivered, foreign_media_are_unknown
            }
            lists { pages_keep_their_order, pages_are_filtered, renditions_stay_with_their_media }
            jobs {
                the_oldest_due_job_is_claimed, sixteen_claimers_take_each_job_once, the_next_due_time_is_known,
                jobs_are_listed_with_the_dead_first
            }
            leases {
                a_lease_that_ran_out_is_taken_over, a_worker_that_lost_its_lease_changes_nothing,
                a_renewed_lease_is_kept, a_job_given_back_has_spent_no_attempt, a_worker_that_died_last_is_found
            }
            outcome {
                a_finished_render_is_shown, a_failed_render_says_why, a_render_after_a_failed_attempt_clears_the_error,
                events_are_in_order
            }
            retries {
                a_retry_waits_longer_each_time_then_the_job_is_dead, a_dead_job_is_revived,
                ready_media_are_not_taken_away_by_a_revival
            }
            films {
                a_film_is_shown_step_by_step, a_film_that_can_be_watched_stays_so, a_job_is_handed_to_another_queue
            }
            previews {
                a_preview_takes_the_place_of_the_medias_own, a_picture_that_fails_says_why, media_are_rendered_anew
            }
            sweeps {
                due_sessions_are_found_and_expired, a_part_and_the_sweeper_agree, interrupted_completes_are_found,
                closed_sessions_are_forgotten, the_sweeper_knows_every_session, the_sweeper_knows_the_side_files_in_use,
                the_sweeper_knows_the_blobs_in_use, done_jobs_are_forgotten_and_others_kept
            }
        }
    };
}

/// The suite's clock: `seconds` after an arbitrary start.
pub(crate) fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(1_795_337_085_120).after(Duration::from_secs(seconds))
}

/// Starts `count` tasks, lets all of them go at once, and gathers what they answer.
pub(crate) async fn race<T, F>(count: usize, task: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let start = Arc::new(Barrier::new(count));
    let tasks: Vec<_> = (0..count)
        .map(|index| {
            let (start, work) = (Arc::clone(&start), task(index));
            tokio::spawn(async move {
                start.wait().await;
                work.await
            })
        })
        .collect();
    let mut answers = Vec::with_capacity(count);
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}
