//! The statements that run often, held to their indexes: a plan that scans is right today and slow in a year.

use super::queries::listing::Filter;
use super::queries::{attached, depth, jobs, listing, stored};
use super::{Engine, Statement};
use crate::records::MediaOrder;

/// An engine on a new file that holds 10,000 media and their 10,000 done jobs.
async fn filled(home: &tempfile::TempDir) -> Engine {
    let path = home.path().join("catalog.sqlite");
    let engine = Engine::open(&path, super::Synchronous::Full).await.unwrap();
    let fill = "
        insert into connection (id, organisation_id, environment, status, name, username, permissions, created_at, updated_at)
            values ('conn', 'org_000000000000000000000000', 'live', 'active', '', '', '', 0, 0);
        create temp table n as with recursive n (i) as (select 1 union all select i + 1 from n where i < 10000) select i from n;
        insert into blob (connection_id, key, etag, size_bytes, type, status, created_at)
            select 'conn', 'blob' || i, 'etag' || i, 1, 'photo', 'ready', i from n;
        insert into media (connection_id, upload_id, blob_key, type, status, filename, created_at)
            select 'conn', 'upload' || i, 'blob' || i, 'photo', 'ready', '', i from n;
        insert into job (connection_id, kind, blob_key, state, run_at, created_at, updated_at)
            select 'conn', 'render_photo', 'blob' || i, 'done', i, i, i from n;";
    engine.writer.write(move |connection| Box::pin(async move { Ok(connection.execute_batch(fill)?) })).await.unwrap();
    engine
}

/// The steps of the plan for `text`, as SQLite tells them.
async fn plan(engine: &Engine, text: &str) -> Vec<String> {
    // No plan depends on a value.
    let parameters = (0..text.matches('$').count()).map(|_| None::<i64>);
    let statement = parameters.fold(Statement::new(format!("explain query plan {text}")), Statement::bind);
    let read = engine.readers.read(|connection| Box::pin(async { Ok(statement.fetch_all(connection).await?) }));
    let rows = read.await.unwrap();
    rows.iter().map(|row| row.get("detail").unwrap()).collect()
}

fn uses(plan: &[String], index: &str) -> bool {
    plan.iter().any(|step| step.starts_with("SEARCH") && step.contains(index))
}

#[tokio::test]
async fn done_jobs_are_never_looked_at() {
    let home = tempfile::tempdir().unwrap();
    let engine = filled(&home).await;
    for text in [jobs::CLAIM_JOB, jobs::NEXT_DUE] {
        let plan = plan(&engine, text).await;
        assert!(uses(&plan, "job_ready (kind=?") && uses(&plan, "job_running (kind=?"), "{plan:#?}");
        assert!(!plan.iter().any(|step| step.contains("SCAN job") || step.contains("TEMP B-TREE")), "{plan:#?}");
    }
}

#[tokio::test]
async fn nor_are_they_when_others_are_counted() {
    let home = tempfile::tempdir().unwrap();
    let plan = plan(&filled(&home).await, depth::DEPTHS).await;
    let indexes = ["job_ready", "job_running", "job_dead"];
    assert!(indexes.iter().all(|index| plan.iter().any(|step| step.contains(&format!("INDEX {index}")))), "{plan:#?}");
    assert!(plan.iter().all(|step| !step.contains("job") || step.contains("INDEX job_")), "{plan:#?}");
}

/// However it is sorted and filtered: along one index, entered where the page begins, and nothing is sorted.
#[tokio::test]
async fn a_page_is_an_index_walk() {
    let home = tempfile::tempdir().unwrap();
    let engine = filled(&home).await;
    for (filter, kind, entered) in
        [(Filter::Any, "", ""), (Filter::Type, "typed_", " AND type=?"), (Filter::Unready, "unready_", " AND status=?")]
    {
        for (order, index, column) in [
            (MediaOrder::Created, "recent", "created_at"),
            (MediaOrder::Likes, "liked", "likes"),
            (MediaOrder::Tips, "tipped", "tips"),
        ] {
            for (descending, beyond) in [(false, '>'), (true, '<')] {
                let plan = plan(&engine, listing::page_text(order, descending, filter)).await;
                let walk = format!(
                    "listing USING COVERING INDEX listing_{kind}{index} (connection_id=? AND list_id=?{entered}"
                );
                let begins = format!("({column},media_id){beyond}(?,?)");
                assert!(plan.iter().any(|step| step.contains(&walk) && step.contains(&begins)), "{plan:#?}");
                assert!(
                    plan.iter().any(|step| step.starts_with("SEARCH media USING INTEGER PRIMARY KEY")),
                    "{plan:#?}"
                );
                assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{plan:#?}");
            }
        }
    }
}

/// A connection may have its media on lists a million times.
#[tokio::test]
async fn the_lists_of_a_page_are_found_by_its_media() {
    let home = tempfile::tempdir().unwrap();
    let plan = plan(&filled(&home).await, attached::LISTS).await;
    assert!(uses(&plan, "member USING INDEX list_media_of_media (connection_id=? AND media_id=?)"), "{plan:#?}");
}

/// What is found is read newest first out of the index of texts; only by likes and tips has it to be sorted.
#[tokio::test]
async fn a_search_is_read_in_order() {
    let home = tempfile::tempdir().unwrap();
    let engine = filled(&home).await;
    for (order, is_sorted) in [(MediaOrder::Created, false), (MediaOrder::Likes, true), (MediaOrder::Tips, true)] {
        for descending in [false, true] {
            let plan = plan(&engine, listing::search_text(order, descending)).await;
            assert!(plan.iter().any(|step| step.starts_with("SCAN media_text VIRTUAL TABLE INDEX")), "{plan:#?}");
            assert!(
                uses(&plan, "listing USING PRIMARY KEY (connection_id=? AND media_id=? AND list_id=?)"),
                "{plan:#?}"
            );
            let sorts = plan.iter().any(|step| step.contains("TEMP B-TREE"));
            assert_eq!(sorts, is_sorted, "{plan:#?}");
        }
    }
}

/// However deep: a page begins where the last one ended, in the index that has its order.
#[tokio::test]
async fn a_page_of_stored_media_is_an_index_walk() {
    let home = tempfile::tempdir().unwrap();
    let engine = filled(&home).await;
    for (text, index) in [(stored::VAULT_PAGE, "media_recent"), (stored::TRASH_PAGE, "media_trash")] {
        let plan = plan(&engine, text).await;
        assert!(uses(&plan, &format!("media USING INDEX {index} (connection_id=?")), "{plan:#?}");
        assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{plan:#?}");
    }
}
