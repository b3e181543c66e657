//! The same through PgBouncer in transaction mode, where consecutive transactions may be those of different connections.

use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use strongroom_catalog::{Announcement, Catalog, PostgresOptions};

use crate::cluster::{CLUSTER, Database};
use crate::options;

/// Ends when dropped, or with this process.
struct Pooler {
    home: tempfile::TempDir,
    process: Child,
}

impl Pooler {
    async fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/postgres/pooler.sh");
        #[allow(clippy::disallowed_methods, reason = "the tests' own pooler")]
        let mut command = std::process::Command::new(script);
        let process = command.args([&CLUSTER.socket, home.path()]).stdin(Stdio::piped()).spawn().unwrap();
        let mut pooler = Self { home, process };
        while !pooler.home.path().join(".s.PGSQL.6432").exists() {
            assert!(pooler.process.try_wait().unwrap().is_none(), "PgBouncer did not start");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        pooler
    }

    fn url(&self, database: &Database) -> String {
        format!("postgres:///{}?host={}&port=6432&user=guest", database.name, self.home.path().display())
    }

    async fn open(&self, database: &Database) -> Catalog {
        let options = PostgresOptions { direct_url: Some(database.url("guest")), ..options() };
        Catalog::open_postgres(&self.url(database), &options).await.unwrap()
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        drop(self.process.wait());
    }
}

macro_rules! through_a_pooler {
    ($($module:ident { $($case:ident),+ })+) => {
        $(
            mod $module {
                $(
                    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                    async fn $case() {
                        let (database, pooler) = (super::Database::migrated().await, super::Pooler::start().await);
                        crate::conformance::$module::$case(&pooler.open(&database).await).await;
                    }
                )+
            }
        )+
    };
}

through_a_pooler! {
    keys { a_refused_write_leaves_no_trace_and_its_neighbours_stand }
    settings { what_is_not_set_is_inherited }
    uploads { the_cap_holds_when_32_open_at_once, one_of_50_moves_a_session }
    parts { racing_tries_of_one_part_replace_one_another }
    completion { eight_completes_make_one_media, a_complete_that_fails_changes_nothing }
    quotas { the_quota_holds_when_64_open_at_once }
    pages { pages_are_filtered, a_walk_by_places_shows_each_once }
    search { what_occurs_in_a_name_is_found }
    lists { sixteen_lists_made_at_once_have_their_own_numbers }
    trash { a_purge_and_a_complete_agree }
    jobs { sixteen_claimers_take_each_job_once }
    leases { a_worker_that_lost_its_lease_changes_nothing }
    outcome { events_are_in_order }
    forms { forms_are_listed_searched_and_sorted }
    vault_plus { stored_media_are_filtered }
}

#[tokio::test]
async fn a_pooler_that_is_not_named_as_one_is_recognised() {
    let (database, pooler) = (Database::migrated().await, Pooler::start().await);
    let error = Catalog::open_postgres(&pooler.url(&database), &options()).await.unwrap_err().to_string();
    assert!(error.contains("this looks like a pooler"), "{error}");
}

#[tokio::test]
async fn a_node_behind_a_pooler_hears_of_jobs() {
    let (database, pooler) = (Database::migrated().await, Pooler::start().await);
    let catalog = pooler.open(&database).await;
    let (sender, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let listening = catalog.clone();
    tokio::spawn(async move { listening.listen(move |announcement| sender.send(announcement).unwrap()).await });
    assert_eq!(heard.recv().await, Some(Announcement::Listening));
    let owner = crate::conformance::fixtures::tenant(&catalog).await;
    crate::conformance::fixtures::completed(&catalog, &owner, 1, crate::conformance::at(0)).await;
    assert_eq!(heard.recv().await, Some(Announcement::Jobs));
}
