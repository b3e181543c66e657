//! Which media are on which lists.

use strongroom_core::clock::Timestamp;
use strongroom_core::id::{ConnectionId, ListId, MediaId, MediaReference};

use super::{Answer, Connection, sql, trash};
use crate::records::ListChange;

/// Puts media on a list, all or none. Those that are on it stay as they are.
pub(crate) async fn add_to_list(
    connection: &mut Connection,
    owner: ConnectionId,
    list: ListId,
    media: Vec<MediaReference>,
    now: Timestamp,
) -> Answer<ListChange> {
    // All are found before any is added: what is refused changes nothing.
    let media = match find(connection, &owner, list, media, false).await? {
        Ok(media) => media,
        Err(refused) => return Ok(refused),
    };
    for id in media {
        put_on_list(connection, &owner, list, id, now).await?;
    }
    Ok(ListChange::Done)
}

/// Takes media off a list, all or none. Those that are not on it are passed over.
pub(crate) async fn take_off_list(
    connection: &mut Connection,
    owner: ConnectionId,
    list: ListId,
    media: Vec<MediaReference>,
) -> Answer<ListChange> {
    let media = match find(connection, &owner, list, media, true).await? {
        Ok(media) => media,
        Err(refused) => return Ok(refused),
    };
    for id in media {
        sql("delete from list_media where connection_id = $1 and list_id = $2 and media_id = $3")
            .bind(owner.to_string())
            .bind(list.number())
            .bind(id.number())
            .execute(&mut *connection)
            .await?;
    }
    Ok(ListChange::Done)
}

/// Takes at most `limit` media off a list. Answers how many.
pub(crate) async fn clear_list(
    connection: &mut Connection,
    owner: ConnectionId,
    id: ListId,
    limit: u32,
) -> Answer<u64> {
    let cleared = sql("delete from list_media
                       where connection_id = $1 and list_id = $2 and media_id in (
                           select media_id from list_media where connection_id = $1 and list_id = $2 limit $3)")
    .bind(owner.to_string())
    .bind(id.number())
    .bind(i64::from(limit))
    .execute(connection)
    .await?;
    Ok(cleared.rows_affected())
}

/// Puts a media on a list, if there is such a list.
pub(super) async fn put_on_list(
    connection: &mut Connection,
    owner: &ConnectionId,
    list: ListId,
    media: MediaId,
    now: Timestamp,
) -> Answer<()> {
    sql("insert into list_media (connection_id, list_id, media_id, added_at)
         select connection_id, id, $3, $4 from list where connection_id = $1 and id = $2
         on conflict (connection_id, list_id, media_id) do nothing")
    .bind(owner.to_string())
    .bind(list.number())
    .bind(media.number())
    .bind(now.as_millis())
    .execute(connection)
    .await?;
    Ok(())
}

/// The ids of `media`, where there is such a list, and all of them are there.
async fn find(
    connection: &mut Connection,
    owner: &ConnectionId,
    list: ListId,
    media: Vec<MediaReference>,
    may_be_in_trash: bool,
) -> Answer<Result<Vec<MediaId>, ListChange>> {
    if !has_list(connection, owner, list).await? {
        return Ok(Err(ListChange::NoSuchList));
    }
    let mut found = Vec::with_capacity(media.len());
    for (index, reference) in media.into_iter().enumerate() {
        let known = trash::known_media(connection, owner.clone(), reference).await?;
        match known.filter(|known| may_be_in_trash || !known.is_in_trash) {
            Some(known) => found.push(known.id),
            None => return Ok(Err(ListChange::NoSuchMedia(index))),
        }
    }
    Ok(Ok(found))
}

async fn has_list(connection: &mut Connection, owner: &ConnectionId, id: ListId) -> Answer<bool> {
    let row = sql("select 1 as found from list where connection_id = $1 and id = $2")
        .bind(owner.to_string())
        .bind(id.number())
        .fetch_optional(connection)
        .await?;
    Ok(row.is_some())
}
