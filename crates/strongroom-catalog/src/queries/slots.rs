//! What nodes share of an upload whose parts lie in an object store: its multipart upload, and who may write which part.

use strongroom_core::clock::Timestamp;
use strongroom_core::id::{ConnectionId, UploadId};

use super::{Answer, Columns as _, Connection, sql};

/// Claims the right to write a part under its own number, while the session is open. Says whether it was free.
pub(crate) async fn claim_slot(
    connection: &mut Connection,
    owner: ConnectionId,
    upload: UploadId,
    number: u32,
) -> Answer<bool> {
    let claimed = sql("insert into part_slot (connection_id, upload_id, number)
                       select connection_id, id, $3 from upload
                       where connection_id = $1 and id = $2 and state = 'open'
                       on conflict (connection_id, upload_id, number) do nothing")
    .bind(owner.to_string())
    .bind(upload.uuid().to_string())
    .bind(i64::from(number))
    .execute(connection)
    .await?;
    Ok(claimed.rows_affected() == 1)
}

/// Gives the right back, where nothing was written. A part that counts keeps it.
pub(crate) async fn release_slot(
    connection: &mut Connection,
    owner: ConnectionId,
    upload: UploadId,
    number: u32,
) -> Answer<()> {
    sql("delete from part_slot where connection_id = $1 and upload_id = $2 and number = $3
         and not exists (select 1 from part
                         where connection_id = $1 and upload_id = $2 and number = $3 and side is null)")
    .bind(owner.to_string())
    .bind(upload.uuid().to_string())
    .bind(i64::from(number))
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes the multipart upload that holds a session's parts, unless it has one. Answers the one that it has; `None` where the
/// session is not open.
pub(crate) async fn keep_multipart(
    connection: &mut Connection,
    owner: ConnectionId,
    upload: UploadId,
    multipart: String,
) -> Answer<Option<String>> {
    let row = sql("update upload set multipart_id = coalesce(multipart_id, $3)
                   where connection_id = $1 and id = $2 and state = 'open' returning multipart_id")
    .bind(owner.to_string())
    .bind(upload.uuid().to_string())
    .bind(multipart)
    .fetch_optional(connection)
    .await?;
    row.map_or(Ok(None), |row| row.optional_text("multipart_id"))
}

/// The multipart upload that a row names for this session, whoever owns it. For the sweep of those that no row names.
pub(crate) async fn multipart_of_staged(connection: &mut Connection, upload: UploadId) -> Answer<Option<String>> {
    let row = sql("select multipart_id from upload where id = $1 and state in ('open', 'completing')")
        .bind(upload.uuid().to_string())
        .fetch_optional(connection)
        .await?;
    row.map_or(Ok(None), |row| row.optional_text("multipart_id"))
}

/// Opens a session that was `completing` again, without any of its parts: they were joined, and are not what was announced. Says
/// whether it was completing.
pub(crate) async fn reopen_empty(
    connection: &mut Connection,
    owner: ConnectionId,
    upload: UploadId,
    now: Timestamp,
) -> Answer<bool> {
    let reopened = sql("update upload set state = 'open', active_at = $3, multipart_id = null
                        where connection_id = $1 and id = $2 and state = 'completing'")
    .bind(owner.to_string())
    .bind(upload.uuid().to_string())
    .bind(now.as_millis())
    .execute(&mut *connection)
    .await?;
    if reopened.rows_affected() == 0 {
        return Ok(false);
    }
    for parts_of in [
        "delete from part where connection_id = $1 and upload_id = $2",
        "delete from part_slot where connection_id = $1 and upload_id = $2",
    ] {
        sql(parts_of).bind(owner.to_string()).bind(upload.uuid().to_string()).execute(&mut *connection).await?;
    }
    Ok(true)
}
