//! The key: how it may be sent, and which ones are good.

use std::time::Duration;

use strongroom_core::clock::Clock as _;
use strongroom_core::connection::Environment;
use strongroom_core::id::{KeyId, OrganisationId};
use strongroom_core::key::ApiKey;
use strongroom_core::permission::{Grants, Scope};

use super::{ANYWHERE, get, key};
use crate::problem::{message, problem, seen};
use crate::support::Server;

#[tokio::test]
async fn a_key_comes_in_its_own_field_or_as_a_bearer_token() {
    let server = Server::start(&[]).await;
    let (key, connection) = (server.client.key.as_str(), server.client.connection.as_str());
    let bearer = |scheme: &str| format!("{scheme} {key}");
    for (name, value) in [
        ("apiKey", key.to_owned()),
        ("apikey", key.to_owned()),
        ("APIKEY", key.to_owned()),
        ("Authorization", bearer("Bearer")),
        ("authorization", bearer("bearer")),
        ("Authorization", bearer("Bearer ")),
    ] {
        // By hand, since a client library would send every name in lower case.
        let head =
            format!("GET {ANYWHERE} HTTP/1.1\r\nHost: x\r\n{name}: {value}\r\nX-Connection-ID: {connection}\r\n\r\n");
        let mut wire = server.connect().await;
        wire.send(head).await;
        assert_eq!(wire.answer().await.status, 200, "{name}: {value}");
    }
}

#[tokio::test]
async fn a_key_that_is_missing_mistyped_unknown_or_over_opens_nothing() {
    let server = Server::start(&[]).await;
    let connection = ("x-connection-id", server.client.connection.as_str());
    let good = server.client.key.as_str();
    let unknown = ApiKey::random(Environment::Live);
    let in_an_hour = server.clock.now().after(Duration::from_secs(3600));
    let expiring = key(&server, |key| key.expires_at = Some(in_an_hour)).await;
    let (id, organisation) = (KeyId::random(), OrganisationId::default_organisation());
    let revoked = key(&server, |key| key.id = id.clone()).await;
    assert!(server.catalog.revoke_key(organisation, id, server.clock.now()).await.unwrap());

    let typo = format!("{}{}", &good[..good.len() - 1], if good.ends_with('a') { 'b' } else { 'a' });
    let padded = format!("{good}0");
    let basic = format!("Basic {good}");
    for (field, said) in [
        (("x-nothing", ""), "is missing"),
        (("apiKey", ""), "does not hold a key"),
        (("apiKey", &typo), "does not hold a key"),
        (("apiKey", &padded), "does not hold a key"),
        (("apiKey", "sk_live_"), "does not hold a key"),
        (("apiKey", "' or 1=1 --"), "does not hold a key"),
        (("Authorization", &basic), "is missing"),
        (("Authorization", good), "is missing"),
        (("apiKey", unknown.reveal()), "unknown, expired or revoked"),
        (("apiKey", &revoked), "unknown, expired or revoked"),
    ] {
        let answer = get(&server, ANYWHERE, &[field, connection]).await;
        let body = problem(&answer, 401, "UNAUTHORIZED");
        assert!(message(&body).contains(said), "{field:?}: {body}");
        assert!(!answer.text().contains(good) && !answer.text().contains(unknown.reveal()), "a key is never repeated");
    }

    let expiring = ("apiKey", expiring.as_str());
    assert_eq!(get(&server, ANYWHERE, &[expiring, connection]).await.status, 200);
    server.clock.advance(Duration::from_secs(3599));
    assert_eq!(get(&server, ANYWHERE, &[expiring, connection]).await.status, 200);
    server.clock.advance(Duration::from_secs(1));
    let expired = get(&server, ANYWHERE, &[expiring, connection]).await;
    problem(&expired, 401, "UNAUTHORIZED");

    // Whether a key ever existed is not told.
    let never = get(&server, ANYWHERE, &[("apiKey", unknown.reveal()), connection]).await;
    let revoked = get(&server, ANYWHERE, &[("apiKey", &revoked), connection]).await;
    assert_eq!(seen(&expired, &[]), seen(&never, &[]));
    assert_eq!(seen(&revoked, &[]), seen(&never, &[]));
}

#[tokio::test]
async fn whoami_needs_the_scope_and_no_connection() {
    let server = Server::start(&[]).await;
    let answer = get(&server, "/v2/account/whoami", &[("apiKey", &server.client.key)]).await.ok();
    assert!(answer["id"].as_str().unwrap().starts_with("key_"));
    assert_eq!(answer["name"], "a test");
    assert_eq!(
        answer["permissions"],
        serde_json::json!(["vault:read", "vault:write", "profile:read", "profile:write"])
    );

    let scopeless = key(&server, |key| key.scopes = std::iter::empty::<Scope>().collect::<Grants<Scope>>()).await;
    let answer = get(&server, "/v2/account/whoami", &[("apiKey", &scopeless)]).await;
    let body = problem(&answer, 403, "FORBIDDEN");
    assert_eq!(message(&body), "this API key does not have the scope ACCOUNT");
    problem(&get(&server, "/v2/account/whoami", &[]).await, 401, "UNAUTHORIZED");
}
