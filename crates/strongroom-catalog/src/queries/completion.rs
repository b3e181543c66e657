//! The transaction that turns an upload into a media: media, upload `completed`, job and event, all or none.

use strongroom_core::clock::Timestamp;
use strongroom_core::id::MediaId;
use strongroom_core::media::MediaStatus;

use super::{Answer, Columns as _, Connection, blobs, events, named, sql, uploads};
use crate::CatalogError;
use crate::records::{Completed, NewMedia};

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
    let data = format!("{{\"mediaUploadId\":\"{}\",\"mediaId\":{media}}}", new.upload);
    events::record(connection, &new.connection, "upload.completed", Some(media), data, now).await?;
    if let Some(event_type) = settled_event(shown.status) {
        let data = format!("{{\"mediaId\":{media}}}");
        events::record(connection, &new.connection, event_type, Some(media), data, now).await?;
    }
    Ok(Completed { media, blob: shown.blob })
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
