//! What a deleted connection leaves behind, and its end.
//!
//! Bytes go first and their rows after them: a crash in between leaves rows that nobody can see, and the next sweep deletes
//! the same bytes again. The other way round, only a search of the disk would find them.

use strongroom_core::clock::Timestamp;
use strongroom_core::id::ConnectionId;

use super::{Answer, Columns as _, Connection, sql};
use crate::records::Remains;

/// Rows that one call takes away at most; what else waits for the writer is not held up for long.
const BATCH: i64 = 100;

/// The tables whose rows hang on nothing that was taken away before them, in an order that foreign keys allow. What has
/// `on delete cascade` is not here, nor are events and the audit log, which stay.
const LEFTOVERS: [&str; 7] = [
    "delete from release_form_document where connection_id = $1",
    "delete from media where connection_id = $1",
    "delete from release_form where connection_id = $1",
    "delete from person where connection_id = $1",
    "delete from list where connection_id = $1",
    "delete from usage where connection_id = $1",
    "delete from media_tally where connection_id = $1",
];

/// Connections that were deleted and still hold something.
pub(crate) async fn deleted_connections(connection: &mut Connection) -> Answer<Vec<ConnectionId>> {
    let rows = sql("select id from connection where deleted_at is not null and purged_at is null
                    order by deleted_at limit 100")
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| row.word("id")).collect()
}

/// Some of the uploads and blobs that a deleted connection still has. None of either: that was all.
pub(crate) async fn remains(connection: &mut Connection, owner: ConnectionId) -> Answer<Remains> {
    let uploads = sql("select id from upload where connection_id = $1 limit $2")
        .bind(owner.to_string())
        .bind(BATCH)
        .fetch_all(&mut *connection)
        .await?;
    let blobs = sql("select key from blob where connection_id = $1 limit $2")
        .bind(owner.to_string())
        .bind(BATCH)
        .fetch_all(connection)
        .await?;
    Ok(Remains {
        uploads: uploads.iter().map(|row| row.upload("id")).collect::<Answer<_>>()?,
        blobs: blobs.iter().map(|row| row.word("key")).collect::<Answer<_>>()?,
    })
}

/// Forgets uploads and blobs of a deleted connection whose bytes are gone, and the media that showed them.
pub(crate) async fn forget_remains(connection: &mut Connection, owner: ConnectionId, remains: Remains) -> Answer<()> {
    for upload in remains.uploads {
        sql("delete from upload where connection_id = $1 and id = $2")
            .bind(owner.to_string())
            .bind(upload.uuid().to_string())
            .execute(&mut *connection)
            .await?;
    }
    for blob in remains.blobs {
        for text in [
            "delete from media where connection_id = $1 and (blob_key = $2 or preview_blob = $2)",
            "delete from release_form_document where connection_id = $1 and blob_key = $2",
            "update person set avatar_blob = null where connection_id = $1 and avatar_blob = $2",
            "delete from blob where connection_id = $1 and key = $2",
        ] {
            sql(text).bind(owner.to_string()).bind(blob.to_string()).execute(&mut *connection).await?;
        }
    }
    Ok(())
}

/// Takes away all that is left of a deleted connection but its id, its events and its audit log. Where it was deleted before
/// `before`, no request that began earlier can be at work any more, and it is not looked at again.
pub(crate) async fn bury_connection(
    connection: &mut Connection,
    owner: ConnectionId,
    before: Timestamp,
    now: Timestamp,
) -> Answer<()> {
    for text in LEFTOVERS {
        sql(text).bind(owner.to_string()).execute(&mut *connection).await?;
    }
    sql("update connection
         set name = '', username = '', avatar = null, client_reference_id = null, vault_plus_settings = null,
             purged_at = case when deleted_at < $2 then $3 else null end
         where id = $1 and deleted_at is not null")
    .bind(owner.to_string())
    .bind(before.as_millis())
    .bind(now.as_millis())
    .execute(connection)
    .await?;
    Ok(())
}
