//! What organisations and connections set for themselves. What holds for a connection in the end is read with it.

use strongroom_core::clock::Timestamp;
use strongroom_core::connection::Environment;
use strongroom_core::id::{ConnectionId, OrganisationId};

use super::{Answer, Columns as _, Connection, Row, Statement, connections, signed, sql};
use crate::records::{OrganisationSettings, SettingsChange, VaultPlus};

/// Sets the columns of a [`SettingsChange`] that is bound from `$3` on by [`bind_change`].
macro_rules! change_settings {
    ($enabled:literal) => {
        concat!(
            "consent_policy = case when $3 then $4 else consent_policy end,
             quota_bytes = case when $5 then $6 else quota_bytes end,
             trash_retention_days = case when $7 then $8 else trash_retention_days end,
             delivery_ttl_seconds = case when $9 then $10 else delivery_ttl_seconds end,
             cors_origins = case when $11 then $12 else cors_origins end,
             vault_plus_settings = case when $13 then $14 else vault_plus_settings end, ",
            $enabled,
            " = coalesce($15, ",
            $enabled,
            ")"
        )
    };
}

fn bind_change(query: Statement, change: SettingsChange) -> Statement {
    let SettingsChange { consent_policy, quota_bytes, trash_retention_days, delivery_ttl_seconds, .. } = change;
    query
        .bind(consent_policy.is_some())
        .bind(consent_policy.flatten().map(|policy| policy.as_str()))
        .bind(quota_bytes.is_some())
        .bind(quota_bytes.flatten().map(signed))
        .bind(trash_retention_days.is_some())
        .bind(trash_retention_days.flatten().map(i64::from))
        .bind(delivery_ttl_seconds.is_some())
        .bind(delivery_ttl_seconds.flatten().map(i64::from))
        .bind(change.cors_origins.is_some())
        .bind(change.cors_origins.flatten().map(|origins| origins.join(" ")))
        .bind(change.vault_plus_settings.is_some())
        .bind(change.vault_plus_settings.flatten())
        .bind(change.vault_plus_enabled.map(i64::from))
}

/// Changes what a connection sets for itself. Says whether there is such a connection.
pub(crate) async fn change_connection_settings(
    connection: &mut Connection,
    id: ConnectionId,
    change: SettingsChange,
    now: Timestamp,
) -> Answer<bool> {
    let update = sql(concat!(
        "update connection set updated_at = $2, ",
        change_settings!("vault_plus_enabled"),
        " where id = $1 and deleted_at is null returning status"
    ));
    let update = update.bind(id.to_string()).bind(now.as_millis());
    let row = bind_change(update, change).fetch_optional(&mut *connection).await?;
    let Some(row) = row else { return Ok(false) };
    connections::tell(connection, &id, "connection.updated", &row.text("status")?, now).await?;
    Ok(true)
}

/// What a connection keeps for the stored-media clients.
pub(crate) async fn vault_plus(connection: &mut Connection, id: ConnectionId) -> Answer<Option<VaultPlus>> {
    let row = sql("select vault_plus_enabled as enabled, vault_plus_settings as kept from connection
                   where id = $1 and deleted_at is null")
    .bind(id.to_string())
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(read_vault_plus).transpose()
}

/// What an organisation sets for its connections in one world, if there is such an organisation.
pub(crate) async fn organisation_settings(
    connection: &mut Connection,
    id: OrganisationId,
    environment: Environment,
) -> Answer<Option<OrganisationSettings>> {
    let row = sql("select consent_policy, quota_bytes, trash_retention_days, delivery_ttl_seconds, cors_origins,
                          vault_plus_auto_enable as enabled, vault_plus_settings as kept
                   from organisation_settings where organisation_id = $1 and environment = $2")
    .bind(id.to_string())
    .bind(environment.as_str())
    .fetch_optional(connection)
    .await?;
    let read = |row: &Row| {
        Ok(OrganisationSettings { settings: connections::settings(row)?, vault_plus: read_vault_plus(row)? })
    };
    row.as_ref().map(read).transpose()
}

/// Changes what an organisation sets for its connections in one world.
pub(crate) async fn change_organisation_settings(
    connection: &mut Connection,
    id: OrganisationId,
    environment: Environment,
    change: SettingsChange,
) -> Answer<()> {
    let update = sql(concat!(
        "update organisation_settings set ",
        change_settings!("vault_plus_auto_enable"),
        " where organisation_id = $1 and environment = $2"
    ));
    let update = update.bind(id.to_string()).bind(environment.as_str());
    bind_change(update, change).execute(connection).await?;
    Ok(())
}

/// Gives every connection of an organisation in one world what new ones get for the stored-media clients. Answers how many.
pub(crate) async fn apply_vault_plus(
    connection: &mut Connection,
    id: OrganisationId,
    environment: Environment,
    now: Timestamp,
) -> Answer<u64> {
    let applied = sql("update connection set vault_plus_settings = null, updated_at = $3,
                              vault_plus_enabled = (select vault_plus_auto_enable from organisation_settings
                                                    where organisation_id = $1 and environment = $2)
                       where organisation_id = $1 and environment = $2 and deleted_at is null")
    .bind(id.to_string())
    .bind(environment.as_str())
    .bind(now.as_millis())
    .execute(connection)
    .await?;
    Ok(applied.rows_affected())
}

fn read_vault_plus(row: &Row) -> Answer<VaultPlus> {
    Ok(VaultPlus { is_enabled: row.number("enabled")? != 0, settings: row.optional_text("kept")? })
}
