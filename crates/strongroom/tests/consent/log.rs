//! The audit log: who did what, and when.

use serde_json::{Value, json};

use super::{FORMS, attach, decide, form, patch, put};
use crate::by_hand::by_hand;
use crate::problem::problem;
use crate::shelf::shelve;
use crate::support::{Server, photo};

#[tokio::test]
async fn every_change_leaves_a_row() {
    let server = Server::start(&[]).await;
    let client = &server.client;
    let (_, shelved) = shelve(client, "a.png", &photo(8, 8, 1)).await;
    let made = form(client, json!({})).await;
    let path = format!("{FORMS}/{}", made["id"]);
    patch(client, &path, &json!({ "name": "B, \"quoted\"" })).await.ok();
    let shown = client.put_bytes(&format!("{path}/document"), b"%PDF-1.7", &[]).await.ok();
    decide(client, &made, "approve").await;
    attach(client, &shelved, &[&made]).await;
    decide(client, &made, "revoke").await;
    attach(client, &shelved, &[]).await;
    client.delete(&path).await.ok();

    let log = client.get(&format!("{path}/audit")).await.ok();
    let rows = log["list"].as_array().unwrap();
    let told = |field: &str| rows.iter().map(|row| row[field].clone()).collect::<Vec<_>>();
    let actions = ["created", "changed", "document_added", "approved", "attached", "revoked", "detached", "deleted"];
    assert_eq!(told("action"), actions);
    let key = client.get("/v2/account/whoami").await.ok()["id"].clone();
    assert!(told("actor").iter().all(|actor| *actor == key && key.as_str().unwrap().starts_with("key_")), "{log}");
    let document = shown["document"]["sha256"].clone();
    let hashes: Vec<Option<&Value>> = rows.iter().map(|row| row.get("documentSha256")).collect();
    assert_eq!(hashes, [&[None, None][..], &[Some(&document); 6]].concat());
    assert_eq!(rows[1]["detail"], json!({ "name": { "from": "A form", "to": "B, \"quoted\"" } }));
    assert_eq!(rows[4]["detail"], json!({ "mediaIds": [shelved["id"]] }));
    assert!(rows.is_sorted_by_key(|row| row["at"].as_str().unwrap().to_owned()));

    let page = client.get(&format!("{path}/audit?limit=3")).await.ok();
    assert_eq!((page["list"].as_array().unwrap().len(), &page["hasMore"]), (3, &json!(true)));
    let rest = client.get(&format!("{path}/audit?limit=100&after={}", page["nextAfter"])).await.ok();
    assert_eq!((rest["list"].as_array().unwrap(), &rest["hasMore"]), (&rows[3..].to_vec(), &json!(false)));
    assert_eq!(rest.get("nextAfter"), None);

    let lines = client.get(&format!("{FORMS}/audit")).await;
    assert_eq!(lines.header("content-type"), "application/x-ndjson");
    let exported: Vec<Value> = lines.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(exported, *rows);
    let csv = client.get(&format!("{FORMS}/audit?format=csv")).await;
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    let text = csv.text();
    let records: Vec<&str> = text.split_terminator("\r\n").collect();
    assert_eq!((records[0], records.len()), ("id,releaseFormId,at,actor,action,documentSha256,detail", rows.len() + 1));
    assert!(
        records[2].ends_with(r#"changed,,"{""name"":{""from"":""A form"",""to"":""B, \""quoted\""""}}""#),
        "{}",
        records[2]
    );
    problem(&client.get(&format!("{FORMS}/audit?format=xml")).await, 400, "BAD_REQUEST");
}

#[tokio::test]
async fn a_long_log_is_exported_whole_and_to_its_owner_alone() {
    let server = Server::start(&[]).await;
    let (client, stranger) = (&server.client, server.new_client().await);
    let made = form(client, json!({})).await;
    by_hand(
        &server,
        &format!(
            "with recursive n (i) as (select 1 union all select i + 1 from n where i < 1700)
             insert into release_form_audit (connection_id, form_id, action, actor, detail, at)
             select '{}', {}, 'changed', 'system', '{{}}', i from n;",
            client.connection, made["id"]
        ),
    );
    assert_eq!(client.get(&format!("{FORMS}/audit")).await.text().lines().count(), 1701);
    assert_eq!(stranger.get(&format!("{FORMS}/audit")).await.text(), "");
    problem(&stranger.get(&format!("{FORMS}/{}/audit", made["id"])).await, 404, "RESOURCE_NOT_FOUND");
    problem(&put(&stranger, &format!("{FORMS}/{}/document", made["id"]), &json!({})).await, 404, "RESOURCE_NOT_FOUND");
}
