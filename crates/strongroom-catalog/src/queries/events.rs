//! Events: what happened, written in the transaction in which it did.

use strongroom_core::clock::Timestamp;
use strongroom_core::id::{ConnectionId, EventId, MediaId};

use super::{Answer, Columns as _, Connection, sql};

/// Writes an event. Those of one media are numbered from 1.
pub(super) async fn record(
    connection: &mut Connection,
    owner: &ConnectionId,
    event_type: &'static str,
    media: Option<MediaId>,
    data: String,
    now: Timestamp,
) -> Answer<()> {
    sql("insert into event (id, connection_id, type, media_id, sequence, data, created_at)
         select $1, $2, $3, $4, 1 + coalesce(max(sequence), 0), $5, $6
         from event where connection_id = $2 and media_id = $4")
    .bind(EventId::at(now).to_string())
    .bind(owner.to_string())
    .bind(event_type)
    .bind(media.map(MediaId::number))
    .bind(data)
    .bind(now.as_millis())
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes the first events of a media that was made just now.
pub(super) async fn record_first(
    connection: &mut Connection,
    owner: &ConnectionId,
    media: MediaId,
    events: Vec<(&'static str, String)>,
    now: Timestamp,
) -> Answer<()> {
    for (sequence, (event_type, data)) in (1_i64..).zip(events) {
        sql("insert into event (id, connection_id, type, media_id, sequence, data, created_at)
             values ($1, $2, $3, $4, $5, $6, $7)")
        .bind(EventId::at(now).to_string())
        .bind(owner.to_string())
        .bind(event_type)
        .bind(media.number())
        .bind(sequence)
        .bind(data)
        .bind(now.as_millis())
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// The types of a media's events, in order.
pub(crate) async fn events_of_media(
    connection: &mut Connection,
    owner: ConnectionId,
    media: MediaId,
) -> Answer<Vec<String>> {
    let rows = sql("select type from event where connection_id = $1 and media_id = $2 order by sequence")
        .bind(owner.to_string())
        .bind(media.number())
        .fetch_all(connection)
        .await?;
    rows.iter().map(|row| row.text("type")).collect()
}
