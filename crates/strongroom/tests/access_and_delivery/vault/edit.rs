//! `PATCH /v2/access/vault/media/{id}`.

use reqwest::Method;
use serde_json::{Value, json};

use crate::problem::{message, problem};
use crate::shelf::{ids, shelve};
use crate::support::{Answer, Client, Server, photo};

const MEDIA: &str = "/v2/access/vault/media";

async fn patch(client: &Client, reference: &str, body: &Value) -> Answer {
    Answer::to(client.request(Method::PATCH, &format!("{MEDIA}/{reference}")).json(body)).await
}

#[tokio::test]
async fn what_is_named_changes_and_the_rest_stays() {
    let server = Server::start(&[]).await;
    let (upload, media) = shelve(&server.client, "a.png", &photo(8, 8, 1)).await;
    let id = media["id"].to_string();
    let changed = patch(&server.client, &upload, &json!({ "filename": "Ärger.png" })).await.ok();
    assert_eq!(
        (&changed["filename"], &changed["counters"]),
        (&json!("Ärger.png"), &json!({ "likesCount": 0, "tipsSumm": 0 }))
    );
    let counters = json!({ "counters": { "likesCount": 12.0, "tipsSumm": 3 }, "unknown": [] });
    let changed = patch(&server.client, &id, &counters).await.ok();
    assert_eq!(
        (&changed["filename"], &changed["counters"]),
        (&json!("Ärger.png"), &json!({ "likesCount": 12, "tipsSumm": 3 }))
    );
    for nothing in
        [json!({}), json!({ "filename": null, "counters": null }), json!({ "counters": { "likesCount": null } })]
    {
        assert_eq!(patch(&server.client, &id, &nothing).await.ok(), changed, "{nothing}");
    }
    let one = json!({ "counters": { "tipsSumm": 9_007_199_254_740_991_i64 } });
    let changed = patch(&server.client, &id, &one).await.ok();
    assert_eq!(changed["counters"], json!({ "likesCount": 12, "tipsSumm": 9_007_199_254_740_991_i64 }));
    assert_eq!(changed["files"], server.client.get(&format!("{MEDIA}/{id}")).await.ok()["files"], "URLs live on");

    let (_, newer) = shelve(&server.client, "b.png", &photo(8, 8, 2)).await;
    let by_tips = ids(&server.client.get(&format!("{MEDIA}?sort=highest_tips")).await);
    assert_eq!(by_tips, [media["id"].as_i64().unwrap(), newer["id"].as_i64().unwrap()]);
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let server = Server::start(&[]).await;
    let (_, media) = shelve(&server.client, "a.png", &photo(8, 8, 1)).await;
    let id = media["id"].to_string();
    for (body, expected) in [
        (json!({ "filename": "" }), "filename: `` is not a text of at least one character"),
        (json!({ "filename": 7 }), "filename: `7` is not a string"),
        (json!({ "counters": 7 }), "counters: `7` is not a JSON object"),
        (json!({ "counters": { "likesCount": -1 } }), "counters.likesCount: `-1` is not a whole number of at least 0"),
        (json!({ "counters": { "tipsSumm": 1.5 } }), "counters.tipsSumm: `1.5` is not a whole number"),
        (json!({ "counters": { "tipsSumm": 1e300 } }), "counters.tipsSumm: `1e+300` is not a whole number"),
        (json!({ "counters": { "tipsSumm": "3" } }), "counters.tipsSumm: `\"3\"` is not a number"),
    ] {
        let refusal = problem(&patch(&server.client, &id, &body).await, 400, "BAD_REQUEST");
        assert!(message(&refusal).starts_with(expected), "{body}: {refusal}");
    }
    for unknown in ["987654321", "x", "upload:0", ":mediaId"] {
        problem(&patch(&server.client, unknown, &json!({})).await, 404, "RESOURCE_NOT_FOUND");
    }
    assert_eq!(server.client.get(&format!("{MEDIA}/{id}")).await.ok()["filename"], "a.png");
}
