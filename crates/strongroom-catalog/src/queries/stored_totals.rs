//! Sums over what is stored. Read from what triggers keep counted: none of them walks the media.

use strongroom_core::id::{ConnectionId, ListId};

use super::{Answer, Columns as _, Connection, dialect, json_list, sql};
use crate::records::{Counted, OrganisationTotals, StoredTotals};

/// What a connection has stored.
pub(crate) async fn stored_totals(connection: &mut Connection, owner: ConnectionId) -> Answer<StoredTotals> {
    let row = sql("select cast(coalesce(sum(total), 0) as bigint) as media,
                          cast(coalesce(sum(case when status in ('ready', 'playable') then total end), 0) as bigint) as stored,
                          cast(coalesce(sum(case when status = 'processing' then total end), 0) as bigint) as pending,
                          (select cast(coalesce(sum(stored_bytes + rendition_bytes), 0) as bigint) from usage
                           where usage.connection_id = $1) as bytes
                   from media_tally where connection_id = $1")
    .bind(owner.to_string())
    .fetch_one(connection)
    .await?;
    Ok(StoredTotals {
        media: row.unsigned("media")?,
        stored: row.unsigned("stored")?,
        pending: row.unsigned("pending")?,
        bytes: row.unsigned("bytes")?,
    })
}

/// What an organisation's connections have stored.
pub(crate) async fn organisation_totals(connection: &mut Connection, counted: Counted) -> Answer<OrganisationTotals> {
    let only = counted.connections.map(|ids| json_list(&ids));
    let row = sql(concat!(
        "with counted as (
             select id, vault_plus_enabled from connection
             where organisation_id = $1 and environment = $2 and deleted_at is null and ($3 is null or id ",
        dialect::one_of_words!("$3"),
        "))
         select count(*) as connections, cast(coalesce(sum(vault_plus_enabled), 0) as bigint) as with_vault_plus,
                (select cast(coalesce(sum(stored_bytes + rendition_bytes), 0) as bigint) from usage
                 where connection_id in (select id from counted)) as bytes,
                (select cast(coalesce(sum(total), 0) as bigint) from media_tally
                 where connection_id in (select id from counted)) as media
         from counted"
    ))
    .bind(counted.organisation.to_string())
    .bind(counted.environment.as_str())
    .bind(only)
    .fetch_one(connection)
    .await?;
    Ok(OrganisationTotals {
        connections: row.unsigned("connections")?,
        with_vault_plus: row.unsigned("with_vault_plus")?,
        bytes: row.unsigned("bytes")?,
        media: row.unsigned("media")?,
    })
}

/// How many media a list has, but for those in the trash, if there is such a list.
pub(crate) async fn media_on_list(
    connection: &mut Connection,
    owner: ConnectionId,
    list: ListId,
) -> Answer<Option<u64>> {
    let row = sql("select (select count(*) from list_media member
                           join media on media.connection_id = member.connection_id and media.id = member.media_id
                           where member.connection_id = list.connection_id and member.list_id = list.id
                             and media.deleted_at is null) as total
                   from list where connection_id = $1 and id = $2")
    .bind(owner.to_string())
    .bind(list.number())
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(|row| row.unsigned("total")).transpose()
}
