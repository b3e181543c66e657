//! Connections.

use strongroom_core::clock::Timestamp;
use strongroom_core::connection::ConnectionStatus;
use strongroom_core::id::ConnectionId;
use strongroom_core::media::MediaType;

use super::{Answer, Columns as _, Connection as Db, Row, sql};
use crate::records::Connection;

/// Keeps a new connection.
pub(crate) async fn create_connection(db: &mut Db, connection: Connection) -> Answer<()> {
    sql("insert into connection (id, organisation_id, environment, status, name, username, avatar, permissions,
                                 created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)")
    .bind(connection.id.to_string())
    .bind(connection.organisation.to_string())
    .bind(connection.environment.as_str())
    .bind(connection.status.as_str())
    .bind(connection.name)
    .bind(connection.username)
    .bind(connection.avatar)
    .bind(connection.permissions.to_string())
    .bind(connection.created_at.as_millis())
    .execute(db)
    .await?;
    Ok(())
}

/// The connection with this id.
pub(crate) async fn connection(db: &mut Db, id: ConnectionId) -> Answer<Option<Connection>> {
    let row = sql("select id, organisation_id, environment, status, name, username, avatar, permissions, created_at
                   from connection where id = $1")
    .bind(id.to_string())
    .fetch_optional(db)
    .await?;
    row.as_ref().map(read).transpose()
}

/// Lets a connection be used, or no longer.
pub(crate) async fn set_connection_status(
    db: &mut Db,
    id: ConnectionId,
    status: ConnectionStatus,
    now: Timestamp,
) -> Answer<()> {
    sql("update connection set status = $2, updated_at = $3,
                expired_at = case when $2 = 'expired' then $3 else null end
         where id = $1")
    .bind(id.to_string())
    .bind(status.as_str())
    .bind(now.as_millis())
    .execute(db)
    .await?;
    Ok(())
}

/// How many media of a type a connection has.
pub(crate) async fn count_media(db: &mut Db, connection: ConnectionId, media_type: MediaType) -> Answer<i64> {
    let row = sql("select count(*) as total from media where connection_id = $1 and type = $2 and deleted_at is null")
        .bind(connection.to_string())
        .bind(media_type.as_str())
        .fetch_one(db)
        .await?;
    row.number("total")
}

fn read(row: &Row) -> Answer<Connection> {
    Ok(Connection {
        id: row.word("id")?,
        organisation: row.word("organisation_id")?,
        environment: row.word("environment")?,
        status: row.word("status")?,
        name: row.text("name")?,
        username: row.text("username")?,
        avatar: row.optional_text("avatar")?,
        permissions: row.word("permissions")?,
        created_at: row.time("created_at")?,
    })
}
