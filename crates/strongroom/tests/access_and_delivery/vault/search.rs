//! Searching the vault: file names, and the people on release forms.

use serde_json::json;

use crate::shelf::{ids, shelve};
use crate::support::{Server, photo};

const LIST: &str = "/v2/access/vault/media";

#[tokio::test]
async fn media_are_found_by_name_and_by_people() {
    let server = Server::start(&[]).await;
    let client = &server.client;
    let mut made = Vec::new();
    for (seed, name) in [(1, "Été à la plage.png"), (2, "studio_100%.png")] {
        made.push(shelve(client, name, &photo(8, 8, seed)).await.1["id"].as_i64().unwrap());
    }
    let person = json!({ "name": "Ana Ärmel", "username": "ana_official" });
    let person = client.post_json("/v2/access/self/tagged-friend-users", &person).await.ok();
    let form = json!({ "name": "a form", "type": "model", "userId": person["id"] });
    let form = client.post_json("/v2/access/self/release-forms", &form).await.ok();
    let attach = json!({ "mediaIds": [made[1]], "releaseFormIds": [form["id"]] });
    client.post_json(&format!("{LIST}/release-forms"), &attach).await.ok();
    for (query, expected) in [
        ("PLAGE", vec![made[0]]),
        ("%C3%89T%C3%89", vec![made[0]]),
        ("0%25", vec![made[1]]),
        ("_", vec![made[1]]),
        ("%C3%A4rmel", vec![made[1]]),
        ("OFFICIAL", vec![made[1]]),
        ("png", vec![made[1], made[0]]),
        ("p", vec![made[1], made[0]]),
        ("nothing", vec![]),
        ("%22%20OR%20text%3A%22png", vec![]),
    ] {
        assert_eq!(ids(&client.get(&format!("{LIST}?query={query}")).await), expected, "{query}");
    }
    let both = client.get(&format!("{LIST}?query=png&sort=oldest&limit=1&type=photo&status=ready")).await;
    assert_eq!(ids(&both), [made[0]]);
    assert_eq!(both.ok()["hasMore"], true);
}
