//! Pages of other origins: which may read what is delivered, and which may upload.

use reqwest::Method;
use serde_json::{Value, json};

use crate::problem::problem;
use crate::shelf::{init, shelve};
use crate::support::{Answer, Client, Server, photo};

const STUDIO: &str = "https://studio.example";

async fn list(client: &Client, origins: &Value) {
    let path = format!("/v2/account/connections/{}/settings", client.connection);
    let request = client.request(Method::PATCH, &path).json(&json!({ "corsOrigins": origins }));
    Answer::to(request).await.ok();
}

async fn fetch(client: &Client, url: &str, origin: &str) -> Answer {
    let answer = Answer::to(client.bare(Method::GET, url).header("Origin", origin)).await;
    assert_eq!(answer.status, 200);
    answer
}

#[tokio::test]
async fn listed_pages_may_read_what_is_delivered() {
    let server = Server::start(&[]).await;
    let client = &server.client;
    let (_, media) = shelve(client, "a.png", &photo(32, 32, 1)).await;
    let url = media["files"]["thumb"]["url"].as_str().unwrap();
    let told = |answer: &Answer| {
        let field = |name| answer.header(name).to_owned();
        (field("access-control-allow-origin"), field("vary"))
    };
    let nothing = (String::new(), String::new());
    assert_eq!(told(&fetch(client, url, STUDIO).await), nothing);

    list(client, &json!([STUDIO, "http://localhost:5173"])).await;
    let answer = fetch(client, url, STUDIO).await;
    assert_eq!(told(&answer), (STUDIO.to_owned(), "Origin".to_owned()));
    assert!(answer.header("access-control-expose-headers").contains("Content-Range"));
    assert_eq!(answer.header("access-control-allow-credentials"), "");
    for other in ["https://evil.example", "https://studio.example.evil.example", "http://studio.example", "null"] {
        assert_eq!(told(&fetch(client, url, other).await), (String::new(), "Origin".to_owned()), "{other}");
    }
    let without = Answer::to(client.bare(Method::GET, url)).await;
    assert_eq!(told(&without), (String::new(), "Origin".to_owned()), "a cached copy must not be shown to a page");

    list(client, &json!(["*"])).await;
    assert_eq!(told(&fetch(client, url, "https://any.example").await).0, "*");
    list(client, &json!([])).await;
    assert_eq!(told(&fetch(client, url, STUDIO).await), nothing);

    // A preflight says which questions are fine, not to whom they are answered.
    let asked = client.bare(Method::OPTIONS, url).header("Origin", STUDIO);
    let preflight = Answer::to(asked.header("Access-Control-Request-Method", "GET")).await;
    assert_eq!((preflight.status, told(&preflight).0.as_str()), (200, "*"));
    assert!(preflight.header("access-control-allow-headers").contains("Range"));
}

#[tokio::test]
async fn listed_pages_may_upload_and_do_nothing_else() {
    let server = Server::start(&[("STRONGROOM_SERVER__CORS_ORIGINS", STUDIO)]).await;
    let client = &server.client;
    let preflight = async |path: &str, origin: &str| {
        let asked = client.bare(Method::OPTIONS, path).header("Origin", origin);
        Answer::to(asked.header("Access-Control-Request-Method", "POST")).await
    };
    let path = "/v2/access/uploads/init";
    let answer = preflight(path, STUDIO).await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, STUDIO));
    for field in ["apiKey", "x-connection-id", "Content-Type", "Content-Digest"] {
        assert!(answer.header("access-control-allow-headers").contains(field), "{field}");
    }
    assert!(answer.header("access-control-allow-methods").contains("PUT"));
    for (path, origin) in
        [(path, "https://evil.example"), ("/v2/access/vault/media", STUDIO), ("/v2/account/keys", STUDIO)]
    {
        let refused = preflight(path, origin).await;
        problem(&refused, 405, "METHOD_NOT_ALLOWED");
        assert_eq!(refused.header("access-control-allow-origin"), "");
    }

    let id = init(client, "a.bin", 4).await;
    let send = async |origin: &str, bytes: &[u8]| {
        let request = client.request(Method::PUT, &format!("/v2/access/uploads/{id}")).header("Origin", origin);
        Answer::to(request.body(bytes.to_vec())).await
    };
    // Refusals can be read, too.
    let refused = send(STUDIO, b"longer").await;
    assert_eq!((refused.status, refused.header("access-control-allow-origin")), (400, STUDIO));
    let taken = send(STUDIO, b"four").await;
    assert_eq!((taken.status, taken.header("access-control-allow-origin")), (200, STUDIO));
    assert!(taken.header("access-control-expose-headers").contains("ETag"));
    assert_eq!(send("https://evil.example", b"four").await.header("access-control-allow-origin"), "");
}

/// Without a list, nothing is told to any page.
#[tokio::test]
async fn the_api_is_not_for_browsers() {
    let server = Server::start(&[]).await;
    let client = &server.client;
    for path in ["/v2/access/uploads", "/v2/access/vault/media", "/v2/account/whoami"] {
        let answer = Answer::to(client.request(Method::GET, path).header("Origin", STUDIO)).await;
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, ""));
    }
}
