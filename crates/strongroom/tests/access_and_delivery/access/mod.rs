//! Who may do what.

mod connections;
mod errors;
mod keys;
mod matrix;
mod operations;
mod revocation;

use reqwest::Method;
use strongroom_catalog::records::{ApiKeyRecord, Connection, NewApiKey};
use strongroom_core::clock::{Clock as _, SystemClock};
use strongroom_core::id::ConnectionId;
use strongroom_core::key::ApiKey;
use strongroom_core::permission::{Grants, Permission};

use crate::support::{Answer, Server, connection, key_record};

/// Somewhere that every key with a connection gets to.
const ANYWHERE: &str = "/v2/access/vault/media";

/// Makes a key with every right, changed by `change`.
async fn key(server: &Server, change: impl FnOnce(&mut ApiKeyRecord)) -> String {
    let mut record = key_record(Grants::<Permission>::all());
    change(&mut record);
    let key = ApiKey::random(record.environment);
    let new = NewApiKey { record, hash: key.hash(), created_at: SystemClock.now() };
    server.catalog.create_key(new).await.unwrap();
    key.reveal().to_owned()
}

/// Makes a connection with every permission, changed by `change`.
async fn connect(server: &Server, change: impl FnOnce(&mut Connection)) -> ConnectionId {
    let mut connection = connection(Grants::<Permission>::all());
    change(&mut connection);
    let id = connection.id.clone();
    server.catalog.create_connection(connection).await.unwrap();
    id
}

/// GETs `path` with these fields and no others.
async fn get(server: &Server, path: &str, fields: &[(&str, &str)]) -> Answer {
    let request = server.client.bare(Method::GET, path);
    Answer::to(fields.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
}
