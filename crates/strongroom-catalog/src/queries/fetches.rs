//! How often renditions were fetched.

use strongroom_core::id::{ConnectionId, MediaId};

use super::{Answer, Columns as _, Connection, Row, dialect, signed, sql};
use crate::records::{Fetches, NewFetches};

/// Adds to the counts of fetches. Media that are gone by now are passed over. In one order, so that two nodes that count the same
/// media do not wait for one another.
pub(crate) async fn count_fetches(connection: &mut Connection, mut fetches: Vec<NewFetches>) -> Answer<()> {
    fetches.sort_by_key(|new| (new.media, new.fetches.name));
    for NewFetches { connection: owner, media, fetches } in fetches {
        sql("insert into rendition_access (connection_id, media_id, name, total, last_at)
             select connection_id, id, $3, $4, $5 from media where connection_id = $1 and id = $2
             on conflict (connection_id, media_id, name) do update
             set total = rendition_access.total + excluded.total,
                 last_at = case when excluded.last_at > rendition_access.last_at
                                then excluded.last_at else rendition_access.last_at end")
        .bind(owner.to_string())
        .bind(media.number())
        .bind(fetches.name.as_str())
        .bind(signed(fetches.total))
        .bind(fetches.last_at.as_millis())
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// The counts of these media's renditions; `media` is a JSON list of ids.
pub(super) async fn of_media(
    connection: &mut Connection,
    owner: &ConnectionId,
    media: String,
) -> Answer<Vec<(MediaId, Fetches)>> {
    let rows = sql(concat!(
        "select media_id, name, total, last_at from rendition_access where connection_id = $1 and media_id ",
        dialect::one_of!("$2"),
        " order by media_id, name"
    ))
    .bind(owner.to_string())
    .bind(media)
    .fetch_all(connection)
    .await?;
    let read = |row: &Row| {
        let (total, last_at) = (row.unsigned("total")?, row.time("last_at")?);
        let fetches = Fetches { name: row.word("name")?, total, last_at };
        Ok((MediaId::new(row.number("media_id")?), fetches))
    };
    rows.iter().map(read).collect()
}
