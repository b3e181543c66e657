//! The trash: media that nobody sees any more, until they are restored or purged.

use strongroom_core::clock::Timestamp;
use strongroom_core::id::{BlobKey, ConnectionId, MediaId, MediaReference};

use super::{Answer, Columns as _, Connection, Row, connections, dialect, events, sql};
use crate::records::{KnownMedia, Purged};

/// The media of this name, in the vault or in the trash.
pub(crate) async fn known_media(
    connection: &mut Connection,
    owner: ConnectionId,
    reference: MediaReference,
) -> Answer<Option<KnownMedia>> {
    let query = match reference {
        MediaReference::Media(id) => sql("select id, deleted_at from media where connection_id = $1 and id = $2")
            .bind(owner.to_string())
            .bind(id.number()),
        MediaReference::Upload(id) => {
            sql("select id, deleted_at from media where connection_id = $1 and upload_id = $2")
                .bind(owner.to_string())
                .bind(id.uuid().to_string())
        }
    };
    let read = |row: Row| {
        let is_in_trash = row.optional_time("deleted_at")?.is_some();
        Ok(KnownMedia { id: MediaId::new(row.number("id")?), is_in_trash })
    };
    query.fetch_optional(connection).await?.map(read).transpose()
}

/// Puts a media in the trash: every URL dies, and an event says so. Says whether it was in the vault.
pub(crate) async fn trash_media(
    connection: &mut Connection,
    owner: ConnectionId,
    id: MediaId,
    now: Timestamp,
) -> Answer<bool> {
    let trashed = sql("update media set deleted_at = $3, url_version = url_version + 1
                       where connection_id = $1 and id = $2 and deleted_at is null")
    .bind(owner.to_string())
    .bind(id.number())
    .bind(now.as_millis())
    .execute(&mut *connection)
    .await?;
    if trashed.rows_affected() == 0 {
        return Ok(false);
    }
    tell_deleted(connection, &owner, id, now).await?;
    Ok(true)
}

/// Takes a media out of the trash. Says whether it is in the vault.
pub(crate) async fn restore_media(connection: &mut Connection, owner: ConnectionId, id: MediaId) -> Answer<bool> {
    let restored = sql("update media set deleted_at = null where connection_id = $1 and id = $2")
        .bind(owner.to_string())
        .bind(id.number())
        .execute(connection)
        .await?;
    Ok(restored.rows_affected() == 1)
}

/// Deletes a media for good, from the vault or the trash. `None` where there is no such media.
pub(crate) async fn purge_media(
    connection: &mut Connection,
    owner: ConnectionId,
    id: MediaId,
    now: Timestamp,
) -> Answer<Option<Purged>> {
    let row = sql("select id, connection_id, upload_id, blob_key, preview_blob, deleted_at from media
                   where connection_id = $1 and id = $2")
    .bind(owner.to_string())
    .bind(id.number())
    .fetch_optional(&mut *connection)
    .await?;
    match row {
        Some(row) => Ok(Some(purge(connection, &[row], now).await?)),
        None => Ok(None),
    }
}

/// Deletes at most `limit` media for good whose time in the trash is over. The tenants are held as they are found; those at
/// whose rows another write is at work have their turn another time.
pub(crate) async fn purge_trash(
    connection: &mut Connection,
    now: Timestamp,
    usual_days: u32,
    limit: u32,
) -> Answer<Purged> {
    let rows = sql(concat!(
        "select media.id, media.connection_id, media.upload_id, media.blob_key, media.preview_blob, media.deleted_at
         from media
         join usage on usage.connection_id = media.connection_id
         join connection on connection.id = media.connection_id ",
        connections::join_inherited!(),
        " where media.deleted_at is not null
            and media.deleted_at <= $1 - 86400000 * coalesce(connection.trash_retention_days,
                                                             inherited.trash_retention_days, $2)
          order by media.deleted_at limit $3",
        dialect::skip_locked_of!("usage, media")
    ))
    .bind(now.as_millis())
    .bind(i64::from(usual_days))
    .bind(i64::from(limit))
    .fetch_all(&mut *connection)
    .await?;
    purge(connection, &rows, now).await
}

/// Deletes the media of these rows, their uploads, and the blobs that nothing refers to any more.
///
/// A complete that shares a blob is a transaction of its own: it comes before this one, and then the blob is referred to, or
/// after it, and then it finds no blob and keeps its own bytes. So no row ever names bytes that are about to be deleted.
async fn purge(connection: &mut Connection, rows: &[Row], now: Timestamp) -> Answer<Purged> {
    let mut purged = Purged::default();
    for row in rows {
        let (owner, id): (ConnectionId, _) = (row.word("connection_id")?, MediaId::new(row.number("id")?));
        if row.optional_time("deleted_at")?.is_none() {
            tell_deleted(connection, &owner, id, now).await?;
        }
        sql("delete from media where connection_id = $1 and id = $2")
            .bind(owner.to_string())
            .bind(id.number())
            .execute(&mut *connection)
            .await?;
        sql("delete from upload where connection_id = $1 and id = $2")
            .bind(owner.to_string())
            .bind(row.text("upload_id")?)
            .execute(&mut *connection)
            .await?;
        let blobs = [Some(row.word("blob_key")?), row.optional_word("preview_blob")?];
        for blob in blobs.into_iter().flatten() {
            if let_go(connection, &owner, blob).await? {
                purged.blobs.push(blob);
            }
        }
        purged.media += 1;
    }
    Ok(purged)
}

/// Deletes a blob, unless something refers to it. Says whether it did.
pub(super) async fn let_go(connection: &mut Connection, owner: &ConnectionId, blob: BlobKey) -> Answer<bool> {
    let deleted = sql("delete from blob
         where connection_id = $1 and key = $2
           and not exists (select 1 from media where connection_id = $1 and blob_key = $2)
           and not exists (select 1 from media where connection_id = $1 and preview_blob = $2)
           and not exists (select 1 from person where connection_id = $1 and avatar_blob = $2)
           and not exists (select 1 from release_form_document where connection_id = $1 and blob_key = $2)")
    .bind(owner.to_string())
    .bind(blob.to_string())
    .execute(connection)
    .await?;
    Ok(deleted.rows_affected() == 1)
}

async fn tell_deleted(connection: &mut Connection, owner: &ConnectionId, id: MediaId, now: Timestamp) -> Answer<()> {
    let data = format!("{{\"mediaId\":{id}}}");
    events::record(connection, owner, "media.deleted", Some(id), data, now).await
}
