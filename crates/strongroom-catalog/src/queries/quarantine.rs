//! What becomes of rows whose bytes are lost or damaged. Nothing is deleted that cannot be made again: a media whose original
//! is gone stays, fails, and says why.

use strongroom_core::clock::Timestamp;
use strongroom_core::digest::{Digest, FileHasher};
use strongroom_core::id::{BlobKey, ConnectionId, MediaId, UploadId};
use strongroom_core::job::JobKind;
use strongroom_core::media::{FailureCode, MediaStatus};
use strongroom_core::rendition::RenditionName;

use super::completion::settled_event;
use super::{Answer, Columns as _, Connection, blobs, events, signed, sql, trash};
use crate::records::Part;

/// Takes a blob out of use whose original was found lost or damaged. Says whether it did.
pub(crate) async fn quarantine_blob(
    connection: &mut Connection,
    owner: ConnectionId,
    key: BlobKey,
    etag: Digest,
    reason: String,
    now: Timestamp,
) -> Answer<bool> {
    let taken =
        sql("update blob set lost_etag = etag, etag = $4, status = 'error', failure_code = $5, failure_message = $6,
                            progress = null
                     where connection_id = $1 and key = $2 and etag = $3 and lost_etag is null")
        .bind(owner.to_string())
        .bind(key.to_string())
        .bind(etag.as_bytes().to_vec())
        .bind(no_files_digest(key).as_bytes().to_vec())
        .bind(FailureCode::Damaged.as_str())
        .bind(reason)
        .execute(&mut *connection)
        .await?;
    if taken.rows_affected() == 0 {
        return Ok(false);
    }
    // A worker that is at it loses its lease, and with it the right to call the blob ready.
    sql("delete from job where connection_id = $1 and blob_key = $2")
        .bind(owner.to_string())
        .bind(key.to_string())
        .execute(&mut *connection)
        .await?;
    let rows = sql("update media set status = 'error' where connection_id = $1 and blob_key = $2 and status <> 'error'
                    returning id")
    .bind(owner.to_string())
    .bind(key.to_string())
    .fetch_all(&mut *connection)
    .await?;
    for row in rows {
        let media = MediaId::new(row.number("id")?);
        let Some(event_type) = settled_event(MediaStatus::Error) else { continue };
        events::record(connection, &owner, event_type, Some(media), format!("{{\"mediaId\":{media}}}"), now).await?;
    }
    Ok(true)
}

/// Puts a blob back to use whose original is whole again, and renders it anew. Says whether it did.
pub(crate) async fn lift_quarantine(
    connection: &mut Connection,
    owner: ConnectionId,
    key: BlobKey,
    kind: JobKind,
    now: Timestamp,
) -> Answer<bool> {
    let lifted = sql("update blob set etag = lost_etag, lost_etag = null
                      where connection_id = $1 and key = $2 and lost_etag is not null
                        and not exists (select 1 from blob other
                                        where other.connection_id = blob.connection_id and other.etag = blob.lost_etag
                                          and other.size_bytes = blob.size_bytes)")
    .bind(owner.to_string())
    .bind(key.to_string())
    .execute(&mut *connection)
    .await?;
    if lifted.rows_affected() == 0 {
        return Ok(false);
    }
    blobs::render_again(connection, owner, key, kind, now).await
}

/// Shows the same bytes, which came again, wherever those of a blob in quarantine were shown, and deletes that. Says whether they
/// have come: its own are to be deleted then.
pub(crate) async fn replace_lost(
    connection: &mut Connection,
    owner: ConnectionId,
    lost: BlobKey,
    kind: JobKind,
    now: Timestamp,
) -> Answer<bool> {
    let row = sql("select fresh.key, fresh.status, lost.is_avatar
                   from blob lost
                   join blob fresh on fresh.connection_id = lost.connection_id and fresh.etag = lost.lost_etag
                                  and fresh.size_bytes = lost.size_bytes
                   where lost.connection_id = $1 and lost.key = $2")
    .bind(owner.to_string())
    .bind(lost.to_string())
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(false) };
    let (fresh, status): (BlobKey, MediaStatus) = (row.word("key")?, row.word("status")?);
    let media = sql("update media set blob_key = $3,
                            status = (select status from blob where connection_id = $1 and key = $3),
                            type = (select type from blob where connection_id = $1 and key = $3)
                     where connection_id = $1 and blob_key = $2 returning id")
    .bind(owner.to_string())
    .bind(lost.to_string())
    .bind(fresh.to_string())
    .fetch_all(&mut *connection)
    .await?;
    for text in [
        "update media set preview_blob = $3, url_version = url_version + 1 where connection_id = $1 and preview_blob = $2",
        "update person set avatar_blob = $3, url_version = url_version + 1 where connection_id = $1 and avatar_blob = $2",
        "update release_form_document set blob_key = $3 where connection_id = $1 and blob_key = $2",
    ] {
        let update = sql(text).bind(owner.to_string()).bind(lost.to_string()).bind(fresh.to_string());
        update.execute(&mut *connection).await?;
    }
    if row.number("is_avatar")? > 0 {
        sql("update blob set is_avatar = 1 where connection_id = $1 and key = $2")
            .bind(owner.to_string())
            .bind(fresh.to_string())
            .execute(&mut *connection)
            .await?;
        blobs::render_again(connection, owner.clone(), fresh, kind, now).await?;
    }
    for row in media {
        let (media, Some(event_type)) = (MediaId::new(row.number("id")?), settled_event(status)) else { continue };
        events::record(connection, &owner, event_type, Some(media), format!("{{\"mediaId\":{media}}}"), now).await?;
    }
    trash::let_go(connection, &owner, lost).await
}

/// Forgets a rendition whose bytes are lost or damaged, and renders its blob anew. Says whether it was known.
pub(crate) async fn lose_rendition(
    connection: &mut Connection,
    owner: ConnectionId,
    blob: BlobKey,
    name: RenditionName,
    kind: JobKind,
    now: Timestamp,
) -> Answer<bool> {
    let lost = sql("delete from rendition where connection_id = $1 and blob_key = $2 and name = $3")
        .bind(owner.to_string())
        .bind(blob.to_string())
        .bind(name.as_str())
        .execute(&mut *connection)
        .await?;
    if lost.rows_affected() == 0 {
        // It was made anew meanwhile, or its blob has gone.
        return Ok(false);
    }
    blobs::render_again(connection, owner, blob, kind, now).await?;
    Ok(true)
}

/// Keeps the digest of a rendition of which none was kept. Says whether it did.
pub(crate) async fn keep_digest(
    connection: &mut Connection,
    owner: ConnectionId,
    blob: BlobKey,
    name: RenditionName,
    size_bytes: u64,
    digest: Digest,
) -> Answer<bool> {
    let kept = sql("update rendition set digest = $5
                    where connection_id = $1 and blob_key = $2 and name = $3 and size_bytes = $4 and digest is null")
    .bind(owner.to_string())
    .bind(blob.to_string())
    .bind(name.as_str())
    .bind(signed(size_bytes))
    .bind(digest.as_bytes().to_vec())
    .execute(connection)
    .await?;
    Ok(kept.rows_affected() == 1)
}

/// Forgets an acknowledged part whose bytes are lost. Says whether it did.
pub(crate) async fn lose_part(
    connection: &mut Connection,
    owner: ConnectionId,
    upload: UploadId,
    part: Part,
    before: Timestamp,
    now: Timestamp,
) -> Answer<bool> {
    sql("update upload set state = 'open', active_at = $4
         where connection_id = $1 and id = $2 and state = 'completing' and active_at < $3
           and exists (select 1 from part where part.connection_id = upload.connection_id and part.upload_id = upload.id
                                            and number = $5 and digest = $6 and coalesce(side, -1) = $7)")
    .bind(owner.to_string())
    .bind(upload.uuid().to_string())
    .bind(before.as_millis())
    .bind(now.as_millis())
    .bind(i64::from(part.number))
    .bind(part.digest.as_bytes().to_vec())
    .bind(part.side.map_or(-1, u64::cast_signed))
    .execute(&mut *connection)
    .await?;
    let lost = sql("delete from part
                    where connection_id = $1 and upload_id = $2 and number = $3 and digest = $4 and coalesce(side, -1) = $5
                      and exists (select 1 from upload where upload.connection_id = part.connection_id
                                                         and upload.id = part.upload_id and upload.state = 'open')")
    .bind(owner.to_string())
    .bind(upload.uuid().to_string())
    .bind(i64::from(part.number))
    .bind(part.digest.as_bytes().to_vec())
    .bind(part.side.map_or(-1, u64::cast_signed))
    .execute(&mut *connection)
    .await?;
    if lost.rows_affected() == 0 {
        return Ok(false);
    }
    // Who has read the parts just before has to notice: see `record_part`.
    sql("update upload set active_at = active_at + 1 where connection_id = $1 and id = $2")
        .bind(owner.to_string())
        .bind(upload.uuid().to_string())
        .execute(connection)
        .await?;
    Ok(true)
}

/// Deletes a blob from before `before` that nothing refers to. Says whether it did.
pub(crate) async fn let_go_unreferenced(
    connection: &mut Connection,
    owner: ConnectionId,
    key: BlobKey,
    before: Timestamp,
) -> Answer<bool> {
    let row = sql("select count(*) as old from blob where connection_id = $1 and key = $2 and created_at < $3")
        .bind(owner.to_string())
        .bind(key.to_string())
        .bind(before.as_millis())
        .fetch_one(&mut *connection)
        .await?;
    Ok(row.number("old")? > 0 && trash::let_go(connection, &owner, key).await?)
}

/// Forgets the parts of every upload that has not ended, whoever owns it. Answers how many.
pub(crate) async fn forget_staged(connection: &mut Connection) -> Answer<u64> {
    for text in [
        "delete from part_slot",
        "update upload set state = 'open', closed_at = null where state = 'completing'",
        "update upload set multipart_id = null where state = 'open'",
    ] {
        sql(text).execute(&mut *connection).await?;
    }
    let forgotten = sql("delete from part
                         where exists (select 1 from upload where upload.connection_id = part.connection_id
                                                              and upload.id = part.upload_id and upload.state = 'open')")
    .execute(&mut *connection)
    .await?;
    Ok(forgotten.rows_affected())
}

/// A digest that no file is going to have: that of a text which names the blob.
fn no_files_digest(key: BlobKey) -> Digest {
    let mut hasher = FileHasher::new();
    hasher.update(format!("the original of {key} is in quarantine").as_bytes());
    hasher.finish()
}
