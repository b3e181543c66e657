//! `/v2/access/vault/lists/{id}/media`: what is on a list.

use reqwest::Method;
use serde_json::{Value, json};

use crate::problem::{message, problem, seen};
use crate::shelf::{ids, shelve};
use crate::support::{Answer, Client, Server, photo};

const MEDIA: &str = "/v2/access/vault/media";

/// A new list of `client`'s. Answers the path of its media.
async fn list(client: &Client, name: &str) -> String {
    let made = client.post_json("/v2/access/vault/lists", &json!({ "name": name })).await.ok();
    format!("/v2/access/vault/lists/{}/media", made["id"])
}

async fn remove(client: &Client, list: &str, media: &Value) -> Answer {
    Answer::to(client.request(Method::DELETE, list).json(&json!({ "mediaIds": media }))).await
}

async fn add(client: &Client, list: &str, media: &Value) -> Answer {
    client.post_json(list, &json!({ "mediaIds": media })).await
}

#[tokio::test]
async fn media_are_put_on_a_list_by_every_name_and_taken_off() {
    let server = Server::start(&[]).await;
    let client = &server.client;
    let mut media = Vec::new();
    for seed in 1..=4 {
        server.clock.advance(std::time::Duration::from_secs(1));
        let (upload, shown) = shelve(client, "a.png", &photo(8, 8, seed)).await;
        media.push((upload, shown["id"].as_i64().unwrap()));
    }
    let (a, b) = (list(client, "a").await, list(client, "b").await);
    #[allow(clippy::cast_precision_loss, reason = "ids are far below 2^53")]
    let float = media[1].1 as f64;
    let every_name = json!([media[0].1, float, media[2].0, media[3].1.to_string(), media[0].1, media[0].0]);
    assert_eq!(add(client, &a, &every_name).await.ok()["hasMedia"], true);
    add(client, &b, &json!([media[0].1])).await.ok();
    let all = [3, 2, 1, 0].map(|index: usize| media[index].1);
    assert_eq!(ids(&client.get(&a).await), all);
    assert_eq!(ids(&client.get(&format!("{MEDIA}?listId=1")).await), all);
    assert_eq!(ids(&client.get(&format!("{MEDIA}?listId=2.0")).await), [media[0].1]);
    let lists = client.get(&format!("{MEDIA}/{}", media[0].1)).await.ok()["lists"].clone();
    let expected = json!([{ "id": 1, "type": "custom", "name": "a" }, { "id": 2, "type": "custom", "name": "b" }]);
    assert_eq!(lists, expected);

    let first = client.get(&format!("{a}?limit=3&sort=oldest&type=photo&query=png&status=ready")).await;
    assert_eq!(ids(&first), [0, 1, 2].map(|index: usize| media[index].1));
    let cursor = first.ok()["nextCursor"].as_str().unwrap().to_owned();
    let rest = client.get(&format!("{a}?limit=3&sort=oldest&type=photo&query=png&status=ready&cursor={cursor}")).await;
    assert_eq!(ids(&rest), [media[3].1]);

    client.delete(&format!("{MEDIA}/{}", media[3].1)).await.ok();
    assert_eq!(ids(&client.get(&a).await), all[1..], "what is in the trash is on no list");
    client.post_json(&format!("{MEDIA}/{}/restore", media[3].1), &json!({})).await.ok();
    assert_eq!(ids(&client.get(&a).await), all, "and comes back to it");

    let shown = remove(client, &a, &json!([media[2].0, media[3].1])).await.ok();
    assert_eq!(shown["medias"].as_array().unwrap().len(), 2);
    remove(client, &b, &json!([media[1].1])).await.ok();
    assert_eq!(ids(&client.get(&a).await), all[2..]);
    assert_eq!(ids(&client.get(&b).await), [media[0].1]);
    assert_eq!(ids(&client.get(MEDIA).await), all, "media stay in the vault");
}

#[tokio::test]
async fn an_unknown_media_is_named_and_none_is_added() {
    let server = Server::start(&[]).await;
    let (client, stranger) = (&server.client, server.new_client().await);
    let (_, mine) = shelve(client, "a.png", &photo(8, 8, 1)).await;
    let (upload, theirs) = shelve(&stranger, "a.png", &photo(8, 8, 1)).await;
    let a = list(client, "a").await;
    let answers = [
        (add(client, &a, &json!([mine["id"], theirs["id"]])).await, theirs["id"].to_string()),
        (add(client, &a, &json!([mine["id"], 987_654_321])).await, "987654321".to_owned()),
    ];
    for (answer, value) in &answers {
        let refusal = problem(answer, 404, "RESOURCE_NOT_FOUND");
        assert_eq!(message(&refusal), format!("there is no media {value}"));
        assert_eq!(refusal["details"], json!({ "field": "mediaIds[1]", "value": value }));
    }
    assert_eq!(seen(&answers[0].0, &[&answers[0].1]), seen(&answers[1].0, &[&answers[1].1]));
    problem(&add(client, &a, &json!([upload])).await, 404, "RESOURCE_NOT_FOUND");
    problem(&remove(client, &a, &json!([mine["id"], theirs["id"]])).await, 404, "RESOURCE_NOT_FOUND");
    assert_eq!(ids(&client.get(&a).await), Vec::<i64>::new());

    // The same number, and another's list.
    let foreign = list(&stranger, "b").await;
    assert_eq!(foreign, a);
    add(&stranger, &foreign, &json!([theirs["id"]])).await.ok();
    assert_eq!(ids(&client.get(&a).await), Vec::<i64>::new());
    assert_eq!(ids(&stranger.get(&foreign).await), [theirs["id"].as_i64().unwrap()]);
}

#[tokio::test]
async fn ids_that_are_none_are_named() {
    let server = Server::start(&[]).await;
    let client = &server.client;
    let a = list(client, "a").await;
    let many: Vec<i64> = (1..=101).collect();
    for (media, expected) in [
        (json!([]), "mediaIds: `an empty list` is not a list of 1 to 100 ids"),
        (json!(many), "mediaIds: `101 ids` is not a list of at most 100 ids"),
        (json!([1, "x"]), "mediaIds[1]: `\"x\"` is not a media id, or upload:<uuid>"),
        (json!([null]), "mediaIds[0]: `null` is not"),
        (json!([1.5]), "mediaIds[0]: `1.5` is not"),
        (json!([0]), "mediaIds[0]: `0` is not"),
        (json!([[1]]), "mediaIds[0]: `[1]` is not"),
        (json!(7), "mediaIds: `7` is not a list"),
        (json!(null), "mediaIds: `null` is not a list"),
    ] {
        for answer in [add(client, &a, &media).await, remove(client, &a, &media).await] {
            let refusal = problem(&answer, 400, "BAD_REQUEST");
            assert!(message(&refusal).starts_with(expected), "{media}: {refusal}");
        }
    }
    problem(&client.post_json(&a, &json!({})).await, 400, "BAD_REQUEST");
}
