//! What a move asks of the embedded engine alone.

use super::Engine;
use crate::CatalogError;

/// What waits for writes under way: nothing, where they run one after another.
pub(crate) const WAIT_FOR_WRITES: Option<&str> = None;

impl Engine {
    /// The last number that each numbered table gave out. Kept by SQLite itself, so that none is given twice, also after the
    /// row with the highest is gone.
    pub(crate) async fn last_numbers(&self) -> Result<Vec<(String, i64)>, CatalogError> {
        let rows = self.readers.rows("select name, seq from sqlite_sequence order by name").await?;
        rows.iter().map(|row| Ok((row.get("name")?, row.get("seq")?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::records::tables::{Kind, LEFT, SIGNING_KEYS, TABLES, Table};

    async fn engine(home: &tempfile::TempDir) -> Engine {
        Engine::open(&home.path().join("catalog.sqlite"), super::super::Synchronous::Full).await.unwrap()
    }

    /// Whoever adds a table or a column adds it to the list, or a move would lose it.
    #[tokio::test]
    async fn every_column_of_the_schema_is_moved() {
        let home = tempfile::tempdir().unwrap();
        let text = "select m.name as table_name, c.name, lower(c.type) as type, c.pk, instr(lower(m.sql), 'autoincrement') > 0 as numbered
                    from sqlite_master m, pragma_table_info(m.name) c where m.type = 'table'";
        let rows = engine(&home).await.readers.rows(text).await.unwrap();
        let mut schema: BTreeMap<String, BTreeSet<(String, &str, bool, bool)>> = BTreeMap::new();
        for row in rows {
            let table: String = row.get("table_name").unwrap();
            let is_own = table.starts_with("sqlite_") || table.starts_with("_sqlx") || table.starts_with("media_text_");
            if !is_own && !LEFT.contains(&table.as_str()) {
                let kind = match row.get::<String>("type").unwrap().as_str() {
                    "text" => "Text",
                    "blob" => "Bytes",
                    _ => "Number",
                };
                let column =
                    (row.get("name").unwrap(), kind, row.get::<i64>("pk").unwrap() > 0, row.get("numbered").unwrap());
                schema.entry(table).or_default().insert(column);
            }
        }
        let kind = |kind: Kind| match kind {
            Kind::Text => "Text",
            Kind::Number => "Number",
            Kind::Bytes => "Bytes",
        };
        let columns = |table: &Table| {
            let all = table.columns.iter().enumerate();
            all.map(|(index, (name, of))| ((*name).to_owned(), kind(*of), index < table.key_columns, table.is_numbered))
                .collect()
        };
        let listed: BTreeMap<String, BTreeSet<_>> =
            TABLES.iter().chain([&SIGNING_KEYS]).map(|table| (table.name.to_owned(), columns(table))).collect();
        assert_eq!(listed, schema);
    }

    /// A table without these triggers would take writes while its rows are copied.
    #[tokio::test]
    async fn every_table_that_is_moved_is_held() {
        let home = tempfile::tempdir().unwrap();
        let text = "select name from sqlite_master where type = 'trigger' and name like 'held%'";
        let rows = engine(&home).await.readers.rows(text).await.unwrap();
        let held: BTreeSet<String> = rows.iter().map(|row| row.get("name").unwrap()).collect();
        let written = TABLES.iter().chain([&SIGNING_KEYS]).filter(|table| table.name != "listing");
        let wanted: BTreeSet<String> = written
            .flat_map(|table| ["insert", "update", "delete"].map(|event| format!("held_{}_{event}", table.name)))
            .collect();
        assert_eq!(held, wanted);
    }

    #[tokio::test]
    async fn what_is_held_takes_no_write_and_leaves_others_alone() {
        let home = tempfile::tempdir().unwrap();
        let engine = engine(&home).await;
        let run = |text: &'static str| {
            engine.writer.write(move |connection| Box::pin(async move { Ok(connection.execute_batch(text)?) }))
        };
        run("insert into relocation (id, token, role, is_held, began_at) values (1, 't', 'leaving', 0, 0)")
            .await
            .unwrap();
        run("insert into organisation values ('org_a', 'A', 0)").await.unwrap();
        run("update relocation set is_held = 1").await.unwrap();
        for text in [
            "insert into organisation values ('org_b', 'B', 0)",
            "update organisation set name = 'x'",
            "delete from organisation_settings",
        ] {
            let refused = run(text).await.unwrap_err();
            assert!(refused.to_string().contains("it moves, or has moved"), "{refused}");
        }
        // The writer has not taken it for a broken disk.
        run("delete from relocation").await.unwrap();
        run("insert into organisation values ('org_b', 'B', 0)").await.unwrap();
    }
}
