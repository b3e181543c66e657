//! Lists of media.

use strongroom_core::clock::Timestamp;
use strongroom_core::id::{ConnectionId, ListId, MediaId};
use strongroom_core::list::ListType;
use strongroom_core::media::MediaType;

use super::media::{select_media, whole};
use super::{Answer, Columns as _, Connection, Row, dialect, json_list, listing, signed, sql};
use crate::records::{ListName, Media, Shelf, VaultList, VaultOverview};

/// Ids stay below a million: one client prints them as floats, and would print more digits as `1e+06`.
const LARGEST_LIST_ID: i64 = 999_999;

/// How many media stand for a list.
const COVERS: i64 = 4;

/// Makes a list. `None` where the numbers of the connection are used up.
pub(crate) async fn create_list(
    connection: &mut Connection,
    owner: ConnectionId,
    name: String,
    now: Timestamp,
) -> Answer<Option<ListId>> {
    let row = sql("update connection set last_list_id = last_list_id + 1 where id = $1 and last_list_id < $2
                   returning last_list_id")
    .bind(owner.to_string())
    .bind(LARGEST_LIST_ID)
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let id = row.number("last_list_id")?;
    sql("insert into list (connection_id, id, type, name, folded, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $6)")
    .bind(owner.to_string())
    .bind(id)
    .bind(ListType::Custom.as_str())
    .bind(name.clone())
    .bind(name.to_lowercase())
    .bind(now.as_millis())
    .execute(connection)
    .await?;
    Ok(Some(ListId::new(id)))
}

/// Gives a list another name. Says whether there is such a list.
pub(crate) async fn rename_list(
    connection: &mut Connection,
    owner: ConnectionId,
    id: ListId,
    name: String,
    now: Timestamp,
) -> Answer<bool> {
    let renamed = sql("update list set name = $3, folded = $4, updated_at = $5 where connection_id = $1 and id = $2")
        .bind(owner.to_string())
        .bind(id.number())
        .bind(name.clone())
        .bind(name.to_lowercase())
        .bind(now.as_millis())
        .execute(connection)
        .await?;
    Ok(renamed.rows_affected() == 1)
}

/// Deletes a list; its media stay. Says whether there was such a list.
pub(crate) async fn delete_list(connection: &mut Connection, owner: ConnectionId, id: ListId) -> Answer<bool> {
    let deleted = sql("delete from list where connection_id = $1 and id = $2")
        .bind(owner.to_string())
        .bind(id.number())
        .execute(connection)
        .await?;
    Ok(deleted.rows_affected() == 1)
}

/// One list.
pub(crate) async fn vault_list(
    connection: &mut Connection,
    owner: ConnectionId,
    id: ListId,
) -> Answer<Option<VaultList>> {
    let row = sql("select id, type, name from list where connection_id = $1 and id = $2")
        .bind(owner.to_string())
        .bind(id.number())
        .fetch_optional(&mut *connection)
        .await?;
    let rows: Vec<Row> = row.into_iter().collect();
    Ok(with_covers(connection, &owner, &rows).await?.pop())
}

/// A connection's lists, newest first: all of them, or those in whose name `words` occur, in whatever case.
pub(crate) async fn vault_lists(
    connection: &mut Connection,
    owner: ConnectionId,
    words: Option<String>,
    limit: u32,
    offset: u64,
) -> Answer<Vec<VaultList>> {
    let rows = sql(concat!(
        "select id, type, name from list where connection_id = $1 and ($2 is null or ",
        dialect::position!("folded", "$2"),
        " > 0) order by id desc limit $3 offset $4"
    ))
    .bind(owner.to_string())
    .bind(words.map(|words| words.to_lowercase()))
    .bind(i64::from(limit))
    .bind(signed(offset))
    .fetch_all(&mut *connection)
    .await?;
    with_covers(connection, &owner, &rows).await
}

/// The vault as a whole.
pub(crate) async fn vault_overview(connection: &mut Connection, owner: ConnectionId) -> Answer<VaultOverview> {
    let rows =
        sql("select type, cast(sum(total) as bigint) as total from media_tally where connection_id = $1 group by type order by type")
            .bind(owner.to_string())
            .fetch_all(&mut *connection)
            .await?;
    let total = |row: &Row| Ok((row.word::<MediaType>("type")?, row.number("total")?));
    let totals = rows.iter().map(total).collect::<Answer<Vec<_>>>()?;
    let last = sql("select last_list_id from connection where id = $1")
        .bind(owner.to_string())
        .fetch_optional(&mut *connection)
        .await?;
    let last = last.map(|row| row.number("last_list_id")).transpose()?;
    let newest = newest(connection, &owner, Shelf::Vault).await?;
    let covers = in_order(&newest, &media_of(connection, &owner, &newest).await?);
    Ok(VaultOverview { totals, covers, has_room_for_lists: last.is_some_and(|last| last < LARGEST_LIST_ID) })
}

/// The lists of these rows. The media that stand for them are read all at once.
async fn with_covers(connection: &mut Connection, owner: &ConnectionId, rows: &[Row]) -> Answer<Vec<VaultList>> {
    let mut lists = Vec::with_capacity(rows.len());
    for row in rows {
        let id = ListId::new(row.number("id")?);
        let name = ListName { id, list_type: row.word("type")?, name: row.text("name")? };
        lists.push((name, newest(connection, owner, Shelf::List(id)).await?));
    }
    let ids: Vec<MediaId> = lists.iter().flat_map(|(_, newest)| newest.iter().copied()).collect();
    let media = media_of(connection, owner, &ids).await?;
    Ok(lists.into_iter().map(|(name, newest)| VaultList { name, covers: in_order(&newest, &media) }).collect())
}

/// The newest few on a shelf.
async fn newest(connection: &mut Connection, owner: &ConnectionId, shelf: Shelf) -> Answer<Vec<MediaId>> {
    let rows = sql("select media_id from listing where connection_id = $1 and list_id = $2
                    order by created_at desc, media_id desc limit $3")
    .bind(owner.to_string())
    .bind(listing::number_of(shelf))
    .bind(COVERS)
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| row.number("media_id").map(MediaId::new)).collect()
}

async fn media_of(connection: &mut Connection, owner: &ConnectionId, ids: &[MediaId]) -> Answer<Vec<Media>> {
    let rows = sql(select_media!(concat!("connection_id = $1 and id ", dialect::one_of!("$2")), "page.id"))
        .bind(owner.to_string())
        .bind(json_list(ids))
        .fetch_all(&mut *connection)
        .await?;
    whole(connection, owner, &rows).await
}

fn in_order(ids: &[MediaId], media: &[Media]) -> Vec<Media> {
    ids.iter().filter_map(|id| media.iter().find(|media| media.id == *id).cloned()).collect()
}
