//! What triggers keep beside the rows that it follows from, held against those rows: counters, listing, the words of searches.
//! Each comparison is one statement, and so sees one moment.

use strongroom_core::id::{ConnectionId, MediaId};

use super::{Answer, Columns as _, Connection, Row, dialect, sql};
use crate::records::Miscount;

/// Where a connection's media belong, under the condition `$media` on `media`.
macro_rules! places {
    ($media:literal) => {
        concat!(
            "select media.id as media_id, cast(0 as bigint) as list_id, type, status, likes, tips, created_at
             from media where connection_id = $1 and deleted_at is null",
            $media,
            " union all
             select media.id, cast(-1 as bigint), type, status, likes, tips, created_at
             from media where connection_id = $1 and deleted_at is not null",
            $media,
            " union all
             select media.id, list_media.list_id, type, status, likes, tips, created_at
             from list_media
             join media on media.connection_id = list_media.connection_id and media.id = list_media.media_id
             where list_media.connection_id = $1 and media.deleted_at is null",
            $media
        )
    };
}

/// What a connection's rows come to, beside what is kept of it.
const USAGE: &str = "select
    cast((select coalesce(sum(size_bytes), 0) from blob where connection_id = $1) as bigint) as stored_bytes,
    cast((select coalesce(sum(size_bytes), 0) from upload
          where connection_id = $1 and state in ('open', 'completing')) as bigint) as reserved_bytes,
    cast((select coalesce(sum(size_bytes), 0) from rendition where connection_id = $1) as bigint) as rendition_bytes,
    usage.stored_bytes as kept_stored_bytes, usage.reserved_bytes as kept_reserved_bytes,
    usage.rendition_bytes as kept_rendition_bytes
    from connection left join usage on usage.connection_id = connection.id where connection.id = $1";

/// Connections in the order of their ids, after one of them.
pub(crate) async fn connections_after(
    connection: &mut Connection,
    after: Option<ConnectionId>,
    limit: u32,
) -> Answer<Vec<ConnectionId>> {
    let rows = sql("select id from connection where id > $1 and deleted_at is null order by id limit $2")
        .bind(after.map(|id| id.to_string()).unwrap_or_default())
        .bind(i64::from(limit))
        .fetch_all(connection)
        .await?;
    rows.iter().map(|row| row.word("id")).collect()
}

/// What is counted wrong of what a connection holds and shows.
pub(crate) async fn miscounts(connection: &mut Connection, owner: ConnectionId) -> Answer<Vec<Miscount>> {
    let mut wrong = Vec::new();
    if let Some(row) = sql(USAGE).bind(owner.to_string()).fetch_optional(&mut *connection).await? {
        for (counter, kept) in [
            ("stored_bytes", "kept_stored_bytes"),
            ("reserved_bytes", "kept_reserved_bytes"),
            ("rendition_bytes", "kept_rendition_bytes"),
        ] {
            let (counted, kept) = (row.number(counter)?, row.optional_number(kept)?);
            if kept != Some(counted) {
                wrong.push(Miscount { counter: format!("usage.{counter}"), kept, counted });
            }
        }
    }
    let rows = sql("select type, status, cast(sum(counted) as bigint) as counted, cast(sum(kept) as bigint) as kept
                    from (select type, status, count(*) as counted, 0 as kept from media
                          where connection_id = $1 and deleted_at is null group by type, status
                          union all
                          select type, status, 0, total from media_tally where connection_id = $1) as tally
                    group by type, status having sum(counted) <> sum(kept)")
    .bind(owner.to_string())
    .fetch_all(connection)
    .await?;
    for row in rows {
        let counter = format!("media_tally.{}.{}", row.text("type")?, row.text("status")?);
        wrong.push(Miscount { counter, kept: row.optional_number("kept")?, counted: row.number("counted")? });
    }
    Ok(wrong)
}

/// Counts anew what a connection holds and shows.
pub(crate) async fn recount(connection: &mut Connection, owner: ConnectionId) -> Answer<()> {
    // Whoever changes what is counted changes these rows, too: taken first, and in a statement of their own, they let nobody
    // change anything between the count and the end of the transaction.
    for text in [
        concat!("select stored_bytes from usage where connection_id = $1", dialect::locking!("usage")),
        concat!("select total from media_tally where connection_id = $1", dialect::locking!("media_tally")),
    ] {
        sql(text).bind(owner.to_string()).fetch_all(&mut *connection).await?;
    }
    for text in [
        "insert into usage (connection_id) select id from connection
         where id = $1 and not exists (select 1 from usage where connection_id = $1)",
        "update usage set
             stored_bytes = (select coalesce(sum(size_bytes), 0) from blob where connection_id = $1),
             reserved_bytes = (select coalesce(sum(size_bytes), 0) from upload
                               where connection_id = $1 and state in ('open', 'completing')),
             rendition_bytes = (select coalesce(sum(size_bytes), 0) from rendition where connection_id = $1)
         where connection_id = $1",
        "delete from media_tally where connection_id = $1",
        "insert into media_tally (connection_id, type, status, total)
         select connection_id, type, status, count(*) from media
         where connection_id = $1 and deleted_at is null group by connection_id, type, status",
    ] {
        sql(text).bind(owner.to_string()).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Media whose places in lists are not those that their rows say.
pub(crate) async fn misplaced_media(
    connection: &mut Connection,
    owner: ConnectionId,
    limit: u32,
) -> Answer<Vec<MediaId>> {
    let rows = sql(concat!(
        "with expected as (",
        places!(""),
        "), kept as (select media_id, list_id, type, status, likes, tips, created_at from listing where connection_id = $1)
         select distinct media_id from (
             select media_id from (select * from expected except select * from kept) as missing
             union all select media_id from (select * from kept except select * from expected) as surplus
         ) as differing order by media_id limit $2"
    ))
    .bind(owner.to_string())
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?;
    ids(&rows)
}

/// Writes a media's places anew.
pub(crate) async fn place_again(connection: &mut Connection, owner: ConnectionId, media: MediaId) -> Answer<()> {
    for text in [
        concat!("select id from media where connection_id = $1 and id = $2", dialect::locking!("media")),
        "delete from listing where connection_id = $1 and media_id = $2",
        concat!(
            "insert into listing (connection_id, media_id, list_id, type, status, likes, tips, created_at)
             select $1, place.media_id, place.list_id, place.type, place.status, place.likes, place.tips, place.created_at
             from (",
            places!(" and media.id = $2"),
            ") as place"
        ),
    ] {
        sql(text).bind(owner.to_string()).bind(media.number()).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Media that a search would find by other words than theirs.
pub(crate) async fn misworded_media(
    connection: &mut Connection,
    owner: ConnectionId,
    limit: u32,
) -> Answer<Vec<MediaId>> {
    let rows = sql(concat!(
        "select media.id as media_id from media join searchable on searchable.id = media.id
         left join media_text on ",
        dialect::found_id!(),
        " = media.id
         where media.connection_id = $1
           and (media_text.text is null or media_text.text <> searchable.text or media_text.owner <> searchable.owner)
         order by media.id limit $2"
    ))
    .bind(owner.to_string())
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?;
    ids(&rows)
}

/// Writes anew what a search looks at for a media.
pub(crate) async fn word_again(connection: &mut Connection, media: MediaId) -> Answer<()> {
    for text in [
        concat!("delete from media_text where ", dialect::text_id!(), " = $1"),
        concat!(
            "insert into media_text (",
            dialect::text_id!(),
            ", owner, text) select id, owner, text from searchable where id = $1"
        ),
    ] {
        sql(text).bind(media.number()).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Media that have another type or status than the bytes that they show. While these are rendered, what they are may be known
/// before it is shown.
pub(crate) async fn disagreeing_media(
    connection: &mut Connection,
    owner: ConnectionId,
    limit: u32,
) -> Answer<Vec<MediaId>> {
    let rows = sql("select media.id as media_id from media
                    join blob on blob.connection_id = media.connection_id and blob.key = media.blob_key
                    where media.connection_id = $1
                      and (media.status <> blob.status or (media.type <> blob.type and blob.status <> 'processing'))
                    order by media.id limit $2")
    .bind(owner.to_string())
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?;
    ids(&rows)
}

/// Takes type and status of the blob over to a media.
pub(crate) async fn agree(connection: &mut Connection, owner: ConnectionId, media: MediaId) -> Answer<()> {
    sql("update media set
             type = (select type from blob where blob.connection_id = media.connection_id and blob.key = media.blob_key),
             status = (select status from blob where blob.connection_id = media.connection_id and blob.key = media.blob_key)
         where connection_id = $1 and id = $2")
    .bind(owner.to_string())
    .bind(media.number())
    .execute(connection)
    .await?;
    Ok(())
}

fn ids(rows: &[Row]) -> Answer<Vec<MediaId>> {
    rows.iter().map(|row| row.number("media_id").map(MediaId::new)).collect()
}
