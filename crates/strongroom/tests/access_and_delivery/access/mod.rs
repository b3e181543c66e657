//! Who may do what.

mod connections;
mod document;
mod errors;
mod keys;
mod matrix;
mod operations;
mod revocation;

use reqwest::Method;
use strongroom_catalog::records::{ApiKeyRecord, NewApiKey, NewConnection};
use strongroom_core::clock::{Clock as _, SystemClock};
use strongroom_core::id::{ConnectionId, OrganisationId};
use strongroom_core::key::ApiKey;
use strongroom_core::permission::{Grants, Permission};

use crate::support::{Answer, Client, Server, connection, key_record};

/// Somewhere that every key with a connection gets to.
const ANYWHERE: &str = "/v2/access/vault/media";

/// Makes a key with every right, changed by `change`.
pub(crate) async fn key(server: &Server, change: impl FnOnce(&mut ApiKeyRecord)) -> String {
    let mut record = key_record(Grants::<Permission>::all());
    change(&mut record);
    let key = ApiKey::random(record.environment);
    let new = NewApiKey { record, hash: key.hash(), created_at: SystemClock.now() };
    server.catalog.create_key(new).await.unwrap();
    key.reveal().to_owned()
}

/// Makes a connection with every permission, changed by `change`.
pub(crate) async fn connect(server: &Server, change: impl FnOnce(&mut NewConnection)) -> ConnectionId {
    let mut connection = connection(Grants::<Permission>::all());
    change(&mut connection);
    let id = connection.id.clone();
    server.catalog.create_connection(connection).await.unwrap();
    id
}

/// A client with every right, in an organisation of its own.
pub(crate) async fn foreigner(server: &Server) -> Client {
    let organisation = OrganisationId::random();
    server.catalog.create_organisation(organisation.clone(), "Another".to_owned(), server.clock.now()).await.unwrap();
    let key = key(server, |key| key.organisation = organisation.clone()).await;
    let connection = connect(server, |connection| connection.organisation = organisation).await;
    Client::new(server.address, &key, connection)
}

/// GETs `path` with these fields and no others.
async fn get(server: &Server, path: &str, fields: &[(&str, &str)]) -> Answer {
    let request = server.client.bare(Method::GET, path);
    Answer::to(fields.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
}
