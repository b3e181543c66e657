//! A move: what each side keeps of it, the hold on writes, and pages of whole tables.
//!
//! The texts that read tables are put together from the constants of `records/tables.rs`; nothing of a row is in them.

use strongroom_core::digest::Digest;
use strongroom_core::id::{ConnectionId, UploadId};

use super::{Answer, Columns as _, Connection, Row, dialect, sql};
use crate::CatalogError;
use crate::records::tables::Kind;
use crate::records::{RelocatedPart, Relocation, RelocationRole, Table, TableRow, Value};

/// The move that this vault takes part in.
pub(crate) async fn relocation(connection: &mut Connection) -> Answer<Option<Relocation>> {
    let text = "select token, role, is_held, to_database, to_store, began_at from relocation";
    let row = sql(text).fetch_optional(connection).await?;
    let read = |row: Row| {
        Ok(Relocation {
            token: row.text("token")?,
            role: row.word("role")?,
            is_held: row.number("is_held")? == 1,
            to_database: row.optional_text("to_database")?,
            to_store: row.optional_text("to_store")?,
            began_at: row.time("began_at")?,
        })
    };
    row.map(read).transpose()
}

/// Notes a move, in place of any other.
pub(crate) async fn begin_relocation(connection: &mut Connection, relocation: Relocation) -> Answer<()> {
    let Relocation { token, role, is_held, to_database, to_store, began_at } = relocation;
    forget(connection).await?;
    sql("insert into relocation (id, token, role, is_held, to_database, to_store, began_at)
         values (1, $1, $2, $3, $4, $5, $6)")
    .bind(token)
    .bind(role.as_str())
    .bind(i64::from(is_held))
    .bind(to_database)
    .bind(to_store)
    .bind(began_at.as_millis())
    .execute(connection)
    .await?;
    Ok(())
}

/// Refuses writes from here on. Whatever was written before is committed when this is.
pub(crate) async fn hold_writes(connection: &mut Connection) -> Answer<()> {
    if let Some(text) = super::super::transfer::WAIT_FOR_WRITES {
        sql(text).execute(&mut *connection).await?;
    }
    set_held(connection, true).await
}

/// Ends a move without its having happened: writes are taken again.
pub(crate) async fn end_relocation(connection: &mut Connection) -> Answer<()> {
    forget(connection).await
}

/// The vault is elsewhere from here on, and takes no writes here. Where its rows stay and only the bytes have moved, to a
/// store that several machines may write or to one that they may not, the rows name the new places.
pub(crate) async fn leave(connection: &mut Connection, moved_to_shared: Option<bool>) -> Answer<()> {
    if let Some(is_shared) = moved_to_shared {
        name_new_places(connection, is_shared).await?;
    }
    set_held(connection, true).await?;
    sql("update relocation set role = $1").bind(RelocationRole::Left.as_str()).execute(connection).await?;
    Ok(())
}

/// The vault is here from now on, and takes writes. Where the bytes have moved too, the rows name the new places.
pub(crate) async fn arrive(connection: &mut Connection, moved_to_shared: Option<bool>) -> Answer<()> {
    if let Some(is_shared) = moved_to_shared {
        name_new_places(connection, is_shared).await?;
    }
    forget(connection).await
}

/// Notes the multipart upload that holds the copies of an upload's parts.
pub(crate) async fn keep_relocated_upload(
    connection: &mut Connection,
    owner: ConnectionId,
    upload: UploadId,
    multipart: String,
) -> Answer<()> {
    sql("insert into relocated_upload (connection_id, upload_id, multipart_id) values ($1, $2, $3)
         on conflict (connection_id, upload_id) do update set multipart_id = excluded.multipart_id")
    .bind(owner.to_string())
    .bind(upload.uuid().to_string())
    .bind(multipart)
    .execute(connection)
    .await?;
    Ok(())
}

/// The multipart upload that holds the copies of an upload's parts.
pub(crate) async fn relocated_upload(
    connection: &mut Connection,
    owner: ConnectionId,
    upload: UploadId,
) -> Answer<Option<String>> {
    let row = sql("select multipart_id from relocated_upload where connection_id = $1 and upload_id = $2")
        .bind(owner.to_string())
        .bind(upload.uuid().to_string())
        .fetch_optional(connection)
        .await?;
    row.map(|row| row.text("multipart_id")).transpose()
}

/// Notes where the copy of a part is.
pub(crate) async fn keep_relocated_part(connection: &mut Connection, part: RelocatedPart) -> Answer<()> {
    sql("insert into relocated_part (connection_id, upload_id, number, digest, side, store_tag)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (connection_id, upload_id, number)
         do update set digest = excluded.digest, side = excluded.side, store_tag = excluded.store_tag")
    .bind(part.connection.to_string())
    .bind(part.upload.uuid().to_string())
    .bind(i64::from(part.number))
    .bind(part.digest.as_bytes().to_vec())
    .bind(part.side.map(u64::cast_signed))
    .bind(part.tag)
    .execute(connection)
    .await?;
    Ok(())
}

/// The parts of an upload that were copied.
pub(crate) async fn relocated_parts(
    connection: &mut Connection,
    owner: ConnectionId,
    upload: UploadId,
) -> Answer<Vec<RelocatedPart>> {
    let rows = sql("select number, digest, side, store_tag from relocated_part
                    where connection_id = $1 and upload_id = $2 order by number")
    .bind(owner.to_string())
    .bind(upload.uuid().to_string())
    .fetch_all(connection)
    .await?;
    let read = |row: &Row| {
        Ok(RelocatedPart {
            connection: owner.clone(),
            upload,
            number: row.unsigned("number")?,
            digest: row.optional_bytes32("digest")?.map(Digest::from_bytes).ok_or_else(no_digest)?,
            side: row.optional_number("side")?.map(i64::cast_unsigned),
            tag: row.optional_text("store_tag")?,
        })
    };
    rows.iter().map(read).collect()
}

/// How many rows a table has.
pub(crate) async fn count_rows(connection: &mut Connection, table: &'static Table) -> Answer<i64> {
    let text = format!("select count(*) as total from {}", table.name);
    let row = dialect::assembled(text).fetch_one(connection).await?;
    row.number("total")
}

/// A page of a table, in the order of its primary key, after the row `after`.
pub(crate) async fn table_page(
    connection: &mut Connection,
    table: &'static Table,
    after: Option<TableRow>,
    limit: u32,
) -> Answer<Vec<TableRow>> {
    let (columns, key) = (table.column_list(), table.key_list());
    let beyond = after.as_ref().map_or_else(String::new, |_| {
        let parameters: Vec<String> = (1..=table.key_columns).map(|number| format!("${number}")).collect();
        format!("where ({key}) > ({})", parameters.join(", "))
    });
    let text = format!("select {columns} from {} {beyond} order by {key} limit {limit}", table.name);
    let mut query = dialect::assembled(text);
    for value in after.into_iter().flatten().take(table.key_columns) {
        query = match value {
            Value::Text(text) => query.bind(text),
            Value::Number(number) => query.bind(number),
            Value::Bytes(bytes) => query.bind(bytes),
        };
    }
    let rows = query.fetch_all(connection).await?;
    rows.iter().map(|row| read_row(row, table)).collect()
}

fn read_row(row: &Row, table: &Table) -> Answer<TableRow> {
    let value = |(index, (_, kind)): (usize, &(&str, Kind))| {
        Ok(match kind {
            Kind::Text => Value::Text(dialect::value(row, index)?),
            Kind::Number => Value::Number(dialect::value(row, index)?),
            Kind::Bytes => Value::Bytes(dialect::value(row, index)?),
        })
    };
    table.columns.iter().enumerate().map(value).collect()
}

/// Names the new places of all parts that are under way, and the slots that their copies have taken.
async fn name_new_places(connection: &mut Connection, is_shared: bool) -> Answer<()> {
    // Nobody else sees this: the transaction that lifts the hold takes it again, or ends the move.
    set_held(connection, false).await?;
    for text in [
        "update upload set multipart_id = (
             select multipart_id from relocated_upload moved
             where moved.connection_id = upload.connection_id and moved.upload_id = upload.id)
         where state in ('open', 'completing')",
        "update part set
             side = (select side from relocated_part moved where moved.connection_id = part.connection_id
                         and moved.upload_id = part.upload_id and moved.number = part.number),
             store_tag = (select store_tag from relocated_part moved where moved.connection_id = part.connection_id
                              and moved.upload_id = part.upload_id and moved.number = part.number)",
        "delete from part_slot",
    ] {
        sql(text).execute(&mut *connection).await?;
    }
    if is_shared {
        sql("insert into part_slot (connection_id, upload_id, number)
             select connection_id, upload_id, number from relocated_part
             where side is null and exists (select 1 from part where part.connection_id = relocated_part.connection_id
                                                and part.upload_id = relocated_part.upload_id
                                                and part.number = relocated_part.number)")
        .execute(connection)
        .await?;
    }
    Ok(())
}

/// Lifts the hold of a vault that is arriving, or takes it again.
pub(crate) async fn set_held(connection: &mut Connection, is_held: bool) -> Answer<()> {
    let set = sql("update relocation set is_held = $1").bind(i64::from(is_held)).execute(connection).await?;
    match set.rows_affected() {
        1 => Ok(()),
        _ => Err(CatalogError::Unavailable("no move is under way".to_owned())),
    }
}

async fn forget(connection: &mut Connection) -> Answer<()> {
    for text in ["delete from relocation", "delete from relocated_part", "delete from relocated_upload"] {
        sql(text).execute(&mut *connection).await?;
    }
    Ok(())
}

fn no_digest() -> CatalogError {
    CatalogError::Unreadable("a part that was copied has no digest".to_owned())
}
