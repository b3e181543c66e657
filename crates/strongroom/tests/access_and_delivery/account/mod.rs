//! `/v2/account`: connections, keys, settings, quotas.

mod connections;
mod keys;
mod quotas;
mod settings;

use reqwest::Method;
use serde_json::Value;
use strongroom_core::connection::Environment;

use crate::access::{connect, key};
use crate::support::{Answer, Client, Server};

/// A client of the sandbox, with every right there.
async fn sandbox(server: &Server) -> Client {
    let key = key(server, |key| key.environment = Environment::Sandbox).await;
    let connection = connect(server, |connection| connection.environment = Environment::Sandbox).await;
    Client::new(server.address, &key, connection)
}

/// The same connection with another key.
fn with_key(client: &Client, key: &str) -> Client {
    let mut client = client.clone();
    client.key = key.to_owned();
    client
}

/// PATCH of a JSON document.
async fn patch(client: &Client, path: &str, body: &Value) -> Answer {
    Answer::to(client.request(Method::PATCH, path).json(body)).await
}

/// What a page lists, by one of its fields.
fn each(list: &Value, field: &str) -> Vec<String> {
    list["list"].as_array().unwrap().iter().map(|item| item[field].as_str().unwrap().to_owned()).collect()
}
