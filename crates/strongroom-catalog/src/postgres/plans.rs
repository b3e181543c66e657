//! The statements that run often, held to their indexes, as `sqlite/plans.rs` does it. Tables as small as here the server would
//! rather read from end to end, and sort; where that is forbidden it does so only if no index serves.

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Executor as _, Row as _};

use super::queries::listing::Filter;
use super::queries::{attached, jobs, listing, stored};
use super::tests::cluster::Database;
use crate::records::MediaOrder;

/// A database that holds 4,000 media and their 4,000 done jobs, of two connections. Without triggers: thousands of changes of
/// one counter in one transaction take long.
async fn filled(database: &Database) -> PgConnection {
    let fill = "
        set session_replication_role = replica;
        insert into connection (id, organisation_id, environment, status, name, username, permissions, created_at, updated_at)
            select 'conn_' || n, 'org_000000000000000000000000', 'live', 'active', '', '', '', 0, 0 from generate_series(0, 1) n;
        insert into blob (connection_id, key, etag, size_bytes, type, status, created_at)
            select 'conn_' || n % 2, 'blob' || n, int4send(n), 1, case when n % 20 < 2 then 'video' else 'photo' end,
                   case when n % 50 < 2 then 'processing' else 'ready' end, n from generate_series(1, 4000) n;
        insert into media (connection_id, upload_id, blob_key, type, status, filename, created_at)
            select connection_id, key, key, type, status, key || '.jpg', created_at from blob;
        insert into media_text (id, owner, text) select id, owner, text from searchable;
        insert into list (connection_id, id, type, name, created_at, updated_at)
            select id, n, 'custom', '', 0, 0 from connection, generate_series(1, 50) n;
        insert into list_media (connection_id, list_id, media_id, added_at)
            select connection_id, 1 + id % 50, id, 0 from media;
        insert into listing (connection_id, media_id, list_id, type, status, likes, tips, created_at)
            select connection_id, id, 0, type, status, id, id, created_at from media;
        insert into job (connection_id, kind, blob_key, state, run_at, created_at, updated_at)
            select connection_id, 'render_photo', key, 'done', created_at, created_at, created_at from blob;
        analyze;
        set plan_cache_mode = force_custom_plan;
        set enable_seqscan = off;
        set enable_sort = off;";
    let mut connection = database.superuser().await;
    connection.execute(fill).await.unwrap();
    connection
}

/// The plan for `text` with these parameters, each `value::type`.
async fn plan(connection: &mut PgConnection, text: &str, parameters: &[&str]) -> String {
    let types: Vec<&str> = parameters.iter().map(|parameter| parameter.rsplit("::").next().unwrap()).collect();
    connection.execute(AssertSqlSafe(format!("prepare statement ({}) as {text}", types.join(", ")))).await.unwrap();
    let explain = format!("explain (costs off) execute statement ({})", parameters.join(", "));
    let rows = connection.fetch_all(AssertSqlSafe(explain)).await.unwrap();
    connection.execute("deallocate statement").await.unwrap();
    rows.iter().map(|row| row.get::<String, _>(0)).collect::<Vec<_>>().join("\n")
}

const OWNER: &str = "'conn_0'::text";
const NO_TEXT: &str = "null::text";
const NO_NUMBER: &str = "null::bigint";
const LEAST: &str = "'-9223372036854775808'::bigint";
const MOST: &str = "9223372036854775807::bigint";
const NONE: &str = "0::bigint";
const PAGE: &str = "50::bigint";

#[tokio::test]
async fn done_jobs_are_never_looked_at() {
    let database = Database::migrated().await;
    let mut connection = filled(&database).await;
    for (text, parameters) in [
        (jobs::CLAIM_JOB, ["''::text", MOST, MOST, "'render_photo'::text", "3::bigint"].as_slice()),
        (jobs::NEXT_DUE, &["'render_photo'::text", "3::bigint"]),
    ] {
        let plan = plan(&mut connection, text, parameters).await;
        assert!(plan.contains("using job_ready on job") && plan.contains("using job_running on job"), "{plan}");
        assert!(!plan.contains("Seq Scan"), "{plan}");
    }
}

#[tokio::test]
async fn a_page_is_an_index_walk() {
    let database = Database::migrated().await;
    let mut connection = filled(&database).await;
    for (filter, kind, media_type, status) in [
        (Filter::Any, "", NO_TEXT, NO_TEXT),
        (Filter::Type, "typed_", "'video'::text", NO_TEXT),
        (Filter::Unready, "unready_", NO_TEXT, "'processing'::text"),
    ] {
        for (order, index) in
            [(MediaOrder::Created, "recent"), (MediaOrder::Likes, "liked"), (MediaOrder::Tips, "tipped")]
        {
            for descending in [false, true] {
                let start = if descending { MOST } else { LEAST };
                let walk = [OWNER, NONE, LEAST, MOST, media_type, status, PAGE, start, start, NONE];
                let parameters = [walk.as_slice(), &[NO_TEXT; 3]].concat();
                let text = listing::page_text(order, descending, filter);
                let plan = plan(&mut connection, text, &parameters).await;
                assert!(plan.contains(&format!("listing_{kind}{index}")), "{plan}");
                assert!(!plan.contains("Seq Scan on media") && !plan.contains("Seq Scan on listing"), "{plan}");
            }
        }
    }
}

#[tokio::test]
async fn the_lists_of_a_page_are_found_by_its_media() {
    let database = Database::migrated().await;
    let plan = plan(&mut filled(&database).await, attached::LISTS, &[OWNER, "'[1, 2, 3]'::text"]).await;
    assert!(plan.contains("on list_media member") && plan.contains("media_id = ANY"), "{plan}");
    assert!(!plan.contains("Seq Scan on list_media"), "{plan}");
}

#[tokio::test]
async fn words_are_looked_up_in_the_index_of_texts() {
    let database = Database::migrated().await;
    let mut connection = filled(&database).await;
    for order in [MediaOrder::Created, MediaOrder::Likes, MediaOrder::Tips] {
        let words = "E'0\\n%blob77%'::text";
        let look_up = [OWNER, NONE, words, MOST, LEAST, MOST, NO_TEXT, NO_TEXT, PAGE, NONE, MOST];
        let parameters = if order == MediaOrder::Created { &look_up[..10] } else { &look_up[..] };
        let plan = plan(&mut connection, listing::search_text(order, true), parameters).await;
        assert!(plan.contains("Bitmap Index Scan on media_text_words"), "{plan}");
    }
}

#[tokio::test]
async fn a_page_of_stored_media_is_an_index_walk() {
    let database = Database::migrated().await;
    let mut connection = filled(&database).await;
    for (text, index) in [(stored::VAULT_PAGE, "media_recent"), (stored::TRASH_PAGE, "media_trash")] {
        let filters = [NO_TEXT, NO_TEXT, NO_TEXT, NO_NUMBER, NO_NUMBER];
        let parameters = [[OWNER, MOST, MOST, LEAST].as_slice(), &filters, &[PAGE]].concat();
        let plan = plan(&mut connection, text, &parameters).await;
        assert!(plan.contains(index), "{plan}");
        assert!(!plan.contains("Seq Scan on media"), "{plan}");
    }
}
