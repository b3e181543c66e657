//! Every answer has a request id, the client's own where it sent a good one.

use reqwest::Method;

use crate::support::{Answer, Server};

#[tokio::test]
async fn a_good_id_is_taken_over() {
    let server = Server::start(&[]).await;
    let with = async |id: &str| {
        let request = server.client.request(Method::GET, "/v2/access/vault/media/7").header("X-Request-Id", id);
        let answer = Answer::to(request).await;
        assert_eq!(answer.json()["requestId"], answer.header("x-request-id"));
        answer.header("x-request-id").to_owned()
    };
    assert_eq!(with("9f8a-B_1.x").await, "9f8a-B_1.x");
    for bad in ["a b", "a\"},{\"b", &"a".repeat(65), ""] {
        assert!(with(bad).await.starts_with("req_"), "{bad}");
    }
    let (first, second) = (server.client.get("/health/live").await, server.client.get("/health/live").await);
    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
}
