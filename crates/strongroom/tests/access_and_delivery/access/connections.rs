//! The connection: another's is an unknown one, and one that is over says so.

use strongroom_core::connection::{ConnectionStatus, Environment};
use strongroom_core::id::ConnectionId;
use strongroom_core::permission::Permission;

use super::{ANYWHERE, connect, foreigner, get, key};
use crate::problem::{message, problem, seen};
use crate::support::Server;

#[tokio::test]
async fn a_connection_that_is_not_ones_own_is_unknown() {
    let server = Server::start(&[]).await;
    let foreign = foreigner(&server).await.connection;
    let sandbox = connect(&server, |connection| connection.environment = Environment::Sandbox).await;
    let sandbox_key = key(&server, |key| key.environment = Environment::Sandbox).await;
    let (live_key, live) = (&server.client.key, &server.client.connection);

    let unknown = ConnectionId::random();
    let ask = async |key: &str, connection: &str| {
        get(&server, ANYWHERE, &[("apiKey", key), ("x-connection-id", connection)]).await
    };
    let expected = ask(live_key, unknown.as_str()).await;
    problem(&expected, 401, "SESSION_NOT_PROVIDED");
    for (key, connection) in [
        (live_key, foreign.as_str()),
        (live_key, sandbox.as_str()),
        (&sandbox_key, live.as_str()),
        (live_key, "conn_"),
        (live_key, "conn_%00"),
        (live_key, "CONN_000000000000000000000000"),
        (live_key, "' or 1=1 --"),
    ] {
        let answer = ask(key, connection).await;
        assert_eq!(seen(&answer, &[]), seen(&expected, &[]), "{connection}");
    }
    assert_eq!(ask(live_key, live.as_str()).await.status, 200);
    assert_eq!(ask(&sandbox_key, sandbox.as_str()).await.status, 200);

    for fields in [vec![("apiKey", live_key.as_str())], vec![("apiKey", live_key), ("x-connection-id", "")]] {
        let body = problem(&get(&server, ANYWHERE, &fields).await, 401, "SESSION_NOT_PROVIDED");
        assert_eq!(message(&body), "the header x-connection-id is missing");
    }
    // The key is looked at first: without one, nothing is told about a connection.
    let answer = get(&server, ANYWHERE, &[("x-connection-id", live.as_str())]).await;
    problem(&answer, 401, "UNAUTHORIZED");
}

#[tokio::test]
async fn a_connection_that_is_over_says_so() {
    let server = Server::start(&[]).await;
    for status in [ConnectionStatus::Expired, ConnectionStatus::Awaiting2fa] {
        let connection = connect(&server, |connection| connection.status = status).await;
        let fields = [("apiKey", server.client.key.as_str()), ("x-connection-id", connection.as_str())];
        problem(&get(&server, ANYWHERE, &fields).await, 401, "SESSION_EXPIRED");
    }
}

#[tokio::test]
async fn a_permission_is_needed_on_both_sides_and_the_refusal_says_which_lacks_it() {
    let server = Server::start(&[]).await;
    let but_reading: Vec<Permission> =
        Permission::ALL.iter().copied().filter(|permission| *permission != Permission::VaultRead).collect();
    for (key, connection, expected) in [
        (&but_reading[..], Permission::ALL, "this API key does not have the permission vault:read"),
        (Permission::ALL, &but_reading[..], "this connection does not have the permission vault:read"),
        (&but_reading[..], &but_reading[..], "this API key does not have the permission vault:read"),
        (&[][..], &[][..], "this API key does not have the permission vault:read"),
    ] {
        let client = server.client_allowed(key, connection).await;
        assert_eq!(message(&problem(&client.get(ANYWHERE).await, 403, "FORBIDDEN")), expected);
    }
    // The one that is needed is enough.
    let only = [Permission::VaultRead];
    assert_eq!(server.client_allowed(&only, &only).await.get(ANYWHERE).await.status, 200);
}
