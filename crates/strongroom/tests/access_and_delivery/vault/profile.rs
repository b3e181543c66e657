//! `GET /v2/access/self`: the account behind a connection.

use serde_json::json;

use crate::shelf::shelve;
use crate::support::{Server, photo};

#[tokio::test]
async fn the_account_counts_its_own_media() {
    let server = Server::start(&[]).await;
    let (one, two) = (&server.client, server.new_client().await);
    for seed in [1, 1, 2] {
        shelve(one, "a.png", &photo(8, 8, seed)).await;
    }
    let (mine, theirs) = (one.get("/v2/access/self").await.ok(), two.get("/v2/access/self").await.ok());
    let expected = |id: &serde_json::Value, photos: u32| {
        json!({
            "id": id, "username": "ada", "name": "Ada", "isAuth": true, "isVerified": true, "avatar": "",
            "subscribersCount": 0, "postsCount": 0, "photosCount": photos, "videosCount": 0,
        })
    };
    assert_eq!(mine, expected(&mine["id"], 3));
    assert_eq!(theirs, expected(&theirs["id"], 0));
    assert!(mine["id"].is_i64() && mine["id"] != theirs["id"]);
    assert_eq!(one.get("/v2/access/self").await.ok()["id"], mine["id"], "the number is stable");
}
