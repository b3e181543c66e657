//! Upload sessions.

use strongroom_core::clock::Timestamp;
use strongroom_core::digest::Digest;
use strongroom_core::id::{BlobKey, ConnectionId, UploadId};
use strongroom_core::upload::{Plan, UploadState};

use super::{Answer, Columns as _, Connection, Row, dialect, signed, sql, usage};
use crate::CatalogError;
use crate::records::Upload;

macro_rules! select_upload {
    ($($rest:literal),+) => {
        concat!("select connection_id, id, state, filename, content_type, size_bytes, part_bytes, repr_digest, media_id,
                        created_at, active_at, expires_at, multipart_id, is_direct from upload ", $($rest),+)
    };
}

/// Opens a session, unless the connection has `most_open` open ones already. Says whether it did. Its bytes are promised
/// from here on: where the quota has no room for them, none is opened.
pub(crate) async fn create_upload(connection: &mut Connection, upload: Upload, most_open: i64) -> Answer<bool> {
    usage::require_room(connection, &upload.connection, upload.plan.size()).await?;
    let created = sql("insert into upload (connection_id, id, state, filename, content_type, size_bytes, part_bytes,
                                           repr_digest, created_at, active_at, expires_at, is_direct)
                       select $1, $2, 'open', $3, $4, $5, $6, $7, $8, $8, $9, $11
                       where (select count(*) from upload where connection_id = $1 and state = 'open') < $10
                         and exists (select 1 from connection where id = $1 and deleted_at is null)")
    .bind(upload.connection.to_string())
    .bind(upload.id.uuid().to_string())
    .bind(upload.filename)
    .bind(upload.content_type)
    .bind(signed(upload.plan.size()))
    .bind(signed(upload.plan.part_bytes()))
    .bind(upload.repr_digest)
    .bind(upload.created_at.as_millis())
    .bind(upload.expires_at.as_millis())
    .bind(most_open)
    .bind(i64::from(upload.is_direct))
    .execute(connection)
    .await?;
    Ok(created.rows_affected() == 1)
}

/// One session of a connection.
pub(crate) async fn upload(connection: &mut Connection, owner: ConnectionId, id: UploadId) -> Answer<Option<Upload>> {
    let row = sql(select_upload!("where connection_id = $1 and id = $2"))
        .bind(owner.to_string())
        .bind(id.uuid().to_string())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(read).transpose()
}

/// A connection's sessions, newest first.
pub(crate) async fn list_uploads(
    connection: &mut Connection,
    owner: ConnectionId,
    state: Option<UploadState>,
    limit: u32,
    offset: u64,
) -> Answer<Vec<Upload>> {
    let rows = sql(select_upload!(
        "where connection_id = $1 and ($2 is null or state = $2) order by created_at desc, id desc limit $3 offset $4"
    ))
    .bind(owner.to_string())
    .bind(state.map(UploadState::as_str))
    .bind(i64::from(limit))
    .bind(signed(offset))
    .fetch_all(connection)
    .await?;
    rows.iter().map(read).collect()
}

/// Moves a session from one state to another. Says whether it was in the first.
pub(crate) async fn move_upload(
    connection: &mut Connection,
    owner: ConnectionId,
    id: UploadId,
    from: UploadState,
    to: UploadState,
    now: Timestamp,
) -> Answer<bool> {
    let moved = sql("update upload set state = $4, active_at = $5,
                            closed_at = case when $4 in ('aborted', 'expired') then $5 else null end
                     where connection_id = $1 and id = $2 and state = $3")
    .bind(owner.to_string())
    .bind(id.uuid().to_string())
    .bind(from.as_str())
    .bind(to.as_str())
    .bind(now.as_millis())
    .execute(connection)
    .await?;
    Ok(moved.rows_affected() == 1)
}

/// Lets a session be completed: from here on no part is taken. Says what its `active_at` was, and `None` where it was not open. Where a quota that was lowered since has no room for its bytes any more, it stays open.
pub(crate) async fn begin_completing(
    connection: &mut Connection,
    owner: ConnectionId,
    id: UploadId,
    etag: Digest,
    now: Timestamp,
) -> Answer<Option<Timestamp>> {
    let row = sql(concat!(
        "select size_bytes, active_at from upload where connection_id = $1 and id = $2 and state = 'open'",
        dialect::locking!("upload")
    ))
    .bind(owner.to_string())
    .bind(id.uuid().to_string())
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    move_upload(connection, owner.clone(), id, UploadState::Open, UploadState::Completing, now).await?;
    usage::require_room_at_last(connection, &owner, Some(etag), row.unsigned("size_bytes")?).await?;
    row.time("active_at").map(Some)
}

/// Open sessions whose time has come.
pub(crate) async fn due_uploads(connection: &mut Connection, now: Timestamp, limit: u32) -> Answer<Vec<Upload>> {
    let rows = sql(select_upload!("where state = 'open' and expires_at <= $1 order by expires_at limit $2"))
        .bind(now.as_millis())
        .bind(i64::from(limit))
        .fetch_all(connection)
        .await?;
    rows.iter().map(read).collect()
}

/// Expires a session, unless a part was accepted since it was found due.
pub(crate) async fn expire_upload(
    connection: &mut Connection,
    owner: ConnectionId,
    id: UploadId,
    now: Timestamp,
) -> Answer<bool> {
    let expired = sql("update upload set state = 'expired', closed_at = $3
                       where connection_id = $1 and id = $2 and state = 'open' and expires_at <= $3")
    .bind(owner.to_string())
    .bind(id.uuid().to_string())
    .bind(now.as_millis())
    .execute(&mut *connection)
    .await?;
    if expired.rows_affected() == 0 {
        return Ok(false);
    }
    let data = format!("{{\"mediaUploadId\":\"{id}\"}}");
    super::events::record(connection, &owner, "upload.expired", None, data, now).await?;
    Ok(true)
}

/// Sessions that a crash left in `completing`, untouched since `before`.
pub(crate) async fn interrupted_uploads(connection: &mut Connection, before: Timestamp) -> Answer<Vec<Upload>> {
    let rows = sql(select_upload!("where state = 'completing' and active_at < $1 order by active_at limit 100"))
        .bind(before.as_millis())
        .fetch_all(connection)
        .await?;
    rows.iter().map(read).collect()
}

/// The state of a session, whoever owns it; for the sweeper, which finds sessions by their files.
pub(crate) async fn state_of_staged(connection: &mut Connection, id: UploadId) -> Answer<Option<UploadState>> {
    let row =
        sql("select state from upload where id = $1").bind(id.uuid().to_string()).fetch_optional(connection).await?;
    row.as_ref().map(|row| row.word("state")).transpose()
}

/// Whether a row says that a part lies in this side file. For the sweeper.
pub(crate) async fn names_side_file(
    connection: &mut Connection,
    id: UploadId,
    number: u32,
    generation: u64,
) -> Answer<bool> {
    let row = sql("select 1 as named from part
                   where connection_id = (select connection_id from upload where id = $1)
                     and upload_id = $1 and number = $2 and side = $3")
    .bind(id.uuid().to_string())
    .bind(i64::from(number))
    .bind(generation.cast_signed())
    .fetch_optional(connection)
    .await?;
    Ok(row.is_some())
}

/// Whether a row names these bytes, or a complete that is not at its end will. For the sweeper.
pub(crate) async fn names_blob(connection: &mut Connection, blob: BlobKey) -> Answer<bool> {
    let row = sql("select 1 as named from blob where key = $1
                   union all select 1 from upload where id = $1 and state in ('open', 'completing')")
    .bind(blob.to_string())
    .fetch_optional(connection)
    .await?;
    Ok(row.is_some())
}

/// Forgets aborted and expired sessions that closed before `before`. Answers how many.
pub(crate) async fn purge_uploads(connection: &mut Connection, before: Timestamp) -> Answer<u64> {
    let purged = sql("delete from upload where state in ('aborted', 'expired') and closed_at < $1")
        .bind(before.as_millis())
        .execute(connection)
        .await?;
    Ok(purged.rows_affected())
}

pub(super) fn read(row: &Row) -> Answer<Upload> {
    let (size, part_bytes) = (row.unsigned("size_bytes")?, row.unsigned("part_bytes")?);
    let plan = Plan::with_part_bytes(size, part_bytes)
        .ok_or_else(|| CatalogError::Unreadable(format!("an upload of {size} bytes in parts of {part_bytes}")))?;
    Ok(Upload {
        connection: row.word("connection_id")?,
        id: row.upload("id")?,
        state: row.word("state")?,
        filename: row.text("filename")?,
        content_type: row.text("content_type")?,
        plan,
        repr_digest: row.optional_text("repr_digest")?,
        media: row.optional_number("media_id")?.map(strongroom_core::id::MediaId::new),
        created_at: row.time("created_at")?,
        active_at: row.time("active_at")?,
        expires_at: row.time("expires_at")?,
        multipart: row.optional_text("multipart_id")?,
        is_direct: row.number("is_direct")? != 0,
    })
}
