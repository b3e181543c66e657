//! Blobs: stored bytes, kept once for each connection however often they come.

use strongroom_core::clock::Timestamp;
use strongroom_core::id::{BlobKey, ConnectionId};
use strongroom_core::job::JobKind;
use strongroom_core::media::{Failure, Format, MediaStatus, MediaType};

use super::{Answer, Columns as _, Connection, Row, jobs, signed, sql, usage};
use crate::records::{BlobState, NewBlob, NextStep};

/// The blob that a new media will show, and how far it is.
pub(super) struct Shown {
    pub(super) blob: BlobKey,
    pub(super) media_type: MediaType,
    pub(super) status: MediaStatus,
}

/// Keeps bytes without a media of their own, or finds those that are here already. Answers which blob shows them. Bytes
/// for which the quota has no room are not kept.
pub(crate) async fn keep_blob(connection: &mut Connection, new: NewBlob, now: Timestamp) -> Answer<BlobKey> {
    let shown = match same_content(connection, &new).await? {
        Some(shown) => share(connection, &new, shown, now).await?,
        None => {
            usage::require_room(connection, &new.connection, new.size_bytes).await?;
            insert_blob(connection, &new, now).await?
        }
    };
    Ok(shown.blob)
}

/// How far a blob's renditions are.
pub(crate) async fn blob_state(
    connection: &mut Connection,
    owner: ConnectionId,
    key: BlobKey,
) -> Answer<Option<BlobState>> {
    let row = sql("select status, failure_code, failure_message from blob where connection_id = $1 and key = $2")
        .bind(owner.to_string())
        .bind(key.to_string())
        .fetch_optional(connection)
        .await?;
    let read = |row: Row| {
        let message = row.optional_text("failure_message")?.unwrap_or_default();
        let failure = row.optional_word("failure_code")?.map(|code| Failure::new(code, message));
        Ok(BlobState { key, status: row.word("status")?, failure })
    };
    row.map(read).transpose()
}

pub(super) async fn keep_or_share(connection: &mut Connection, new: &NewBlob, now: Timestamp) -> Answer<Shown> {
    let same = same_content(connection, new).await?;
    keep_beside(connection, new, same, now).await
}

/// Keeps bytes where there are none of the same content.
pub(super) async fn keep_beside(
    connection: &mut Connection,
    new: &NewBlob,
    same: Option<Shown>,
    now: Timestamp,
) -> Answer<Shown> {
    match same {
        Some(shown) => share(connection, new, shown, now).await,
        None => insert_blob(connection, new, now).await,
    }
}

async fn same_content(connection: &mut Connection, new: &NewBlob) -> Answer<Option<Shown>> {
    let row = sql(
        "select key as blob_key, type, status from blob where connection_id = $1 and etag = $2 and size_bytes = $3",
    )
    .bind(new.connection.to_string())
    .bind(new.etag.as_bytes().to_vec())
    .bind(signed(new.size_bytes))
    .fetch_optional(connection)
    .await?;
    row.map_or(Ok(None), |row| same(&row))
}

/// The blob that a row has found by the content of a new one, if it has.
pub(super) fn same(row: &Row) -> Answer<Option<Shown>> {
    let Some(blob) = row.optional_word("blob_key")? else { return Ok(None) };
    Ok(Some(Shown { blob, media_type: row.word("type")?, status: row.word("status")? }))
}

/// Shows the bytes that are here already. Only if they failed before are they tried once more.
async fn share(connection: &mut Connection, new: &NewBlob, shown: Shown, now: Timestamp) -> Answer<Shown> {
    let NextStep::Render(kind) = new.next else { return Ok(shown) };
    if shown.status != MediaStatus::Error {
        return Ok(shown);
    }
    render_again(connection, new.connection.clone(), shown.blob, kind, now).await?;
    Ok(Shown { status: MediaStatus::Processing, ..shown })
}

/// Renders a blob anew, unless that is under way or its original is lost. What failed is `processing` again; what can be shown stays shown
/// meanwhile. Says whether a job was added.
pub(crate) async fn render_again(
    connection: &mut Connection,
    owner: ConnectionId,
    blob: BlobKey,
    kind: JobKind,
    now: Timestamp,
) -> Answer<bool> {
    let row =
        sql("select 1 as live from job where connection_id = $1 and blob_key = $2 and state in ('ready', 'running')
             union all
             select 1 from blob where connection_id = $1 and key = $2 and lost_etag is not null")
        .bind(owner.to_string())
        .bind(blob.to_string())
        .fetch_optional(&mut *connection)
        .await?;
    if row.is_some() {
        return Ok(false);
    }
    forgive(connection, &owner, blob).await?;
    jobs::enqueue(connection, &owner, kind, blob, now).await?;
    Ok(true)
}

/// Makes a blob that failed, and the media that show it, `processing` again. One that has not failed stays what it is.
pub(super) async fn forgive(connection: &mut Connection, owner: &ConnectionId, blob: BlobKey) -> Answer<()> {
    for text in [
        "update blob set status = 'processing', failure_code = null, failure_message = null
         where connection_id = $1 and key = $2 and status = 'error'",
        "update media set status = 'processing' where connection_id = $1 and blob_key = $2 and status = 'error'",
    ] {
        sql(text).bind(owner.to_string()).bind(blob.to_string()).execute(&mut *connection).await?;
    }
    Ok(())
}

async fn insert_blob(connection: &mut Connection, new: &NewBlob, now: Timestamp) -> Answer<Shown> {
    let failure: Option<&Failure> = if let NextStep::Fail(failure) = &new.next { Some(failure) } else { None };
    let status = if failure.is_some() { MediaStatus::Error } else { MediaStatus::Processing };
    sql("insert into blob (connection_id, key, etag, size_bytes, format, type, status, failure_code, failure_message,
                           created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)")
    .bind(new.connection.to_string())
    .bind(new.key.to_string())
    .bind(new.etag.as_bytes().to_vec())
    .bind(signed(new.size_bytes))
    .bind(new.format.map(Format::as_str))
    .bind(new.media_type.as_str())
    .bind(status.as_str())
    .bind(failure.map(|f| f.code.as_str()))
    .bind(failure.map(|f| f.message.clone()))
    .bind(now.as_millis())
    .execute(&mut *connection)
    .await?;
    if let NextStep::Render(kind) = new.next {
        jobs::enqueue(connection, &new.connection, kind, new.key, now).await?;
    }
    Ok(Shown { blob: new.key, media_type: new.media_type, status })
}
