//! Uploads whose parts go to the object store itself: of those, rows know nothing before they are complete.

use strongroom_core::clock::Timestamp;
use strongroom_core::id::{ConnectionId, UploadId};
use strongroom_core::upload::UploadState;

use super::{Answer, Columns as _, Connection, json_list, parts, sql, uploads, usage};
use crate::CatalogError;
use crate::records::Part;

/// Puts off the expiry of an open session: its client is at work, though nothing of that is seen here. Says whether it is open.
pub(crate) async fn keep_open(
    connection: &mut Connection,
    owner: ConnectionId,
    id: UploadId,
    now: Timestamp,
    expires_at: Timestamp,
) -> Answer<bool> {
    let kept =
        sql("update upload set active_at = $3, expires_at = case when $4 > expires_at then $4 else expires_at end
                    where connection_id = $1 and id = $2 and state = 'open'")
        .bind(owner.to_string())
        .bind(id.uuid().to_string())
        .bind(now.as_millis())
        .bind(expires_at.as_millis())
        .execute(connection)
        .await?;
    Ok(kept.rows_affected() == 1)
}

/// As [`uploads::begin_completing`], of a session whose digest is not known yet: a quota has to have room for its bytes even if
/// they are here already. Keeps the tags of its parts, for whichever run joins them.
pub(crate) async fn begin_completing_unread(
    connection: &mut Connection,
    owner: ConnectionId,
    id: UploadId,
    tags: Vec<String>,
    now: Timestamp,
) -> Answer<bool> {
    let (open, completing) = (UploadState::Open, UploadState::Completing);
    if !uploads::move_upload(connection, owner.clone(), id, open, completing, now).await? {
        return Ok(false);
    }
    let row = sql("update upload set part_tags = $3 where connection_id = $1 and id = $2 returning size_bytes")
        .bind(owner.to_string())
        .bind(id.uuid().to_string())
        .bind(json_list(&tags))
        .fetch_one(&mut *connection)
        .await?;
    usage::require_room_at_last(connection, &owner, None, row.unsigned("size_bytes")?).await?;
    Ok(true)
}

/// The tags that [`begin_completing_unread`] kept, in order.
pub(crate) async fn part_tags(connection: &mut Connection, owner: ConnectionId, id: UploadId) -> Answer<Vec<String>> {
    let row = sql("select part_tags from upload where connection_id = $1 and id = $2")
        .bind(owner.to_string())
        .bind(id.uuid().to_string())
        .fetch_optional(connection)
        .await?;
    let tags = row.map_or(Ok(None), |row| row.optional_text("part_tags"))?;
    let unreadable = |error| CatalogError::Unreadable(format!("part_tags: {error}"));
    tags.map_or(Ok(Vec::new()), |tags| serde_json::from_str(&tags).map_err(unreadable))
}

/// Keeps the digest of a part that was read from the joined file, and notes that somebody is at it. Says whether the session is
/// `completing` still.
pub(crate) async fn keep_read_part(
    connection: &mut Connection,
    owner: ConnectionId,
    upload: UploadId,
    part: Part,
    now: Timestamp,
) -> Answer<bool> {
    let noted = sql("update upload set active_at = $3 where connection_id = $1 and id = $2 and state = 'completing'")
        .bind(owner.to_string())
        .bind(upload.uuid().to_string())
        .bind(now.as_millis())
        .execute(&mut *connection)
        .await?;
    if noted.rows_affected() == 0 {
        return Ok(false);
    }
    // Whoever has read it before has read the same bytes.
    parts::insert(connection, &owner, upload, part, now).await?;
    Ok(true)
}
