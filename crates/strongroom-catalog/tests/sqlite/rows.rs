//! What the catalog's methods do not show yet, asked of the rows themselves.

use rusqlite::params;
use strongroom_catalog::records::{MediaOrder, MediaPage};
use strongroom_core::media::FailureCode;

use crate::conformance::at;
use crate::conformance::fixtures::{IDLE, claim, completed, facts, failure, open, tenant};
use crate::home::Home;

#[tokio::test]
async fn events_of_a_media_are_numbered_from_one() {
    let home = Home::new();
    let catalog = home.open().await;
    let owner = tenant(&catalog).await;
    let expired = open(&catalog, &owner, at(0)).await;
    assert!(catalog.expire_upload(owner.clone(), expired, at(0).after(IDLE)).await.unwrap());
    for seed in [1, 2] {
        completed(&catalog, &owner, seed, at(0)).await;
        let job = claim(&catalog, at(1)).await;
        assert!(catalog.fail_render(job, failure(FailureCode::Malformed), at(1)).await.unwrap());
        completed(&catalog, &owner, seed, at(2)).await;
        let job = claim(&catalog, at(3)).await;
        assert!(catalog.finish_render(job, facts(seed), at(3)).await.unwrap());
    }
    let other = home.connect();
    let text = "select group_concat(sequence || ' ' || type, ', ') as story
                from (select * from event where connection_id = ?1 order by media_id, sequence) group by media_id";
    let mut statement = other.prepare(text).unwrap();
    let rows = statement.query_map([owner.to_string()], |row| row.get(0)).unwrap();
    let stories: Vec<String> = rows.map(Result::unwrap).collect();
    let retried = "1 upload.completed, 2 media.failed, 3 media.ready";
    let shared = "1 upload.completed, 2 media.ready";
    assert_eq!(stories, ["1 connection.created, 1 upload.expired", retried, shared, retried, shared]);
}

#[tokio::test]
async fn media_are_ordered_by_likes_and_tips() {
    let home = Home::new();
    let catalog = home.open().await;
    let owner = tenant(&catalog).await;
    let mut ids = Vec::new();
    for seed in 0..5 {
        ids.push(completed(&catalog, &owner, seed, at(0)).await.media);
    }
    let other = home.connect();
    for (id, likes, tips) in [(0, 5, 1), (1, 9, 0), (2, 5, 7), (3, 0, 7), (4, 5, 3)] {
        let number = ids[id].number();
        let update = "update media set likes = ?2, tips = ?3 where id = ?1";
        other.execute(update, params![number, likes, tips]).unwrap();
    }
    for (order, ascending) in [(MediaOrder::Likes, [3, 0, 2, 4, 1]), (MediaOrder::Tips, [1, 0, 4, 2, 3])] {
        for descending in [false, true] {
            let page = MediaPage { order, descending, limit: 4, offset: 1, ..MediaPage::default() };
            let mut expected = ascending.map(|index| ids[index]);
            if descending {
                expected.reverse();
            }
            let shown: Vec<_> =
                catalog.list_media(owner.clone(), page).await.unwrap().iter().map(|media| media.id).collect();
            assert_eq!(shown, expected[1..], "{order:?}, descending {descending}");
        }
    }
}

/// A table that is added and forgotten in `queries/removal.rs` is found here.
#[tokio::test]
async fn of_a_deleted_connection_only_events_and_the_audit_log_stay() {
    let home = Home::new();
    let catalog = home.open().await;
    let owner = tenant(&catalog).await;
    let media = completed(&catalog, &owner, 1, at(0)).await.media.number();
    open(&catalog, &owner, at(0)).await;
    let other = home.connect();
    let (id, blob) = (owner.to_string(), "(select key from blob where connection_id = list.connection_id)");
    let fill = format!(
        "insert into list (connection_id, id, type, name, created_at, updated_at) values ('{id}', 1, 'custom', '', 0, 0);
         insert into list_media (connection_id, list_id, media_id, added_at) values ('{id}', 1, {media}, 0);
         insert into person (connection_id, type, name, username, search, avatar_blob, created_at, updated_at)
             select connection_id, '', '', '', '', {blob}, 0, 0 from list;
         insert into release_form (connection_id, type, name, search, person_id, partner_source, created_at, changed_at)
             select connection_id, '', '', '', id, '', 0, 0 from person;
         insert into release_form_document (connection_id, form_id, version, sha256, blob_key, kind, size_bytes, created_at)
             select connection_id, (select id from release_form), 1, x'00', {blob}, 'pdf', 1, 0 from list;
         insert into media_release_form (connection_id, media_id, form_id, attached_at)
             select connection_id, {media}, id, 0 from release_form;
         insert into release_form_audit (connection_id, form_id, action, actor, detail, at)
             select connection_id, id, '', 'system', '{{}}', 0 from release_form;
         insert into rendition_access (connection_id, media_id, name, total, last_at) values ('{id}', {media}, 'thumb', 1, 0);"
    );
    other.execute_batch(&fill).unwrap();

    assert!(catalog.delete_connection(owner.clone(), at(1)).await.unwrap());
    let remains = catalog.remains(owner.clone()).await.unwrap();
    catalog.forget_remains(owner.clone(), remains).await.unwrap();
    catalog.bury_connection(owner.clone(), at(2), at(3)).await.unwrap();
    let tables = "select m.name from sqlite_master m, pragma_table_info(m.name) c where m.type = 'table' and c.name = 'connection_id'";
    let mut kept = Vec::new();
    let mut tables = other.prepare(tables).unwrap();
    for table in tables.query_map([], |row| row.get::<_, String>(0)).unwrap().map(Result::unwrap) {
        let count = format!("select count(*) from {table} where connection_id = ?1");
        let total: i64 = other.query_row(&count, [owner.to_string()], |row| row.get(0)).unwrap();
        if total > 0 {
            kept.push(table);
        }
    }
    kept.sort();
    assert_eq!(kept, ["event", "release_form_audit"]);
    let known: String = other.query_row("select name || username from connection", [], |row| row.get(0)).unwrap();
    assert_eq!(known, "");
}
