//! Links that were handed out a moment ago.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{FORMS, attach, decide, fetch, form, media, patch, post, set_policy};
use crate::problem::{message, problem};
use crate::shelf::{shelve, urls};
use crate::support::{Server, eventually, photo};

/// A server under `require`, a media, and the form that opens it.
async fn opened(settings: &[(&str, &str)]) -> (Server, Value, Value) {
    let server = Server::start(settings).await;
    let client = &server.client;
    set_policy(client, "require").await;
    let (_, shelved) = shelve(client, "a.png", &photo(64, 48, 1)).await;
    assert_eq!((&shelved["canView"], urls(&shelved)), (&json!(false), vec![]), "nothing is shown before consent");
    let form = form(client, json!({})).await;
    attach(client, &shelved, &[&form]).await;
    decide(client, &form, "approve").await;
    let shown = media(&server.client, &shelved).await;
    (server, shown, form)
}

#[tokio::test]
async fn a_revoked_forms_links_die_at_once_and_for_ever() {
    let (server, shown, form) = opened(&[]).await;
    let client = &server.client;
    let old = urls(&shown);
    let fresh = fetch(&server, Method::GET, &old[0], &[]).await;
    assert_eq!((fresh.status, fresh.header("cache-control")), (200, "private, max-age=0, must-revalidate"));
    let etag = fresh.header("etag").to_owned();
    let lists = "/v2/access/vault/lists";
    let list = client.post_json(lists, &json!({ "name": "a" })).await.ok()["id"].clone();
    let on_list = json!({ "mediaIds": [shown["id"]] });
    client.post_json(&format!("{lists}/{list}/media"), &on_list).await.ok();

    let moment = Instant::now();
    assert_eq!(decide(client, &form, "revoke").await["status"], "revoked");
    for url in &old {
        let refusal =
            problem(&fetch(&server, Method::GET, url, &[("if-none-match", &etag)]).await, 403, "RELEASE_FORM_REQUIRED");
        assert!(message(&refusal).starts_with("a release form for this media was revoked"), "{refusal}");
    }
    assert!(moment.elapsed() < Duration::from_secs(1), "{:?}", moment.elapsed());
    problem(
        &client.get(&format!("/v2/access/vault/media/{}/original", shown["id"])).await,
        403,
        "RELEASE_FORM_REQUIRED",
    );
    let item = format!("/v2/vault-plus/{}", shown["id"]);
    let everywhere = ["/v2/access/vault/media", lists, &format!("{lists}/{list}/media"), &item, "/v2/vault-plus/list"];
    for path in everywhere {
        assert_eq!(urls(&client.get(path).await.ok()), Vec::<String>::new(), "{path}");
    }

    assert_eq!(decide(client, &form, "approve").await["status"], "active");
    let again = media(client, &shown).await;
    assert_eq!(again["canView"], true);
    for url in urls(&again) {
        assert_eq!(fetch(&server, Method::GET, &url, &[]).await.status, 200);
    }
    for url in &old {
        problem(&fetch(&server, Method::GET, url, &[]).await, 403, "URL_EXPIRED");
    }
    for path in everywhere {
        assert!(!urls(&client.get(path).await.ok()).is_empty(), "{path}");
    }
}

#[tokio::test]
async fn a_form_that_expires_closes_without_any_sweep() {
    let (server, shown, form) = opened(&[]).await;
    let client = &server.client;
    let path = format!("{FORMS}/{}", form["id"]);
    let end = shown["createdAt"].as_str().unwrap();
    let end = end.parse::<strongroom_core::clock::Timestamp>().unwrap().after(Duration::from_secs(3600));
    let changed = patch(client, &path, &json!({ "expiresAt": end.to_rfc3339() })).await.ok();
    assert_eq!(changed["status"], "expiring");
    let url = &urls(&shown)[0];
    assert_eq!(fetch(&server, Method::GET, url, &[]).await.status, 200, "it stayed open, and so did its links");
    server.clock.advance(Duration::from_secs(3601));
    let refusal = problem(&fetch(&server, Method::GET, url, &[]).await, 403, "RELEASE_FORM_REQUIRED");
    assert!(message(&refusal).starts_with("a release form for this media has expired"), "{refusal}");
    assert_eq!(media(client, &shown).await["consent"], "expired");
    // Given more time it opens again, but not for links from before.
    patch(client, &path, &json!({ "expiresAt": null })).await.ok();
    problem(&fetch(&server, Method::GET, url, &[]).await, 403, "URL_EXPIRED");
    let again = urls(&media(client, &shown).await)[0].clone();
    assert_eq!(fetch(&server, Method::GET, &again, &[]).await.status, 200);
}

#[tokio::test]
async fn the_sweep_tells_of_an_end_in_the_systems_name() {
    let (server, shown, form) = opened(&[("STRONGROOM_SWEEP__INTERVAL_SECONDS", "0.05")]).await;
    let client = &server.client;
    let path = format!("{FORMS}/{}", form["id"]);
    patch(client, &path, &json!({ "expiresAt": shown["createdAt"] })).await.ok();
    let last = eventually(async || {
        let log = client.get(&format!("{path}/audit")).await.ok();
        log["list"].as_array().unwrap().iter().find(|row| row["action"] == "expired").cloned()
    })
    .await;
    assert_eq!((&last["actor"], &last["releaseFormId"]), (&json!("system"), &form["id"]));
}

/// A form that is taken off, deleted, or was never meant for these media.
#[tokio::test]
async fn what_is_taken_off_counts_no_longer() {
    let (server, shown, form) = opened(&[]).await;
    let client = &server.client;
    let open = async || {
        fetch(&server, Method::GET, &urls(&media(client, &shown).await).pop().unwrap_or_else(|| "/".to_owned()), &[])
            .await
            .status
            == 200
    };
    assert!(open().await);
    let consent = attach(client, &shown, &[]).await;
    assert_eq!(consent, json!({ "mediaId": shown["id"], "canView": false, "consent": "missing", "releaseForms": [] }));
    assert!(!open().await);
    assert_eq!(attach(client, &shown, &[&form]).await["canView"], true);
    assert!(open().await);
    client.delete(&format!("{FORMS}/{}", form["id"])).await.ok();
    assert!(!open().await);
    problem(&post(client, &format!("{FORMS}/{}/approve", form["id"])).await, 404, "RESOURCE_NOT_FOUND");
}

#[tokio::test]
async fn many_media_get_their_forms_in_one_call_or_none_does() {
    let server = Server::start(&[]).await;
    let client = &server.client;
    let (upload, first) = shelve(client, "a.png", &photo(8, 8, 1)).await;
    let (_, second) = shelve(client, "b.png", &photo(8, 8, 2)).await;
    let (a, b) = (form(client, json!({})).await, form(client, json!({ "name": "B" })).await);
    let path = "/v2/access/vault/media/release-forms";
    for (media, forms, named) in [
        (json!([first["id"], 999_999]), json!([a["id"]]), "there is no media 999999"),
        (json!([first["id"]]), json!([a["id"], 999_999]), "there is no release form 999999"),
    ] {
        let answer = client.post_json(path, &json!({ "mediaIds": media, "releaseFormIds": forms })).await;
        assert_eq!(message(&problem(&answer, 404, "RESOURCE_NOT_FOUND")), named);
        assert_eq!(self::media(client, &first).await["releaseForms"], json!([]));
    }
    let spelled = json!({
        "mediaIds": [upload, second["id"].as_f64(), first["id"]],
        "releaseFormIds": [a["id"].to_string(), b["id"]],
    });
    let list = client.post_json(path, &spelled).await.ok()["list"].clone();
    let ids: Vec<&Value> = list.as_array().unwrap().iter().map(|consent| &consent["mediaId"]).collect();
    assert_eq!(ids, [&first["id"], &second["id"]], "each once, however it is named");
    for media in [&first, &second] {
        let names: Vec<Value> = self::media(client, media).await["releaseForms"]
            .as_array()
            .unwrap()
            .iter()
            .map(|f| f["name"].clone())
            .collect();
        assert_eq!(names, ["A form", "B"]);
    }
}
