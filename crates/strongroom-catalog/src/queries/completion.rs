//! The transaction that turns an upload into a media: media, upload `completed`, job and event, all or none.

use strongroom_core::clock::Timestamp;
use strongroom_core::id::{BlobKey, MediaId};
use strongroom_core::media::{Failure, MediaStatus, MediaType};

use super::{Answer, Columns as _, Connection, events, jobs, signed, sql, uploads};
use crate::CatalogError;
use crate::records::{Completed, NewMedia, NextStep};

/// The blob that a new media will show, and how far it is.
struct Shown {
    blob: BlobKey,
    media_type: MediaType,
    status: MediaStatus,
}

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
    let shown = match same_content(connection, &new).await? {
        Some(shown) => share(connection, &new, shown, now).await?,
        None => keep_blob(connection, &new, now).await?,
    };
    let media = insert_media(connection, &new, &shown, now).await?;
    sql("update upload set media_id = $3 where connection_id = $1 and id = $2")
        .bind(new.connection.to_string())
        .bind(new.upload.uuid().to_string())
        .bind(media.number())
        .execute(&mut *connection)
        .await?;
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

async fn same_content(connection: &mut Connection, new: &NewMedia) -> Answer<Option<Shown>> {
    let row = sql("select key, type, status from blob where connection_id = $1 and etag = $2 and size_bytes = $3")
        .bind(new.connection.to_string())
        .bind(new.etag.as_bytes().to_vec())
        .bind(signed(new.size_bytes))
        .fetch_optional(connection)
        .await?;
    row.map(|row| Ok(Shown { blob: row.word("key")?, media_type: row.word("type")?, status: row.word("status")? }))
        .transpose()
}

/// Shows the bytes that are here already. Only if they failed before are they tried once more.
async fn share(connection: &mut Connection, new: &NewMedia, shown: Shown, now: Timestamp) -> Answer<Shown> {
    let NextStep::Render(kind) = new.next else { return Ok(shown) };
    if shown.status != MediaStatus::Error {
        return Ok(shown);
    }
    sql("update blob set status = 'processing', failure_code = null, failure_message = null
         where connection_id = $1 and key = $2")
    .bind(new.connection.to_string())
    .bind(shown.blob.to_string())
    .execute(&mut *connection)
    .await?;
    sql("update media set status = 'processing' where connection_id = $1 and blob_key = $2")
        .bind(new.connection.to_string())
        .bind(shown.blob.to_string())
        .execute(&mut *connection)
        .await?;
    jobs::enqueue(connection, &new.connection, kind, shown.blob, now).await?;
    Ok(Shown { status: MediaStatus::Processing, ..shown })
}

async fn keep_blob(connection: &mut Connection, new: &NewMedia, now: Timestamp) -> Answer<Shown> {
    let failure: Option<&Failure> = if let NextStep::Fail(failure) = &new.next { Some(failure) } else { None };
    let status = if failure.is_some() { MediaStatus::Error } else { MediaStatus::Processing };
    sql("insert into blob (connection_id, key, etag, size_bytes, format, type, status, failure_code, failure_message,
                           created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)")
    .bind(new.connection.to_string())
    .bind(new.blob.to_string())
    .bind(new.etag.as_bytes().to_vec())
    .bind(signed(new.size_bytes))
    .bind(new.format.map(strongroom_core::media::Format::as_str))
    .bind(new.media_type.as_str())
    .bind(status.as_str())
    .bind(failure.map(|f| f.code.as_str()))
    .bind(failure.map(|f| f.message.clone()))
    .bind(now.as_millis())
    .execute(&mut *connection)
    .await?;
    if let NextStep::Render(kind) = new.next {
        jobs::enqueue(connection, &new.connection, kind, new.blob, now).await?;
    }
    Ok(Shown { blob: new.blob, media_type: new.media_type, status })
}

async fn insert_media(connection: &mut Connection, new: &NewMedia, shown: &Shown, now: Timestamp) -> Answer<MediaId> {
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
