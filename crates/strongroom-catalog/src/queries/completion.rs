//! The transaction that turns an upload into a media: media, upload `completed`, job and event, all or none.

use strongroom_core::clock::Timestamp;
use strongroom_core::id::MediaId;
use strongroom_core::media::MediaStatus;
use strongroom_core::upload::UploadState;

use super::{
    Answer, Columns as _, Connection, Row, blobs, connections, dialect, events, named, parts, signed, sql, uploads,
    usage,
};
use crate::CatalogError;
use crate::records::{Completed, NewMedia, Part, WholeCompleted};

/// Completes an upload that is `completing`. Run again, it answers what the first run made.
pub(crate) async fn complete_upload(connection: &mut Connection, new: NewMedia, now: Timestamp) -> Answer<Completed> {
    let closed = sql("update upload set state = 'completed', closed_at = $3
                      where connection_id = $1 and id = $2 and state = 'completing'")
    .bind(new.connection.to_string())
    .bind(new.upload.uuid().to_string())
    .bind(now.as_millis())
    .execute(&mut *connection)
    .await?;
    if closed.rows_affected() == 0 {
        return already_completed(connection, &new).await;
    }
    let shown = blobs::keep_or_share(connection, &new.to_blob(), now).await?;
    let media = insert_media(connection, &new, &shown, now).await?;
    sql("update upload set media_id = $3 where connection_id = $1 and id = $2")
        .bind(new.connection.to_string())
        .bind(new.upload.uuid().to_string())
        .bind(media.number())
        .execute(&mut *connection)
        .await?;
    named::attach_named(connection, &new.connection, new.upload, media, now).await?;
    tell(connection, &new, media, &shown, now).await?;
    Ok(Completed { media, blob: shown.blob })
}

/// Completes an upload that is `open`, whose whole file came in one request and lies under a key of its own. Part, media,
/// `completed`, job and event: whoever comes second finds it so, and nothing of his is kept. Bytes for which the quota has no
/// room leave it open.
pub(crate) async fn complete_whole(
    connection: &mut Connection,
    new: NewMedia,
    now: Timestamp,
) -> Answer<WholeCompleted> {
    let Some(row) = look_at_whole(connection, &new).await? else {
        return Ok(WholeCompleted::NotOpen(UploadState::Aborted));
    };
    let state = row.word("state")?;
    if state != UploadState::Open {
        return Ok(WholeCompleted::NotOpen(state));
    }
    let same = blobs::same(&row)?;
    if let (None, Some(limit)) = (&same, row.optional_unsigned("quota_bytes")?) {
        let used = row.unsigned("stored_bytes")?;
        usage::require_room_for_whole(connection, &new.connection, limit, used, new.size_bytes).await?;
    }
    let part = Part { number: 1, size_bytes: new.size_bytes, digest: new.etag, side: None, tag: None };
    parts::insert(connection, &new.connection, new.upload, part, now).await?;
    let shown = blobs::keep_beside(connection, &new.to_blob(), same, now).await?;
    let media = insert_media(connection, &new, &shown, now).await?;
    let closed = sql("update upload set state = 'completed', media_id = $3, active_at = $4, closed_at = $4
                      where connection_id = $1 and id = $2 and state = 'open'")
    .bind(new.connection.to_string())
    .bind(new.upload.uuid().to_string())
    .bind(media.number())
    .bind(now.as_millis())
    .execute(&mut *connection)
    .await?;
    if closed.rows_affected() == 0 {
        return Err(CatalogError::Contended(format!("{} was closed meanwhile", new.upload)));
    }
    if row.optional_text("named_by")?.is_some() {
        named::attach_named(connection, &new.connection, new.upload, media, now).await?;
    }
    tell(connection, &new, media, &shown, now).await?;
    let had_part = row.number("parts")? > 0;
    Ok(WholeCompleted::Completed { completed: Completed { media, blob: shown.blob }, had_part })
}

/// All that decides about a whole file, in one look: the session, the quota, and the blob with the same content.
async fn look_at_whole(connection: &mut Connection, new: &NewMedia) -> Answer<Option<Row>> {
    Ok(sql(concat!(
        "select upload.state, upload.named_by, usage.stored_bytes,
                coalesce(connection.quota_bytes, inherited.quota_bytes) as quota_bytes,
                (select count(*) from part where connection_id = $1 and upload_id = $2) as parts,
                blob.key as blob_key, blob.type, blob.status
         from upload
         join usage on usage.connection_id = upload.connection_id
         join connection on connection.id = upload.connection_id ",
        connections::join_inherited!(),
        " left join blob on blob.connection_id = upload.connection_id and blob.etag = $3 and blob.size_bytes = $4
         where upload.connection_id = $1 and upload.id = $2",
        dialect::locking!("upload")
    ))
    .bind(new.connection.to_string())
    .bind(new.upload.uuid().to_string())
    .bind(new.etag.as_bytes().to_vec())
    .bind(signed(new.size_bytes))
    .fetch_optional(connection)
    .await?)
}

/// Writes the events of a new media.
async fn tell(
    connection: &mut Connection,
    new: &NewMedia,
    media: MediaId,
    shown: &blobs::Shown,
    now: Timestamp,
) -> Answer<()> {
    let completed = format!("{{\"mediaUploadId\":\"{}\",\"mediaId\":{media}}}", new.upload);
    let mut events = vec![("upload.completed", completed)];
    events.extend(settled_event(shown.status).map(|event_type| (event_type, format!("{{\"mediaId\":{media}}}"))));
    events::record_first(connection, &new.connection, media, events, now).await
}

/// The event that tells of a media's end state.
pub(super) const fn settled_event(status: MediaStatus) -> Option<&'static str> {
    match status {
        MediaStatus::Ready => Some("media.ready"),
        MediaStatus::Error => Some("media.failed"),
        MediaStatus::Playable => Some("media.playable"),
        MediaStatus::Processing => None,
    }
}

async fn already_completed(connection: &mut Connection, new: &NewMedia) -> Answer<Completed> {
    let upload = uploads::upload(connection, new.connection.clone(), new.upload).await?;
    let media = upload
        .and_then(|upload| upload.media)
        .ok_or_else(|| CatalogError::Unavailable(format!("{} is neither completing nor completed", new.upload)))?;
    let row = sql("select blob_key from media where connection_id = $1 and id = $2")
        .bind(new.connection.to_string())
        .bind(media.number())
        .fetch_one(connection)
        .await?;
    Ok(Completed { media, blob: row.word("blob_key")? })
}

async fn insert_media(
    connection: &mut Connection,
    new: &NewMedia,
    shown: &blobs::Shown,
    now: Timestamp,
) -> Answer<MediaId> {
    let row = sql("insert into media (connection_id, upload_id, blob_key, type, status, filename, created_at)
                   values ($1, $2, $3, $4, $5, $6, $7) returning id")
    .bind(new.connection.to_string())
    .bind(new.upload.uuid().to_string())
    .bind(shown.blob.to_string())
    .bind(shown.media_type.as_str())
    .bind(shown.status.as_str())
    .bind(new.filename.clone())
    .bind(now.as_millis())
    .fetch_one(connection)
    .await?;
    row.number("id").map(MediaId::new)
}
