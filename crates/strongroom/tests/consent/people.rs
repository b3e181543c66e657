//! People over the wire.

use serde_json::{Value, json};

use super::{PEOPLE, attach, form, media, patch};
use crate::problem::{message, problem};
use crate::shelf::shelve;
use crate::support::{Server, photo};

#[tokio::test]
async fn a_person_has_the_fields_of_the_contract() {
    let server = Server::start(&[]).await;
    let client = &server.client;
    let person =
        client.post_json(PEOPLE, &json!({ "name": "Ana Lima", "username": "analima", "isVerified": true })).await.ok();
    let id = person["id"].clone();
    assert_eq!((&person["type"], &person["name"]), (&json!("user"), &json!("Ana Lima")));
    let user = json!({ "id": id, "name": "Ana Lima", "username": "analima", "isVerified": true, "avatar": null, "isHidden": false });
    assert_eq!(person["user"], user);
    let path = format!("{PEOPLE}/{id}");
    assert_eq!(client.get(&format!("{path}.0")).await.ok(), person);
    assert_eq!(client.get(&format!("{PEOPLE}?search=LIMA&limit=1")).await.ok()["list"], json!([person]));

    // On a media, every field is there and none is null.
    let (_, shelved) = shelve(client, "a.png", &photo(8, 8, 1)).await;
    let hers = form(client, json!({ "userId": id })).await;
    attach(client, &shelved, &[&hers]).await;
    let shown = media(client, &shelved).await["releaseForms"][0].clone();
    let user = json!({
        "view": "s", "id": id, "name": "Ana Lima", "username": "analima", "isVerified": true, "avatar": "",
        "avatarThumbs": { "c50": "", "c144": "" }, "ivStatus": "", "isFromGuest": false,
    });
    let expected =
        json!({ "id": hers["id"], "name": "A form", "partnerSource": "strongroom", "type": "model", "user": user });
    assert_eq!(shown, expected);

    let changed =
        patch(client, &path, &json!({ "ivStatus": "passed", "isFromGuest": true, "isVerified": false })).await.ok();
    assert_eq!((&changed["ivStatus"], &changed["isFromGuest"]), (&json!("passed"), &json!(true)));
    assert_eq!(media(client, &shelved).await["releaseForms"][0]["user"]["ivStatus"], "passed");
    client.delete(&path).await.ok();
    problem(&client.get(&path).await, 404, "RESOURCE_NOT_FOUND");
    assert_eq!(client.get(PEOPLE).await.ok(), json!({ "list": [], "hasMore": false }));
    assert_eq!(
        media(client, &shelved).await["releaseForms"][0]["user"]["name"],
        "Ana Lima",
        "it goes on saying whose it is"
    );
}

#[tokio::test]
async fn what_cannot_be_is_named() {
    let server = Server::start(&[]).await;
    let client = &server.client;
    for (new, expected) in [
        (json!({}), "name: missing, but required"),
        (json!({ "name": "" }), "name: `` is not a text of 1 to 200 characters"),
        (json!({ "name": "a", "username": "" }), "username: `` is not"),
        (json!({ "name": "a", "isVerified": "yes" }), "isVerified: `\"yes\"` is not a boolean"),
    ] {
        let refusal: Value = problem(&client.post_json(PEOPLE, &new).await, 400, "BAD_REQUEST");
        assert!(message(&refusal).starts_with(expected), "{}", message(&refusal));
    }
    problem(&patch(client, &format!("{PEOPLE}/987654"), &json!({})).await, 404, "RESOURCE_NOT_FOUND");
    problem(&client.delete(&format!("{PEOPLE}/987654")).await, 404, "RESOURCE_NOT_FOUND");
}
