//! Rate limits, and the header fields that tell of them.

use std::time::Duration;

use serde_json::json;

use crate::problem::{message, problem};
use crate::shelf::shelve;
use crate::support::{Answer, Server, noise};

const VAULT: &str = "/v2/access/vault/media";

/// Limit, remaining, reset.
fn told(answer: &Answer) -> [&str; 3] {
    ["limit", "remaining", "reset"].map(|what| answer.header(&format!("x-ratelimit-{what}")))
}

#[tokio::test]
async fn a_burst_is_let_through_and_then_one_call_at_a_time() {
    // The test server has none of its own; these are the defaults.
    let server = Server::start(&[("STRONGROOM_LIMITS__REQUESTS_PER_MINUTE", "60")]).await;
    let (client, other) = (&server.client, server.new_client().await);
    let first = client.get(VAULT).await;
    assert_eq!((first.status, told(&first)), (200, ["90", "89", "1"]));
    for left in (0..89).rev() {
        assert_eq!(client.get(VAULT).await.header("x-ratelimit-remaining"), left.to_string());
    }
    let refused = client.get(VAULT).await;
    let body = problem(&refused, 429, "RATE_LIMIT_EXCEEDED");
    assert_eq!(message(&body), "this connection has made too many requests; try again in 1 s");
    assert_eq!((refused.header("retry-after"), told(&refused)), ("1", ["90", "0", "90"]));
    // A stored-media call is one of the same connection's.
    problem(&client.get("/v2/vault-plus/list").await, 429, "RATE_LIMIT_EXCEEDED");

    // Others have their own, and what is no call on a connection has none.
    assert_eq!(other.get(VAULT).await.status, 200);
    let whoami = client.get("/v2/account/whoami").await;
    assert_eq!((whoami.status, told(&whoami)), (200, ["", "", ""]));

    server.clock.advance(Duration::from_secs(1));
    assert_eq!(client.get(VAULT).await.status, 200);
    problem(&client.get(VAULT).await, 429, "RATE_LIMIT_EXCEEDED");
    server.clock.advance(Duration::from_secs(3600));
    assert_eq!(told(&client.get(VAULT).await), ["90", "89", "1"]);
}

#[tokio::test]
async fn uploads_are_not_counted_unless_that_is_wished() {
    let server =
        Server::start(&[("STRONGROOM_LIMITS__REQUESTS_PER_MINUTE", "1"), ("STRONGROOM_LIMITS__BURST", "1")]).await;
    let client = &server.client;
    for seed in 0..4 {
        let (_, media) = shelve(client, "a.bin", &noise(100 + seed)).await;
        // Whoever waits for a media looks at it again and again.
        let look = client.get(&format!("{VAULT}/{}", media["id"])).await;
        assert_eq!((look.status, told(&look)), (200, ["", "", ""]));
    }
    let uploads = client.get("/v2/access/uploads").await;
    assert_eq!((uploads.status, told(&uploads)), (200, ["", "", ""]));
    client.get(VAULT).await.ok();
    let refused = client.get(VAULT).await;
    problem(&refused, 429, "RATE_LIMIT_EXCEEDED");
    assert_eq!(refused.header("retry-after"), "60");

    let server = Server::start(&[("STRONGROOM_LIMITS__UPLOADS_PER_MINUTE", "2")]).await;
    let init = json!({ "filename": "a", "size": 1, "contentType": "image/png" });
    let ask = async || server.client.post_json("/v2/access/uploads/init", &init).await;
    assert_eq!(told(&ask().await), ["2", "1", "30"]);
    ask().await.ok();
    let refused = ask().await;
    problem(&refused, 429, "RATE_LIMIT_EXCEEDED");
    assert_eq!(refused.header("retry-after"), "30");
    server.client.get(VAULT).await.ok();
}

/// Who cannot say who they are costs nothing, and learns nothing from a limit.
#[tokio::test]
async fn only_callers_that_are_known_are_counted() {
    let settings = [("STRONGROOM_LIMITS__REQUESTS_PER_MINUTE", "1"), ("STRONGROOM_LIMITS__BURST", "1")];
    let server = Server::start(&settings).await;
    let client = &server.client;
    let mut stranger = client.clone();
    stranger.key.push('x');
    for _ in 0..5 {
        problem(&stranger.get(VAULT).await, 401, "UNAUTHORIZED");
    }
    assert_eq!(client.get(VAULT).await.status, 200);
}
