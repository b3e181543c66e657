//! The state table of docs/concepts/consent.md, row by row.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use strongroom_core::clock::{Clock as _, Timestamp};

use super::{FORMS, attach, decide, fetch, form, media, set_policy};
use crate::problem::problem;
use crate::shelf::{shelve, urls};
use crate::support::{Client, Server, photo};

const PAGE: &str = include_str!("../../../../docs/concepts/consent.md");

/// The cells of every row of the state table.
fn rows() -> Vec<Vec<&'static str>> {
    let table = PAGE.split("| policy |").nth(1).unwrap();
    let lines = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    lines.map(|line| line.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

/// A form in this state.
async fn in_state(client: &Client, state: &str, now: Timestamp) -> Value {
    let days = |days: u64| now.after(Duration::from_secs(days * 24 * 3600)).to_rfc3339();
    let fields = match state {
        "not yet valid" => json!({ "validFrom": days(10) }),
        "expiring" => json!({ "expiresAt": days(10) }),
        "expired" => json!({ "expiresAt": "2020-01-01" }),
        _ => json!({ "expiresAt": days(100) }),
    };
    let form = form(client, fields).await;
    if state != "pending" {
        decide(client, &form, "approve").await;
    }
    match state {
        "revoked" => drop(decide(client, &form, "revoke").await),
        "pending" | "not yet valid" | "active" | "expiring" | "expired" | "deleted" => {}
        other => panic!("the table says `{other}`"),
    }
    form
}

#[tokio::test]
async fn every_row_of_the_table_is_true() {
    let server = Server::start(&[]).await;
    let (client, rows) = (&server.client, rows());
    assert!(rows.len() >= 28, "the table was not understood: {rows:?}");
    for (index, row) in rows.iter().enumerate() {
        let [policy, states, consent, can_view, files, delivered, original] = row[..] else { panic!("{row:?}") };
        set_policy(client, "off").await;
        let (_, shelved) = shelve(client, "a.png", &photo(64, 48, u8::try_from(index).unwrap())).await;
        let handed_out = urls(&shelved);
        assert!(handed_out.len() >= 4, "{shelved}");
        let mut forms = Vec::new();
        for state in states.split(", ").filter(|state| *state != "none") {
            forms.push((state, in_state(client, state, server.clock.now()).await));
        }
        attach(client, &shelved, &forms.iter().map(|(_, form)| form).collect::<Vec<_>>()).await;
        for (_, form) in forms.iter().filter(|(state, _)| *state == "deleted") {
            client.delete(&format!("{FORMS}/{}", form["id"])).await.ok();
        }
        set_policy(client, policy).await;

        let shown = media(client, &shelved).await;
        assert_eq!(shown.get("consent").map_or("absent", |consent| consent.as_str().unwrap()), consent, "{row:?}");
        assert_eq!(shown["canView"].to_string(), can_view, "{row:?}");
        assert_eq!(if shown.get("files").is_some() { "yes" } else { "no" }, files, "{row:?}");
        let attached = forms.iter().filter(|(state, _)| *state != "deleted").count();
        assert_eq!(shown["releaseForms"].as_array().unwrap().len(), attached, "{row:?}");
        for url in &handed_out {
            check_url(&server, url, delivered, row).await;
        }
        let answer = client.get(&format!("/v2/access/vault/media/{}/original", shelved["id"])).await;
        assert_eq!(answer.status.to_string(), original, "{row:?}");
    }
}

/// Whichever way it is asked for: not even a 304 says that a copy is still good.
async fn check_url(server: &Server, url: &str, expected: &str, row: &[&str]) {
    let answer = fetch(server, Method::GET, url, &[]).await;
    assert_eq!(answer.status.to_string(), expected, "{row:?}");
    if expected == "200" {
        return;
    }
    problem(&answer, 403, "RELEASE_FORM_REQUIRED");
    for (method, field) in [
        (Method::HEAD, ("accept", "*/*")),
        (Method::GET, ("range", "bytes=0-9")),
        (Method::GET, ("if-none-match", "*")),
        (Method::HEAD, ("if-none-match", "*")),
        (Method::GET, ("if-modified-since", "Fri, 01 Jan 2100 00:00:00 GMT")),
    ] {
        assert_eq!(fetch(server, method, url, &[field]).await.status, 403, "{field:?} {row:?}");
    }
}
