//! Lists and release forms named at init and at complete.

use serde_json::{Value, json};

use crate::problem::{message, problem};
use crate::support::{Client, Server, photo};

const INIT: &str = "/v2/access/uploads/init";
const COMPLETE: &str = "/v2/access/uploads/complete";

async fn list(client: &Client, name: &str) -> Value {
    client.post_json("/v2/access/vault/lists", &json!({ "name": name })).await.ok()["id"].clone()
}

async fn form(client: &Client) -> Value {
    let new = json!({ "name": "a form", "type": "model" });
    client.post_json("/v2/access/self/release-forms", &new).await.ok()["id"].clone()
}

/// The ids of the lists and forms of a media.
fn attached(media: &Value) -> (Vec<Value>, Vec<Value>) {
    let ids = |name: &str| media[name].as_array().unwrap().iter().map(|item| item["id"].clone()).collect();
    (ids("lists"), ids("releaseForms"))
}

#[tokio::test]
async fn what_init_and_complete_name_is_attached() {
    let server = Server::start(&[]).await;
    let client = &server.client;
    let (a, b, gone) = (list(client, "a").await, list(client, "b").await, list(client, "c").await);
    let (first, second) = (form(client).await, form(client).await);
    let bytes = photo(8, 8, 1);
    let body = json!({
        "filename": "a.png", "size": bytes.len(), "contentType": "image/png",
        "listIds": [a, gone, a], "releaseFormIds": [first.to_string()],
    });
    let id = client.post_json(INIT, &body).await.ok()["mediaUploadId"].as_str().unwrap().to_owned();
    client.delete(&format!("/v2/access/vault/lists/{gone}")).await.ok();
    let put = client.put_bytes(&format!("/v2/access/uploads/{id}"), &bytes, &[("Prefer", "wait=20")]).await.ok();
    let path = format!("/v2/access/vault/media/{}", put["media"]["id"]);
    assert_eq!(attached(&client.get(&path).await.ok()), (vec![a.clone()], vec![first.clone()]));

    // The PUT has completed it. What complete names comes on top, however often it is called.
    let complete = json!({ "mediaUploadId": id, "listIds": [b.as_f64()], "releaseFormIds": [second] });
    for _ in 0..2 {
        let completed = client.post_json(COMPLETE, &complete).await.ok();
        assert_eq!(completed["media"]["id"], put["media"]["id"]);
        assert_eq!(
            attached(&client.get(&path).await.ok()),
            (vec![a.clone(), b.clone()], vec![first.clone(), second.clone()])
        );
    }
}

#[tokio::test]
async fn what_is_not_there_is_named_by_its_place() {
    let server = Server::start(&[]).await;
    let (client, stranger) = (&server.client, server.new_client().await);
    let (mine, form) = (list(client, "a").await, form(client).await);
    list(&stranger, "a").await;
    let foreign = list(&stranger, "b").await;
    let body = json!({ "filename": "a.png", "size": 4, "contentType": "image/png" });
    let id = client.post_json(INIT, &body).await.ok()["mediaUploadId"].clone();
    for (field, ids, expected) in [
        (
            "listIds",
            json!([mine, foreign]),
            format!("listIds[1]: `{foreign}` is not the id of a list of this connection"),
        ),
        ("listIds", json!([mine, "x"]), "listIds[1]: `\"x\"` is not the id of a list of this connection".to_owned()),
        (
            "releaseFormIds",
            json!([form, 987_654]),
            "releaseFormIds[1]: `987654` is not the id of a release form".to_owned(),
        ),
        ("releaseFormIds", json!(7), "releaseFormIds: `7` is not a list".to_owned()),
    ] {
        let (mut init, mut complete) = (body.clone(), json!({ "mediaUploadId": id }));
        init[field] = ids.clone();
        complete[field] = ids;
        for answer in [client.post_json(INIT, &init).await, client.post_json(COMPLETE, &complete).await] {
            let refusal = problem(&answer, 400, "BAD_REQUEST");
            assert!(message(&refusal).starts_with(&expected), "{refusal}");
        }
    }
    let open = client.get("/v2/access/uploads?state=open").await.ok();
    assert_eq!(open["list"].as_array().unwrap().len(), 1, "what is refused opens nothing");
}
