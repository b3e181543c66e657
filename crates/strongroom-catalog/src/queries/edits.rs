//! What people change of a media by hand.

use strongroom_core::id::{ConnectionId, MediaId};

use super::{Answer, Connection, sql};
use crate::records::MediaEdit;

/// Changes a media. Says whether there is such a media.
pub(crate) async fn edit_media(
    connection: &mut Connection,
    owner: ConnectionId,
    id: MediaId,
    edit: MediaEdit,
) -> Answer<bool> {
    let edited = sql("update media set filename = coalesce($3, filename), likes = coalesce($4, likes),
                             tips = coalesce($5, tips)
                      where connection_id = $1 and id = $2 and deleted_at is null")
    .bind(owner.to_string())
    .bind(id.number())
    .bind(edit.filename)
    .bind(edit.likes)
    .bind(edit.tips)
    .execute(connection)
    .await?;
    Ok(edited.rows_affected() == 1)
}
