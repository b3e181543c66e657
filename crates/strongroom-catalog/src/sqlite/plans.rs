//! The statements that run often, held to their indexes: a plan that scans is right today and slow in a year.

use sqlx::{AssertSqlSafe, Executor as _, Row as _};

use super::Engine;
use super::queries::{jobs, media};
use crate::records::MediaOrder;

/// An engine on a new file that holds 10,000 media and their 10,000 done jobs.
async fn filled(home: &tempfile::TempDir) -> Engine {
    let path = home.path().join("catalog.sqlite");
    let engine = Engine::open(&path).await.unwrap();
    let fill = "
        insert into connection values ('conn', 'org_000000000000000000000000', 'live', 'active', '', '', null, '', null, 0, 0, null);
        create temp table n as with recursive n (i) as (select 1 union all select i + 1 from n where i < 10000) select i from n;
        insert into blob (connection_id, key, etag, size_bytes, type, status, created_at)
            select 'conn', 'blob' || i, 'etag' || i, 1, 'photo', 'ready', i from n;
        insert into media (connection_id, upload_id, blob_key, type, status, filename, created_at)
            select 'conn', 'upload' || i, 'blob' || i, 'photo', 'ready', '', i from n;
        insert into job (connection_id, kind, blob_key, state, run_at, created_at, updated_at)
            select 'conn', 'render_photo', 'blob' || i, 'done', i, i, i from n;";
    engine
        .writer
        .write(move |connection| Box::pin(async move { Ok(connection.execute(fill).await.map(drop)?) }))
        .await
        .unwrap();
    engine
}

/// The steps of the plan for `text`, as SQLite tells them.
async fn plan(engine: &Engine, text: &str) -> Vec<String> {
    let rows =
        sqlx::query(AssertSqlSafe(format!("explain query plan {text}"))).fetch_all(&engine.readers).await.unwrap();
    rows.iter().map(|row| row.get("detail")).collect()
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

/// Not even the join with renditions is sorted again: the page comes out of its index in order, and stays so.
#[tokio::test]
async fn a_page_is_an_index_walk() {
    let home = tempfile::tempdir().unwrap();
    let engine = filled(&home).await;
    for (order, index) in
        [(MediaOrder::Created, "media_recent"), (MediaOrder::Likes, "media_liked"), (MediaOrder::Tips, "media_tipped")]
    {
        for descending in [false, true] {
            let plan = plan(&engine, media::page_text(order, descending)).await;
            assert!(uses(&plan, &format!("media USING INDEX {index} (connection_id=?")), "{plan:#?}");
            assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{plan:#?}");
        }
    }
}
