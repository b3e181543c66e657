//! What every catalog owes its callers, whatever engine it runs on: one function a promise, each on a catalog of its own that
//! holds nothing yet. An engine's test file opens the catalog and lists the cases with [`every_case!`]; a case that is not
//! listed there is dead code, which the compiler refuses.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use strongroom_core::clock::Timestamp;
use tokio::sync::Barrier;

pub(crate) mod attaching;
pub(crate) mod completion;
pub(crate) mod connections;
pub(crate) mod consent;
pub(crate) mod consent_model;
pub(crate) mod depth;
pub(crate) mod direct;
pub(crate) mod documents;
pub(crate) mod films;
pub(crate) mod fixtures;
pub(crate) mod forms;
pub(crate) mod jobs;
pub(crate) mod keys;
pub(crate) mod lapsing;
pub(crate) mod leases;
pub(crate) mod lists;
pub(crate) mod media;
pub(crate) mod named;
pub(crate) mod outcome;
pub(crate) mod pages;
pub(crate) mod parts;
pub(crate) mod people;
pub(crate) mod previews;
pub(crate) mod quarantine;
pub(crate) mod quotas;
pub(crate) mod recount;
pub(crate) mod removal;
pub(crate) mod retries;
pub(crate) mod scrub;
pub(crate) mod search;
pub(crate) mod settings;
pub(crate) mod sharing;
pub(crate) mod slots;
pub(crate) mod sweeps;
pub(crate) mod transfer;
pub(crate) mod transfer_hold;
pub(crate) mod transfer_rows;
pub(crate) mod trash;
pub(crate) mod uploads;
pub(crate) mod vault_plus;
pub(crate) mod whole;

/// Hands every case of the suite to the macro `$run`, as `module { case, … }`.
macro_rules! every_case {
    ($run:ident) => {
        $run! {
            keys {
                a_key_is_found_by_its_hash, a_key_is_found_beside_a_connection, keys_of_every_kind_come_back_whole,
                a_refused_write_leaves_no_trace_and_its_neighbours_stand, keys_are_listed_until_they_are_revoked,
                a_key_covers_what_can_do_no_more
            }
            connections {
                a_connection_comes_back_whole, its_status_changes, its_media_are_counted_by_type,
                connections_are_listed_newest_first, its_use_is_noted
            }
            settings {
                what_is_not_set_is_inherited, an_organisations_settings_are_its_own,
                what_stored_media_clients_keep_comes_back
            }
            quotas {
                bytes_are_promised_at_init_and_stored_at_complete, what_does_not_fit_says_by_how_much,
                the_quota_holds_when_64_open_at_once, a_lowered_quota_is_held_to_at_complete, renditions_are_free
            }
            whole {
                a_whole_file_becomes_a_media_at_once, the_same_bytes_whole_share_a_blob, of_eight_whole_files_one_counts,
                a_session_that_is_not_open_takes_no_whole_file, a_whole_file_replaces_the_part_that_was_there,
                a_whole_file_is_held_to_a_quota_that_was_lowered
            }
            removal { a_deleted_connection_is_unknown_and_then_empty }
            uploads {
                a_session_comes_back_whole, sessions_are_listed_newest_first, open_sessions_are_capped,
                the_cap_holds_when_32_open_at_once, one_of_50_moves_a_session, a_foreign_session_is_unknown
            }
            parts {
                parts_come_back_in_order, a_part_keeps_its_session_alive, the_replaced_side_file_is_answered,
                the_same_bytes_again_change_nothing, who_completes_hears_whether_parts_came_since, a_closed_session_takes_no_part, racing_tries_of_one_part_replace_one_another,
                a_foreign_session_takes_no_part
            }
            slots {
                a_slot_is_claimed_once, a_slot_that_was_given_back_is_free, one_multipart_upload_holds_the_parts,
                a_session_opens_again_without_its_parts, the_newest_signing_key_comes_first
            }
            direct {
                a_direct_session_comes_back_as_such, an_open_session_is_kept_open,
                what_was_read_of_a_joined_file_stays_read, a_session_without_a_digest_needs_room
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
            pages {
                pages_keep_their_order, pages_are_filtered, renditions_stay_with_their_media,
                a_walk_by_places_shows_each_once, pages_hold_a_span_of_time
            }
            search {
                what_occurs_in_a_name_is_found, a_new_name_is_found_and_the_old_one_is_not,
                searches_are_sorted_filtered_and_paged, a_search_stays_with_its_tenant
            }
            lists {
                lists_are_made_found_renamed_and_deleted, sixteen_lists_made_at_once_have_their_own_numbers,
                media_are_put_on_lists_and_taken_off, a_refused_change_of_a_list_changes_nothing, the_vault_is_summed_up
            }
            transfer {
                a_move_is_noted_until_it_ends, where_copies_of_parts_are_comes_back,
                rows_name_the_new_places_when_the_bytes_have_moved
            }
            transfer_hold { held_writes_are_refused_and_reads_go_on, nothing_is_written_after_the_hold }
            transfer_rows {
                the_pages_of_a_table_are_its_rows, rows_that_are_put_are_there_once,
                numbers_go_on_after_the_last_that_was_given_out
            }
            trash {
                a_media_in_the_trash_is_out_of_sight, a_media_is_rendered_in_the_trash,
                a_purge_lets_go_of_what_nobody_else_shows, a_purge_ends_the_render, a_purge_and_a_complete_agree,
                the_trash_is_emptied_in_time
            }
            named {
                what_an_upload_names_is_attached_by_complete, a_complete_upload_is_given_what_it_names,
                media_are_found_by_their_people
            }
            jobs {
                the_oldest_due_job_is_claimed, sixteen_claimers_take_each_job_once, the_next_due_time_is_known,
                jobs_are_listed_with_the_dead_first
            }
            depth { jobs_are_counted_by_state }
            leases {
                a_lease_that_ran_out_is_taken_over, a_worker_that_lost_its_lease_changes_nothing,
                a_renewed_lease_is_kept, a_job_given_back_has_spent_no_attempt, a_job_put_off_has_spent_no_attempt,
                a_worker_that_died_last_is_found
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
                a_film_is_shown_step_by_step, a_film_that_can_be_watched_stays_so, a_film_that_is_made_again_stays_ready,
                a_job_is_handed_to_another_queue
            }
            previews {
                a_preview_takes_the_place_of_the_medias_own, a_picture_that_fails_says_why, media_are_rendered_anew
            }
            forms {
                a_form_comes_back_whole, only_what_differs_is_a_change, a_form_is_approved_revoked_and_approved_again,
                a_deleted_form_leaves_its_log, the_log_of_all_forms_is_read_page_by_page,
                forms_are_listed_searched_and_sorted, pending_is_what_the_rule_calls_pending
            }
            people {
                a_person_comes_back_whole, a_deleted_person_is_named_on_their_forms,
                an_avatar_is_shown_and_its_urls_die_with_it, a_media_can_become_an_avatar,
                a_picture_that_fails_or_moves_is_no_avatar
            }
            documents { documents_are_versions_and_stay }
            attaching {
                forms_are_attached_to_many_media_or_to_none, links_die_when_a_media_closes_or_opens,
                delivery_sees_the_same_forms
            }
            lapsing {
                an_end_is_told_of_once_before_and_once_after, a_sweep_that_comes_late_tells_of_the_end_alone,
                revoked_and_deleted_forms_do_not_expire
            }
            consent_model { a_hundred_histories_agree_with_a_model }
            vault_plus {
                stored_media_are_paged_by_place, stored_media_are_filtered, stored_media_are_found_by_any_reference,
                fetches_add_up, a_removed_media_lies_in_the_trash, a_purge_goes_in_steps, what_is_stored_adds_up
            }
            scrub {
                a_shard_holds_the_blobs_whose_keys_begin_with_it, a_kept_blob_comes_back_whole,
                parts_are_kept_until_their_upload_ends, a_lost_part_is_asked_for_again,
                a_restored_catalog_forgets_what_was_staged, only_what_nothing_refers_to_is_let_go,
                connections_are_walked_by_their_ids
            }
            quarantine {
                a_blob_in_quarantine_is_withheld_until_it_is_lifted, a_quarantine_ends_the_render,
                bytes_that_come_again_take_the_place_of_the_lost_ones, a_lost_rendition_is_made_anew
            }
            recount { counting_anew_changes_nothing_that_is_sound }
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
