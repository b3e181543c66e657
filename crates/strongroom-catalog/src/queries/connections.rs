//! Connections.

use strongroom_core::clock::Timestamp;
use strongroom_core::connection::ConnectionStatus;
use strongroom_core::id::ConnectionId;
use strongroom_core::media::MediaType;
use strongroom_core::settings::Settings;

use super::{Answer, Columns as _, Connection as Db, Row, dialect, events, json_list, signed, sql};
use crate::records::{Connection, ConnectionPage, NewConnection};

/// The columns of [`Settings`] that hold for a connection: its own, or else its organisation's. Needs [`join_inherited`].
macro_rules! effective_settings {
    () => {
        "coalesce(connection.consent_policy, inherited.consent_policy) as consent_policy,
         coalesce(connection.quota_bytes, inherited.quota_bytes) as quota_bytes,
         coalesce(connection.trash_retention_days, inherited.trash_retention_days) as trash_retention_days,
         coalesce(connection.delivery_ttl_seconds, inherited.delivery_ttl_seconds) as delivery_ttl_seconds,
         coalesce(connection.cors_origins, inherited.cors_origins) as cors_origins"
    };
}
pub(super) use effective_settings;

/// Joins what a connection inherits to it: the settings of its organisation, in its world.
macro_rules! join_inherited {
    () => {
        "join organisation_settings inherited
              on inherited.organisation_id = connection.organisation_id and inherited.environment = connection.environment"
    };
}
pub(super) use join_inherited;

/// The columns of a connection, with the settings that hold for it. Needs [`join_inherited`].
macro_rules! connection_columns {
    () => {
        concat!(
            "connection.id, connection.organisation_id, connection.environment, connection.status, connection.name,
             connection.username, connection.avatar, connection.permissions, connection.client_reference_id,
             connection.created_at, connection.updated_at, connection.expired_at, connection.last_checked_at, ",
            super::connections::effective_settings!()
        )
    };
}
pub(super) use connection_columns;

/// Connections with the settings that hold for them; a condition follows.
macro_rules! select_connection {
    ($rest:expr) => {
        concat!(
            "select ",
            connection_columns!(),
            " from connection ",
            join_inherited!(),
            " where connection.deleted_at is null and ",
            $rest
        )
    };
}

/// Keeps a new connection.
pub(crate) async fn create_connection(db: &mut Db, connection: NewConnection) -> Answer<()> {
    sql("insert into connection (id, organisation_id, environment, status, name, username, avatar, permissions,
                                 client_reference_id, created_at, updated_at, vault_plus_enabled)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10,
                 (select vault_plus_auto_enable from organisation_settings
                  where organisation_id = $2 and environment = $3))")
    .bind(connection.id.to_string())
    .bind(connection.organisation.to_string())
    .bind(connection.environment.as_str())
    .bind(connection.status.as_str())
    .bind(connection.name)
    .bind(connection.username)
    .bind(connection.avatar)
    .bind(connection.permissions.to_string())
    .bind(connection.client_reference_id)
    .bind(connection.created_at.as_millis())
    .execute(&mut *db)
    .await?;
    let status = connection.status;
    tell(db, &connection.id, "connection.created", status.as_str(), connection.created_at).await
}

/// The connection with this id.
pub(crate) async fn connection(db: &mut Db, id: ConnectionId) -> Answer<Option<Connection>> {
    let row = sql(select_connection!("connection.id = $1")).bind(id.to_string()).fetch_optional(db).await?;
    row.as_ref().map(read).transpose()
}

/// A page of an organisation's connections in one world, newest first.
pub(crate) async fn list_connections(db: &mut Db, page: ConnectionPage) -> Answer<Vec<Connection>> {
    let only = page.only.map(|ids| json_list(&ids));
    let rows = sql(select_connection!(concat!(
        "connection.organisation_id = $1 and connection.environment = $2
         and ($3 is null or connection.status = $3) and ($4 is null or connection.id ",
        dialect::one_of_words!("$4"),
        ") order by connection.created_at desc, connection.id desc limit $5 offset $6"
    )))
    .bind(page.organisation.to_string())
    .bind(page.environment.as_str())
    .bind(page.status.map(ConnectionStatus::as_str))
    .bind(only)
    .bind(i64::from(page.limit))
    .bind(signed(page.offset))
    .fetch_all(db)
    .await?;
    rows.iter().map(read).collect()
}

/// Lets a connection be used, or no longer. Nothing happens, and nobody is told, where it is so already.
pub(crate) async fn set_connection_status(
    db: &mut Db,
    id: ConnectionId,
    status: ConnectionStatus,
    now: Timestamp,
) -> Answer<()> {
    let changed = sql("update connection set status = $2, updated_at = $3,
                              expired_at = case when $2 = 'expired' then $3 else null end
                       where id = $1 and status <> $2 and deleted_at is null")
    .bind(id.to_string())
    .bind(status.as_str())
    .bind(now.as_millis())
    .execute(&mut *db)
    .await?;
    if changed.rows_affected() == 0 {
        return Ok(());
    }
    let event_type = match status {
        ConnectionStatus::Expired => "connection.expired",
        ConnectionStatus::Active | ConnectionStatus::Awaiting2fa => "connection.updated",
    };
    tell(db, &id, event_type, status.as_str(), now).await
}

/// Makes a connection unknown to everyone. Says whether it was known. What it holds is purged later: see `removal`.
pub(crate) async fn delete_connection(db: &mut Db, id: ConnectionId, now: Timestamp) -> Answer<bool> {
    let deleted = sql("update connection set deleted_at = $2, updated_at = $2 where id = $1 and deleted_at is null")
        .bind(id.to_string())
        .bind(now.as_millis())
        .execute(&mut *db)
        .await?;
    if deleted.rows_affected() == 0 {
        return Ok(false);
    }
    tell(db, &id, "connection.disconnected", "disconnected", now).await?;
    Ok(true)
}

/// Notes that a connection was used.
pub(crate) async fn note_use(db: &mut Db, id: ConnectionId, now: Timestamp) -> Answer<()> {
    sql("update connection set last_checked_at = $2 where id = $1")
        .bind(id.to_string())
        .bind(now.as_millis())
        .execute(db)
        .await?;
    Ok(())
}

/// How many media of a type a connection has.
pub(crate) async fn count_media(db: &mut Db, connection: ConnectionId, media_type: MediaType) -> Answer<i64> {
    let row = sql("select cast(coalesce(sum(total), 0) as bigint) as total from media_tally where connection_id = $1 and type = $2")
        .bind(connection.to_string())
        .bind(media_type.as_str())
        .fetch_one(db)
        .await?;
    row.number("total")
}

/// Writes an event about a connection.
pub(super) async fn tell(
    db: &mut Db,
    id: &ConnectionId,
    event_type: &'static str,
    status: &str,
    now: Timestamp,
) -> Answer<()> {
    let data = format!("{{\"connectionId\":\"{id}\",\"status\":\"{status}\"}}");
    events::record(db, id, event_type, None, data, now).await
}

/// The connection of a row that has [`connection_columns`].
pub(super) fn read(row: &Row) -> Answer<Connection> {
    Ok(Connection {
        id: row.word("id")?,
        organisation: row.word("organisation_id")?,
        environment: row.word("environment")?,
        status: row.word("status")?,
        name: row.text("name")?,
        username: row.text("username")?,
        avatar: row.optional_text("avatar")?,
        permissions: row.word("permissions")?,
        settings: settings(row)?,
        client_reference_id: row.optional_text("client_reference_id")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
        expired_at: row.optional_time("expired_at")?,
        last_checked_at: row.optional_time("last_checked_at")?,
    })
}

/// The columns of settings.
pub(super) fn settings(row: &Row) -> Answer<Settings> {
    let words = |text: String| text.split_whitespace().map(str::to_owned).collect();
    Ok(Settings {
        consent_policy: row.optional_word("consent_policy")?,
        quota_bytes: row.optional_unsigned("quota_bytes")?,
        trash_retention_days: row.optional_unsigned("trash_retention_days")?,
        delivery_ttl_seconds: row.optional_unsigned("delivery_ttl_seconds")?,
        cors_origins: row.optional_text("cors_origins")?.map(words),
    })
}
