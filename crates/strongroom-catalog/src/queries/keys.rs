//! API keys.

use strongroom_core::clock::Timestamp;
use strongroom_core::connection::Environment;
use strongroom_core::id::{ConnectionId, KeyId, OrganisationId};
use strongroom_core::key::KeyHash;

use super::{Answer, Columns as _, Connection, Row, connections, sql};
use crate::records::{self, ApiKeyRecord, KeptKey, NewApiKey};

/// The columns of a key, named so that those of a connection can stand beside them.
macro_rules! key_columns {
    () => {
        "api_key.id as key_id, api_key.organisation_id as key_organisation, api_key.environment as key_environment,
         api_key.name as key_name, api_key.scopes as key_scopes, api_key.permissions as key_permissions,
         api_key.connection_ids as key_connections, api_key.created_at as key_created_at,
         api_key.expires_at as key_expires_at, api_key.revoked_at as key_revoked_at"
    };
}

macro_rules! select_key {
    ($rest:literal) => {
        concat!("select ", key_columns!(), " from api_key where ", $rest)
    };
}

/// Keeps a new key.
pub(crate) async fn create_key(connection: &mut Connection, key: NewApiKey) -> Answer<()> {
    let NewApiKey { record, hash, created_at } = key;
    sql("insert into api_key (id, organisation_id, environment, name, hash, scopes, permissions, created_at, expires_at,
                              connection_ids)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)")
    .bind(record.id.to_string())
    .bind(record.organisation.to_string())
    .bind(record.environment.as_str())
    .bind(record.name)
    .bind(hash.as_bytes().to_vec())
    .bind(record.scopes.to_string())
    .bind(record.permissions.to_string())
    .bind(created_at.as_millis())
    .bind(record.expires_at.map(|t| t.as_millis()))
    .bind(record.connections.map(|ids| ids.iter().map(ConnectionId::as_str).collect::<Vec<_>>().join(" ")))
    .execute(connection)
    .await?;
    Ok(())
}

/// The key with this hash.
pub(crate) async fn key_by_hash(connection: &mut Connection, hash: KeyHash) -> Answer<Option<ApiKeyRecord>> {
    let row = sql(select_key!("hash = $1")).bind(hash.as_bytes().to_vec()).fetch_optional(connection).await?;
    row.as_ref().map(read).transpose()
}

/// The key with this hash, and the connection with this id beside it, whoever owns that.
pub(crate) async fn key_beside_connection(
    connection: &mut Connection,
    hash: KeyHash,
    id: ConnectionId,
) -> Answer<Option<(ApiKeyRecord, Option<records::Connection>)>> {
    let row = sql(concat!(
        "select ",
        key_columns!(),
        ", ",
        connections::connection_columns!(),
        " from api_key left join (connection ",
        connections::join_inherited!(),
        ") on connection.id = $2 and connection.deleted_at is null where api_key.hash = $1"
    ))
    .bind(hash.as_bytes().to_vec())
    .bind(id.to_string())
    .fetch_optional(connection)
    .await?;
    let both = |row: Row| {
        let is_there = row.optional_text("id")?.is_some();
        Ok((read(&row)?, is_there.then(|| connections::read(&row)).transpose()?))
    };
    row.map(both).transpose()
}

/// The key of an organisation with this id, revoked or not.
pub(crate) async fn key(
    connection: &mut Connection,
    organisation: OrganisationId,
    id: KeyId,
) -> Answer<Option<ApiKeyRecord>> {
    let row = sql(select_key!("organisation_id = $1 and id = $2"))
        .bind(organisation.to_string())
        .bind(id.to_string())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(read).transpose()
}

/// An organisation's keys for one world that were not revoked, newest first.
pub(crate) async fn list_keys(
    connection: &mut Connection,
    organisation: OrganisationId,
    environment: Environment,
    limit: u32,
) -> Answer<Vec<KeptKey>> {
    let rows = sql(select_key!(
        "organisation_id = $1 and environment = $2 and revoked_at is null order by created_at desc, id desc limit $3"
    ))
    .bind(organisation.to_string())
    .bind(environment.as_str())
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?;
    let kept = |row: &Row| Ok(KeptKey { record: read(row)?, created_at: row.time("key_created_at")? });
    rows.iter().map(kept).collect()
}

/// Revokes a key, for good. Says whether the organisation has such a key, revoked before or not.
pub(crate) async fn revoke_key(
    connection: &mut Connection,
    organisation: OrganisationId,
    id: KeyId,
    now: Timestamp,
) -> Answer<bool> {
    let revoked =
        sql("update api_key set revoked_at = coalesce(revoked_at, $3) where organisation_id = $1 and id = $2")
            .bind(organisation.to_string())
            .bind(id.to_string())
            .bind(now.as_millis())
            .execute(connection)
            .await?;
    Ok(revoked.rows_affected() == 1)
}

/// Ids, as they are kept: separated by one space.
fn words(ids: &str) -> Answer<Vec<ConnectionId>> {
    Ok(ids.split_whitespace().map(str::parse).collect::<Result<_, _>>()?)
}

fn read(row: &Row) -> Answer<ApiKeyRecord> {
    Ok(ApiKeyRecord {
        id: row.word("key_id")?,
        organisation: row.word("key_organisation")?,
        environment: row.word("key_environment")?,
        name: row.text("key_name")?,
        scopes: row.word("key_scopes")?,
        permissions: row.word("key_permissions")?,
        connections: row.optional_text("key_connections")?.map(|ids| words(&ids)).transpose()?,
        expires_at: row.optional_time("key_expires_at")?,
        revoked_at: row.optional_time("key_revoked_at")?,
    })
}
