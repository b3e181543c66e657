//! `/v2/access/vault/lists`: made, shown, renamed, deleted.

use reqwest::Method;
use serde_json::{Value, json};

use crate::problem::{message, problem};
use crate::shelf::{ids, shelve};
use crate::support::{Answer, Client, Server, noise, photo};

const LISTS: &str = "/v2/access/vault/lists";
const MEDIA: &str = "/v2/access/vault/media";

async fn make(client: &Client, name: &str) -> Value {
    client.post_json(LISTS, &json!({ "name": name })).await.ok()
}

async fn patch(client: &Client, id: &str, body: &Value) -> Answer {
    Answer::to(client.request(Method::PATCH, &format!("{LISTS}/{id}")).json(body)).await
}

#[tokio::test]
async fn a_list_is_made_shown_renamed_and_deleted() {
    let server = Server::start(&[]).await;
    let client = &server.client;
    let empty = client.get(LISTS).await.ok();
    let nothing = json!({ "photosCount": 0, "videosCount": 0, "gifsCount": 0, "audiosCount": 0, "medias": [] });
    let expected = json!({
        "list": [], "all": nothing, "hasMore": false, "canCreateVaultLists": true, "order": "desc", "sort": "recent",
    });
    assert_eq!(empty, expected);

    let made = make(client, "Été").await;
    let expected = json!({
        "id": 1, "type": "custom", "name": "Été", "hasMedia": false, "canUpdate": true, "canDelete": true, "medias": [],
    });
    assert_eq!(made, expected);
    assert_eq!(make(client, "Été").await["id"], 2, "two may have one name");
    for spelling in ["1", "1.0", "1e0", "1E+00"] {
        let renamed = patch(client, spelling, &json!({ "name": "Winter", "unknown": 1 })).await.ok();
        assert_eq!((&renamed["id"], &renamed["name"]), (&json!(1), &json!("Winter")), "{spelling}");
    }
    let names = async |query: &str| {
        let answer = client.get(&format!("{LISTS}{query}")).await.ok();
        let names = answer["list"].as_array().unwrap().iter().map(|list| list["name"].as_str().unwrap().to_owned());
        (names.collect::<Vec<_>>(), answer["hasMore"] == true)
    };
    let both = || vec!["Été".to_owned(), "Winter".to_owned()];
    assert_eq!(names("").await, (both(), false));
    assert_eq!(names("?limit=1").await, (both()[..1].to_vec(), true));
    assert_eq!(names("?limit=1&offset=1").await, (both()[1..].to_vec(), false));
    assert_eq!(names("?offset=2").await, (vec![], false));
    assert_eq!(names("?query=WINT").await, (both()[1..].to_vec(), false));
    assert_eq!(names("?query=%C3%89T%C3%89").await, (both()[..1].to_vec(), false));
    assert_eq!(names("?query=%25").await, (vec![], false));

    assert_eq!(client.delete(&format!("{LISTS}/2")).await.ok(), json!({}));
    problem(&client.delete(&format!("{LISTS}/2")).await, 404, "RESOURCE_NOT_FOUND");
    assert_eq!(make(client, "a").await["id"], 3, "no number is used twice");
}

#[tokio::test]
async fn the_newest_few_stand_for_a_list() {
    let server = Server::start(&[]).await;
    let client = &server.client;
    let mut media = Vec::new();
    for seed in 1..=5 {
        server.clock.advance(std::time::Duration::from_secs(1));
        media.push(shelve(client, "a.png", &photo(400, 300, seed)).await.1);
    }
    let (_, failed) = shelve(client, "b.png", &noise(99)).await;
    let all: Vec<&Value> = media.iter().chain([&failed]).map(|media| &media["id"]).collect();
    let id = make(client, "a").await["id"].to_string();
    let shown = client.post_json(&format!("{LISTS}/{id}/media"), &json!({ "mediaIds": all })).await.ok();
    assert_eq!((&shown["hasMedia"], shown["medias"].as_array().unwrap().len()), (&json!(true), 4));
    assert_eq!(shown["medias"][0], json!({ "type": "photo" }), "what failed has no picture");
    for cover in &shown["medias"].as_array().unwrap()[1..] {
        let thumb = Answer::to(client.bare(Method::GET, cover["url"].as_str().unwrap())).await;
        assert_eq!((thumb.status, thumb.header("content-type")), (200, "image/jpeg"));
    }
    let page = client.get(LISTS).await.ok();
    assert_eq!(page["list"][0], shown);
    assert_eq!((&page["all"]["photosCount"], &page["all"]["videosCount"]), (&json!(6), &json!(0)));
    assert_eq!(page["all"]["medias"], shown["medias"]);

    let cleared = patch(client, &id, &json!({ "name": "b", "clearMedia": true })).await.ok();
    assert_eq!((&cleared["hasMedia"], &cleared["name"], &cleared["medias"]), (&json!(false), &json!("b"), &json!([])));
    assert_eq!(ids(&client.get(MEDIA).await).len(), 6, "media stay in the vault");
}

#[tokio::test]
async fn what_is_wrong_with_a_list_is_named() {
    let server = Server::start(&[]).await;
    let client = &server.client;
    make(client, "a").await;
    let long = "é".repeat(101);
    for (body, expected) in [
        (json!({}), "name: missing, but required".to_owned()),
        (json!({ "name": null }), "name: `null` is not a string".to_owned()),
        (json!({ "name": 7 }), "name: `7` is not a string".to_owned()),
        (json!({ "name": "" }), "name: `` is not a text of 1 to 100 characters".to_owned()),
        (json!({ "name": long }), format!("name: `{}` is not a text of 1 to 100", "é".repeat(80))),
    ] {
        let refusal = problem(&client.post_json(LISTS, &body).await, 400, "BAD_REQUEST");
        assert!(message(&refusal).starts_with(&expected), "{body}: {refusal}");
    }
    make(client, &"é".repeat(100)).await;
    problem(&patch(client, "1", &json!({ "name": "" })).await, 400, "BAD_REQUEST");
    problem(&patch(client, "1", &json!({ "clearMedia": "yes" })).await, 400, "BAD_REQUEST");
    assert_eq!(patch(client, "1", &json!({})).await.ok()["name"], "a");
    for (query, named) in [("limit=0", "limit"), ("limit=101", "limit"), ("offset=-1", "offset")] {
        let refusal = problem(&client.get(&format!("{LISTS}?{query}")).await, 400, "BAD_REQUEST");
        assert_eq!(refusal["details"]["field"], named);
    }
    // The last is what one client sends.
    for unknown in ["77", "0", "-1", "x", "1.5", ":listId"] {
        let path = format!("{LISTS}/{unknown}");
        let body = json!({ "name": "b", "mediaIds": [1] });
        problem(&patch(client, unknown, &body).await, 404, "RESOURCE_NOT_FOUND");
        problem(&client.delete(&path).await, 404, "RESOURCE_NOT_FOUND");
        problem(&client.get(&format!("{path}/media")).await, 404, "RESOURCE_NOT_FOUND");
        problem(&client.post_json(&format!("{path}/media"), &body).await, 404, "RESOURCE_NOT_FOUND");
        let remove = client.request(Method::DELETE, &format!("{path}/media")).json(&body);
        problem(&Answer::to(remove).await, 404, "RESOURCE_NOT_FOUND");
    }
}
