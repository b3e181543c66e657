//! API keys.

use strongroom_core::key::KeyHash;

use super::{Answer, Columns as _, Connection, Row, sql};
use crate::records::{ApiKeyRecord, NewApiKey};

/// Keeps a new key.
pub(crate) async fn create_key(connection: &mut Connection, key: NewApiKey) -> Answer<()> {
    let NewApiKey { record, hash, created_at } = key;
    sql("insert into api_key (id, organisation_id, environment, name, hash, scopes, permissions, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
    .bind(record.id.to_string())
    .bind(record.organisation.to_string())
    .bind(record.environment.as_str())
    .bind(record.name)
    .bind(hash.as_bytes().to_vec())
    .bind(record.scopes.to_string())
    .bind(record.permissions.to_string())
    .bind(created_at.as_millis())
    .bind(record.expires_at.map(|t| t.as_millis()))
    .execute(connection)
    .await?;
    Ok(())
}

/// The key with this hash.
pub(crate) async fn key_by_hash(connection: &mut Connection, hash: KeyHash) -> Answer<Option<ApiKeyRecord>> {
    let row = sql("select id, organisation_id, environment, name, scopes, permissions, expires_at, revoked_at
                   from api_key where hash = $1")
    .bind(hash.as_bytes().to_vec())
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(read).transpose()
}

fn read(row: &Row) -> Answer<ApiKeyRecord> {
    Ok(ApiKeyRecord {
        id: row.word("id")?,
        organisation: row.word("organisation_id")?,
        environment: row.word("environment")?,
        name: row.text("name")?,
        scopes: row.word("scopes")?,
        permissions: row.word("permissions")?,
        expires_at: row.optional_time("expires_at")?,
        revoked_at: row.optional_time("revoked_at")?,
    })
}
