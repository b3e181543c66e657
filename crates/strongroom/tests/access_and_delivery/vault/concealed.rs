//! Under `require`, what has no consent is named in lists and not shown.

use serde_json::json;

use crate::shelf::{shelve, urls};
use crate::support::{Server, photo};

#[tokio::test]
async fn a_cover_is_shown_only_with_consent() {
    let server = Server::start(&[]).await;
    let client = &server.client;
    let (_, media) = shelve(client, "a.png", &photo(400, 300, 1)).await;
    let lists = "/v2/access/vault/lists";
    let list = client.post_json(lists, &json!({ "name": "a" })).await.ok()["id"].clone();
    let on_list = json!({ "mediaIds": [media["id"]] });
    client.post_json(&format!("{lists}/{list}/media"), &on_list).await.ok();
    assert_eq!(urls(&client.get(lists).await.ok()).len(), 2, "of the list, and of the vault");

    let settings = json!({ "consentPolicy": "require" });
    let path = format!("/v2/account/connections/{}/settings", client.connection);
    crate::support::Answer::to(client.request(reqwest::Method::PATCH, &path).json(&settings)).await.ok();
    let page = client.get(lists).await.ok();
    assert_eq!(urls(&page), Vec::<String>::new());
    assert_eq!(page["list"][0]["medias"], json!([{ "type": "photo" }]));
    for path in [format!("{lists}/{list}/media"), "/v2/access/vault/media?query=png".to_owned()] {
        let page = client.get(&path).await.ok();
        assert_eq!((&page["list"][0]["canView"], page["list"][0].get("files")), (&json!(false), None));
    }
}
