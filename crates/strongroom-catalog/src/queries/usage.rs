//! Quotas. Triggers count what a connection holds in the transaction of every change; here that is compared with its limit,
//! in the transaction that would add to it.

use strongroom_core::digest::Digest;
use strongroom_core::id::ConnectionId;

use super::{Answer, Columns as _, Connection, Row, connections, dialect, signed, sql};
use crate::CatalogError;
use crate::records::{Shortfall, Usage};

/// What a connection holds.
pub(crate) async fn usage(connection: &mut Connection, owner: ConnectionId) -> Answer<Usage> {
    let row =
        sql("select cast(coalesce(sum(stored_bytes), 0) as bigint) as stored_bytes,
                    cast(coalesce(sum(reserved_bytes), 0) as bigint) as reserved_bytes from usage where connection_id = $1")
        .bind(owner.to_string())
        .fetch_one(connection)
        .await?;
    Ok(Usage { stored_bytes: row.unsigned("stored_bytes")?, reserved_bytes: row.unsigned("reserved_bytes")? })
}

/// Refuses `requested` more bytes where the quota has no room for them beside what is stored and promised.
pub(super) async fn require_room(connection: &mut Connection, owner: &ConnectionId, requested: u64) -> Answer<()> {
    let Some((limit, usage)) = limited(connection, owner).await? else { return Ok(()) };
    within(Shortfall { limit, used: usage.stored_bytes, reserved: usage.reserved_bytes, requested })
}

/// Refuses to complete `requested` bytes where the quota has no room for them beside what is stored and completing: it was
/// lowered since they were promised. Bytes that are known to be here already cost nothing.
pub(super) async fn require_room_at_last(
    connection: &mut Connection,
    owner: &ConnectionId,
    etag: Option<Digest>,
    requested: u64,
) -> Answer<()> {
    let Some((limit, usage)) = limited(connection, owner).await? else { return Ok(()) };
    let row = sql("select (select cast(coalesce(sum(size_bytes), 0) as bigint) from upload
                           where connection_id = $1 and state = 'completing') as completing,
                          (select count(*) from blob
                           where connection_id = $1 and etag = $2 and size_bytes = $3) as here")
    .bind(owner.to_string())
    .bind(etag.map(|etag| etag.as_bytes().to_vec()))
    .bind(signed(requested))
    .fetch_one(connection)
    .await?;
    if row.number("here")? > 0 {
        return Ok(());
    }
    // Its own bytes are among those that are completing.
    let reserved = row.unsigned::<u64>("completing")?.saturating_sub(requested);
    within(Shortfall { limit, used: usage.stored_bytes, reserved, requested })
}

fn within(shortfall: Shortfall) -> Answer<()> {
    let Shortfall { limit, used, reserved, requested } = shortfall;
    let total = used.saturating_add(reserved).saturating_add(requested);
    if total <= limit { Ok(()) } else { Err(CatalogError::OverQuota(shortfall)) }
}

/// A connection's quota and what it holds, where it has a quota. Until the end of the transaction nobody else changes that:
/// of two that want the last byte, the second one sees what the first took.
async fn limited(connection: &mut Connection, owner: &ConnectionId) -> Answer<Option<(u64, Usage)>> {
    let row = sql(concat!(
        "select usage.stored_bytes, usage.reserved_bytes,
                coalesce(connection.quota_bytes, inherited.quota_bytes) as quota_bytes
         from usage join connection on connection.id = usage.connection_id ",
        connections::join_inherited!(),
        " where usage.connection_id = $1",
        dialect::locking!("usage")
    ))
    .bind(owner.to_string())
    .fetch_optional(connection)
    .await?;
    let read = |row: &Row| {
        let usage =
            Usage { stored_bytes: row.unsigned("stored_bytes")?, reserved_bytes: row.unsigned("reserved_bytes")? };
        Ok(row.optional_unsigned("quota_bytes")?.map(|limit| (limit, usage)))
    };
    row.as_ref().map_or(Ok(None), read)
}
