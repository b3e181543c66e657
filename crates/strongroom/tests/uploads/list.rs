use std::time::Duration;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::session::{Session, UPLOADS};
use crate::support::{Client, Server, noise};

/// The ids on a page, and whether there are more.
async fn page(client: &Client, query: &str) -> (Vec<String>, bool) {
    let body = client.get(&format!("{UPLOADS}?{query}")).await.ok();
    assert_eq!(body.as_object().unwrap().len(), 2, "{body:#}");
    let id = |session: &Value| session["mediaUploadId"].as_str().unwrap().to_owned();
    (body["list"].as_array().unwrap().iter().map(id).collect(), body["hasMore"].as_bool().unwrap())
}

/// Opens sessions, a second between two, and answers their ids, newest first.
async fn open(server: &Server, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for _ in 0..count {
        server.clock.advance(Duration::from_secs(1));
        ids.insert(0, Session::open(&server.client, 100).await.id);
    }
    ids
}

#[tokio::test]
async fn sessions_are_listed_newest_first_page_by_page() {
    let server = Server::start(&[]).await;
    let ids = open(&server, 5).await;
    let client = &server.client;
    assert_eq!(page(client, "").await, (ids.clone(), false));
    assert_eq!(page(client, "limit=2").await, (ids[..2].to_vec(), true));
    assert_eq!(page(client, "limit=2&offset=2").await, (ids[2..4].to_vec(), true));
    assert_eq!(page(client, "limit=2&offset=3").await, (ids[3..].to_vec(), false));
    assert_eq!(page(client, "limit=5&offset=null").await, (ids, false));
    assert_eq!(page(client, "offset=5").await, (Vec::new(), false));
    assert_eq!(page(client, "offset=9007199254740991").await, (Vec::new(), false));
    assert_eq!(page(&server.new_client().await, "").await, (Vec::new(), false));
}

#[tokio::test]
async fn a_list_can_be_narrowed_to_a_state() {
    let server = Server::start(&[]).await;
    let ids = open(&server, 3).await;
    server.client.delete(&format!("{UPLOADS}/{}", ids[0])).await.ok();
    server.client.put_bytes(&format!("{UPLOADS}/{}", ids[1]), &noise(100), &[]).await.ok();
    assert_eq!(page(&server.client, "state=aborted").await.0, [ids[0].clone()]);
    assert_eq!(page(&server.client, "state=completed").await.0, [ids[1].clone()]);
    assert_eq!(page(&server.client, "state=open&limit=1").await, (vec![ids[2].clone()], false));
    assert_eq!(page(&server.client, "state=&colour=blue").await.0, ids);
}

#[tokio::test]
async fn a_session_whose_time_has_come_is_listed_as_expired_swept_or_not() {
    let server = Server::start(&[]).await;
    let ids = open(&server, 1).await;
    server.clock.advance(Duration::from_secs(24 * 3600));
    let list = server.client.get(UPLOADS).await.ok()["list"].clone();
    assert_eq!((&list[0]["mediaUploadId"], &list[0]["state"]), (&json!(ids[0]), &json!("expired")));
}

#[tokio::test]
async fn a_query_out_of_range_is_named() {
    let server = Server::start(&[]).await;
    let refused = async |query: &str| server.client.get(&format!("{UPLOADS}?{query}")).await.refusal();
    assert_snapshot!(refused("limit=0").await, @r#"
    400 BAD_REQUEST: limit: `0` is not a whole number from 1 to 100
    {"expected":"a whole number from 1 to 100","field":"limit","value":"0"}
    "#);
    assert_snapshot!(refused("limit=101").await, @r#"
    400 BAD_REQUEST: limit: `101` is not a whole number from 1 to 100
    {"expected":"a whole number from 1 to 100","field":"limit","value":"101"}
    "#);
    assert_snapshot!(refused("limit=ten").await, @r#"
    400 BAD_REQUEST: limit: `ten` is not a whole number from 1 to 100
    {"expected":"a whole number from 1 to 100","field":"limit","value":"ten"}
    "#);
    assert_snapshot!(refused("offset=-1").await, @r#"
    400 BAD_REQUEST: offset: `-1` is not a whole number of at least 0
    {"expected":"a whole number of at least 0","field":"offset","value":"-1"}
    "#);
    assert_snapshot!(refused("offset=99999999999999999999").await, @r#"
    400 BAD_REQUEST: offset: `99999999999999999999` is not a whole number of at least 0
    {"expected":"a whole number of at least 0","field":"offset","value":"99999999999999999999"}
    "#);
    assert_snapshot!(refused("state=lost").await, @r#"
    400 BAD_REQUEST: state: `lost` is not open, completing, completed, aborted or expired
    {"expected":"open, completing, completed, aborted or expired","field":"state","value":"lost"}
    "#);
}
