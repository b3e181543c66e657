//! Parts.

use strongroom_core::clock::Timestamp;
use strongroom_core::id::{ConnectionId, UploadId};
use strongroom_core::upload::UploadState;

use super::{Answer, Columns as _, Connection, Row, dialect, signed, sql, uploads};
use crate::records::{Part, PartRecorded, Upload};

/// The acknowledged part of this number.
pub(crate) async fn part(
    connection: &mut Connection,
    owner: ConnectionId,
    upload: UploadId,
    number: u32,
) -> Answer<Option<Part>> {
    let row = sql("select number, size_bytes, digest, side, store_tag from part
                   where connection_id = $1 and upload_id = $2 and number = $3")
    .bind(owner.to_string())
    .bind(upload.uuid().to_string())
    .bind(i64::from(number))
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(read).transpose()
}

/// The acknowledged parts, in order.
pub(crate) async fn parts(connection: &mut Connection, owner: ConnectionId, upload: UploadId) -> Answer<Vec<Part>> {
    let of_upload = sql("select number, size_bytes, digest, side, store_tag from part
                         where connection_id = $1 and upload_id = $2 order by number")
    .bind(owner.to_string())
    .bind(upload.uuid().to_string());
    dialect::read_all(of_upload, connection, read).await
}

/// A session, and then its parts: one that is accepted in between is among them, and moves `active_at` on.
pub(crate) async fn upload_with_parts(
    connection: &mut Connection,
    owner: ConnectionId,
    id: UploadId,
) -> Answer<Option<(Upload, Vec<Part>)>> {
    let Some(upload) = uploads::upload(&mut *connection, owner.clone(), id).await? else { return Ok(None) };
    let parts = parts(connection, owner, id).await?;
    Ok(Some((upload, parts)))
}

/// Makes a part count, if the session is still open, and puts off its expiry. The last whole write wins; one of the same bytes
/// changes nothing, since those are kept already. `active_at` is another after every part, also where several come in one
/// millisecond: who has read it knows whether the parts that were read after it are still all there are.
pub(crate) async fn record_part(
    connection: &mut Connection,
    owner: ConnectionId,
    upload: UploadId,
    part: Part,
    now: Timestamp,
    expires_at: Timestamp,
) -> Answer<PartRecorded> {
    let extended = sql("update upload set active_at = case when $3 > active_at then $3 else active_at + 1 end,
                               expires_at = case when $4 > expires_at then $4 else expires_at end
                        where connection_id = $1 and id = $2 and state = 'open'")
    .bind(owner.to_string())
    .bind(upload.uuid().to_string())
    .bind(now.as_millis())
    .bind(expires_at.as_millis())
    .execute(&mut *connection)
    .await?;
    if extended.rows_affected() == 0 {
        let state = uploads::upload(connection, owner, upload).await?.map_or(UploadState::Aborted, |u| u.state);
        return Ok(PartRecorded::NotOpen(state));
    }
    let before = self::part(&mut *connection, owner.clone(), upload, part.number).await?;
    if before.as_ref().is_some_and(|before| before.digest == part.digest && before.size_bytes == part.size_bytes) {
        return Ok(PartRecorded::Accepted { unneeded_side: part.side });
    }
    insert(connection, &owner, upload, part, now).await?;
    Ok(PartRecorded::Accepted { unneeded_side: before.and_then(|before| before.side) })
}

/// Writes the row of a part, over that of an earlier try.
pub(super) async fn insert(
    connection: &mut Connection,
    owner: &ConnectionId,
    upload: UploadId,
    part: Part,
    now: Timestamp,
) -> Answer<()> {
    sql("insert into part (connection_id, upload_id, number, size_bytes, digest, side, store_tag, received_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (connection_id, upload_id, number)
         do update set size_bytes = $4, digest = $5, side = $6, store_tag = $7, received_at = $8")
    .bind(owner.to_string())
    .bind(upload.uuid().to_string())
    .bind(i64::from(part.number))
    .bind(signed(part.size_bytes))
    .bind(part.digest.as_bytes().to_vec())
    .bind(part.side.map(u64::cast_signed))
    .bind(part.tag)
    .bind(now.as_millis())
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) fn read(row: &Row) -> Answer<Part> {
    Ok(Part {
        number: row.unsigned("number")?,
        size_bytes: row.unsigned("size_bytes")?,
        digest: row.digest("digest")?,
        side: row.optional_number("side")?.map(i64::cast_unsigned),
        tag: row.optional_text("store_tag")?,
    })
}
