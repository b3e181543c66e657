//! Release forms over the wire.

use serde_json::{Value, json};

use super::{FORMS, PEOPLE, decide, form, patch, post};
use crate::problem::{message, problem};
use crate::support::{Answer, Server};

#[tokio::test]
async fn a_form_has_the_fields_of_the_contract() {
    let server = Server::start(&[]).await;
    let client = &server.client;
    let person = client.post_json(PEOPLE, &json!({ "name": "Ana Lima" })).await.ok();
    let plain = form(client, json!({})).await;
    let mut keys: Vec<&String> = plain.as_object().unwrap().keys().collect();
    keys.sort();
    assert_eq!(
        keys,
        [
            "approvedAt",
            "code",
            "createdAt",
            "hasUser",
            "id",
            "isHidden",
            "lastChangedAt",
            "name",
            "partnerId",
            "partnerSource",
            "status",
            "type",
            "userName"
        ]
    );
    for (field, value) in [
        ("status", json!("pending")),
        ("approvedAt", Value::Null),
        ("partnerId", Value::Null),
        ("code", Value::Null),
        ("userName", Value::Null),
        ("hasUser", json!(false)),
        ("isHidden", json!(false)),
    ] {
        assert_eq!(plain[field], value, "{field}");
    }
    let full = json!({
        "userId": person["id"].as_f64(), "validFrom": "2026-01-01", "expiresAt": "2999-01-01T12:00:00+01:00", "usage": "prints",
        "partnerId": 7, "partnerSource": "studio", "code": "SR-1", "isHidden": true,
    });
    let full = form(client, full).await;
    for (field, value) in [
        ("userId", person["id"].clone()),
        ("userName", json!("Ana Lima")),
        ("hasUser", json!(true)),
        ("validFrom", json!("2026-01-01T00:00:00.000Z")),
        ("expiresAt", json!("2999-01-01T11:00:00.000Z")),
        ("usage", json!("prints")),
        ("partnerId", json!(7)),
        ("partnerSource", json!("studio")),
        ("code", json!("SR-1")),
        ("isHidden", json!(true)),
    ] {
        assert_eq!(full[field], value, "{field}");
    }
    for spelled in [full["id"].to_string(), format!("{}.0", full["id"])] {
        assert_eq!(client.get(&format!("{FORMS}/{spelled}")).await.ok(), full, "{spelled}");
    }
    let list = client.get(FORMS).await.ok();
    assert_eq!(list, json!({ "list": [full, plain], "hasMore": false }), "newest first");
}

#[tokio::test]
async fn a_patch_changes_what_it_names_and_null_takes_away() {
    let server = Server::start(&[]).await;
    let client = &server.client;
    let form = form(client, json!({ "usage": "prints", "code": "X", "expiresAt": "2999-01-01" })).await;
    let path = format!("{FORMS}/{}", form["id"]);
    let changed = patch(client, &path, &json!({ "usage": null, "name": " B ", "nothing": 1 })).await.ok();
    assert_eq!((changed.get("usage"), &changed["name"], &changed["code"]), (None, &json!("B"), &json!("X")));
    assert_eq!(changed["expiresAt"], form["expiresAt"]);
    let changed = patch(client, &path, &json!({ "expiresAt": null, "code": null })).await.ok();
    assert_eq!((changed.get("expiresAt"), &changed["code"]), (None, &Value::Null));
}

#[tokio::test]
async fn what_cannot_be_is_named() {
    let server = Server::start(&[]).await;
    let client = &server.client;
    let path = format!("{FORMS}/{}", form(client, json!({})).await["id"]);
    let long = "x".repeat(201);
    for (field, value, expected) in [
        ("name", json!(""), "name: `` is not a text of 1 to 200 characters"),
        ("name", json!("  "), "name: `` is not a text of 1 to 200 characters"),
        ("name", json!(long), "name: `xxxx"),
        ("name", json!(7), "name: `7` is not a string"),
        ("validFrom", json!("soon"), "validFrom: `soon` is not a time (RFC 3339"),
        ("expiresAt", json!("2026-02-30"), "expiresAt: `2026-02-30` is not a time"),
        ("userId", json!("x"), "userId: `\"x\"` is not the id of a tagged friend user"),
        ("partnerId", json!("x"), "partnerId: `\"x\"` is not i64"),
    ] {
        let mut new = json!({ "name": "A form", "type": "model" });
        new[field] = value.clone();
        for answer in [client.post_json(FORMS, &new).await, patch(client, &path, &json!({ field: value })).await] {
            let refusal = problem(&answer, 400, "BAD_REQUEST");
            assert!(message(&refusal).starts_with(expected), "{}", message(&refusal));
        }
    }
    let never = json!({ "name": "a", "type": "b", "validFrom": "2026-01-02", "expiresAt": "2026-01-01" });
    assert_eq!(
        message(&problem(&client.post_json(FORMS, &never).await, 400, "BAD_REQUEST")),
        "expiresAt: must be later than validFrom"
    );
    let nobodys = json!({ "name": "a", "type": "b", "userId": 987_654 });
    assert_eq!(
        message(&problem(&client.post_json(FORMS, &nobodys).await, 404, "RESOURCE_NOT_FOUND")),
        "there is no tagged friend user 987654"
    );
    problem(&client.post_json(FORMS, &json!({ "type": "b" })).await, 400, "BAD_REQUEST");
    for path in ["0", "x", "1.5", "-1", "987654"] {
        problem(&client.get(&format!("{FORMS}/{path}")).await, 404, "RESOURCE_NOT_FOUND");
    }
}

#[tokio::test]
async fn lists_are_paged_filtered_and_searched() {
    let server = Server::start(&[]).await;
    let client = &server.client;
    for number in 0..23 {
        let made = form(client, json!({ "name": format!("Form {number:02}") })).await;
        if number % 2 == 0 {
            decide(client, &made, "approve").await;
        }
    }
    let get = async |query: &str| client.get(&format!("{FORMS}?{query}")).await;
    let names = |answer: &Answer| -> Vec<String> {
        answer.ok()["list"].as_array().unwrap().iter().map(|form| form["name"].as_str().unwrap().to_owned()).collect()
    };
    let first = get("").await;
    assert_eq!((names(&first).len(), &first.ok()["hasMore"]), (10, &json!(true)));
    assert_eq!(
        names(&get("limit=20&offset=20&sortBy=date&sortDirection=asc").await),
        ["Form 20", "Form 21", "Form 22"]
    );
    assert_eq!(names(&get("limit=2&sortBy=name&filter=pending").await), ["Form 01", "Form 03"]);
    assert_eq!(names(&get("search=FORM%201&sortBy=name&limit=1&offset=9").await), ["Form 19"]);
    assert_eq!(get("offset=23").await.ok(), json!({ "list": [], "hasMore": false }));
    for wrong in [
        "limit=0",
        "limit=21",
        "filter=some",
        "sortBy=size",
        "sortDirection=up",
        &format!("search={}", "x".repeat(101)),
    ] {
        problem(&get(wrong).await, 400, "BAD_REQUEST");
    }
    problem(&post(client, &format!("{FORMS}/1/decline")).await, 404, "ROUTE_NOT_FOUND");
}
