//! What a move asks of PostgreSQL alone: taking whole tables in.

use std::sync::Arc;

use sqlx::AssertSqlSafe;
use sqlx::postgres::PgConnection;

use super::{Engine, dialect, queries};
use crate::CatalogError;
use crate::records::tables::Kind;
use crate::records::{Table, TableRow, Value};

/// Waits until nobody is writing, and lets nobody begin before the transaction ends: a write that began before the hold would
/// not see it. The tables of `held_…` triggers, in an order of their own.
pub(crate) const WAIT_FOR_WRITES: Option<&str> = Some(
    "lock table api_key, blob, connection, event, job, list, list_media, media, media_release_form, organisation,
         organisation_settings, part, part_slot, person, release_form, release_form_audit, release_form_document, rendition,
         rendition_access, signing_key, upload in share row exclusive mode",
);

impl Engine {
    /// Adds rows to a table. The hold is lifted for this transaction alone.
    pub(crate) async fn put_rows(&self, table: &'static Table, rows: Vec<TableRow>) -> Result<(), CatalogError> {
        let rows = Arc::new(rows);
        self.write(None, move |connection| {
            let rows = Arc::clone(&rows);
            Box::pin(async move {
                queries::transfer::set_held(connection, false).await?;
                insert(connection, table, &rows).await?;
                queries::transfer::set_held(connection, true).await
            })
        })
        .await
    }

    /// Numbers rows from after these on.
    pub(crate) async fn number_after(&self, last: Vec<(String, i64)>) -> Result<(), CatalogError> {
        self.write(None, move |connection| {
            let last = last.clone();
            Box::pin(async move {
                for (table, number) in last {
                    // A sequence begins at 1, and is told whether that was given out.
                    let text = "select setval(pg_get_serial_sequence($1, 'id'), greatest(1, $2), $2 > 0)";
                    dialect::statement(text).bind(table).bind(number).execute(&mut *connection).await?;
                }
                Ok(())
            })
        })
        .await
    }
}

/// One statement for a page: a column is one parameter, an array.
async fn insert(connection: &mut PgConnection, table: &Table, rows: &[TableRow]) -> Result<(), CatalogError> {
    let mut query = sqlx::query(AssertSqlSafe(insert_text(table))).persistent(false);
    for (index, (_, kind)) in table.columns.iter().enumerate() {
        let column = rows.iter().map(|row| row.get(index));
        query = match kind {
            Kind::Text => query.bind(column.map(text).collect::<Vec<_>>()),
            Kind::Number => query.bind(column.map(number).collect::<Vec<_>>()),
            Kind::Bytes => query.bind(column.map(bytes).collect::<Vec<_>>()),
        };
    }
    query.execute(connection).await?;
    Ok(())
}

fn insert_text(table: &Table) -> String {
    let array = |(number, (_, kind)): (usize, &(&str, Kind))| {
        let of = match kind {
            Kind::Text => "text",
            Kind::Number => "bigint",
            Kind::Bytes => "bytea",
        };
        format!("cast(${number} as {of}[])")
    };
    let arrays: Vec<String> = (1..).zip(table.columns).map(array).collect();
    let conflict = match table.has_first_rows {
        false => "nothing".to_owned(),
        true => {
            let set = |(name, _): &(&str, Kind)| format!("{name} = excluded.{name}");
            let rest: Vec<String> = table.columns.iter().skip(table.key_columns).map(set).collect();
            format!("update set {}", rest.join(", "))
        }
    };
    let (name, columns, key) = (table.name, table.column_list(), table.key_list());
    format!(
        "insert into {name} ({columns}) select * from unnest({}) on conflict ({key}) do {conflict}",
        arrays.join(", ")
    )
}

fn text(value: Option<&Value>) -> Option<String> {
    if let Some(Value::Text(text)) = value { text.clone() } else { None }
}

fn number(value: Option<&Value>) -> Option<i64> {
    if let Some(Value::Number(number)) = value { *number } else { None }
}

fn bytes(value: Option<&Value>) -> Option<Vec<u8>> {
    if let Some(Value::Bytes(bytes)) = value { bytes.clone() } else { None }
}
