//! Release forms, and how consent gates delivery.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../access_and_delivery/by_hand.rs"]
mod by_hand;
#[path = "../access_and_delivery/problem.rs"]
#[allow(dead_code, reason = "every test program uses a part of this")]
mod problem;
#[path = "../access_and_delivery/shelf.rs"]
#[allow(dead_code, reason = "every test program uses a part of this")]
mod shelf;
#[path = "../support/mod.rs"]
mod support;

mod avatars;
mod documents;
mod forms;
mod links;
mod log;
mod people;
mod table;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Client, Server};

const FORMS: &str = "/v2/access/self/release-forms";
const PEOPLE: &str = "/v2/access/self/tagged-friend-users";

/// Makes a form, with these fields beside what it needs. Answers it.
async fn form(client: &Client, fields: Value) -> Value {
    let mut new = json!({ "name": "A form", "type": "model" });
    new.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    client.post_json(FORMS, &new).await.ok()
}

/// POST without a body.
async fn post(client: &Client, path: &str) -> Answer {
    Answer::to(client.request(Method::POST, path)).await
}

async fn put(client: &Client, path: &str, body: &Value) -> Answer {
    Answer::to(client.request(Method::PUT, path).json(body)).await
}

async fn patch(client: &Client, path: &str, body: &Value) -> Answer {
    Answer::to(client.request(Method::PATCH, path).json(body)).await
}

/// `approve` or `revoke`.
async fn decide(client: &Client, form: &Value, what: &str) -> Value {
    post(client, &format!("{FORMS}/{}/{what}", form["id"])).await.ok()
}

/// Makes these the only forms of a media.
async fn attach(client: &Client, media: &Value, forms: &[&Value]) -> Value {
    let ids: Vec<&Value> = forms.iter().map(|form| &form["id"]).collect();
    let path = format!("/v2/access/vault/media/{}/release-forms", media["id"]);
    put(client, &path, &json!({ "releaseFormIds": ids })).await.ok()
}

async fn set_policy(client: &Client, policy: &str) {
    let path = format!("/v2/account/connections/{}/settings", client.connection);
    patch(client, &path, &json!({ "consentPolicy": policy })).await.ok();
}

async fn media(client: &Client, media: &Value) -> Value {
    client.get(&format!("/v2/access/vault/media/{}", media["id"])).await.ok()
}

/// GETs a URL as anyone would who has it.
async fn fetch(server: &Server, method: Method, url: &str, fields: &[(&str, &str)]) -> Answer {
    let request = server.client.bare(method, url);
    Answer::to(fields.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
}
