//! Both engines have the same schema: what is added to one and forgotten in the other is found here.

use std::collections::BTreeSet;

use rusqlite::Connection;
use sqlx::{AssertSqlSafe, Row as _};
use strongroom_catalog::Catalog;

use crate::cluster::Database;

/// What stands for the full-text index, which each engine builds in its own way.
const TEXTS: &str = "media_text";

/// What only PostgreSQL has: news for other nodes, and a guard against a statement that SQLite does not know.
const OF_POSTGRES_ALONE: [&str; 4] =
    ["announce_blob_settled", "announce_job_added", "announce_job_freed", "release_form_audit_is_not_emptied"];

/// Columns of tables, one a line: name, type, whether null is allowed, default. SQLite lets a primary key be null on paper.
const COLUMNS_OF_SQLITE: &str = "
    select m.name || '.' || c.name || ' ' || replace(lower(c.type), 'integer', 'bigint') || ' '
           || case when c.\"notnull\" or c.pk > 0 then 'not null' else 'null' end || ' ' || coalesce(c.dflt_value, '-')
    from sqlite_master m, pragma_table_info(m.name) c where m.type = 'table'";
const COLUMNS_OF_POSTGRES: &str = "
    select table_name || '.' || column_name || ' ' || replace(data_type, 'bytea', 'blob') || ' '
           || case is_nullable when 'NO' then 'not null' else 'null' end || ' '
           || coalesce(split_part(column_default, '::', 1), '-')
    from information_schema.columns join information_schema.tables using (table_schema, table_name)
    where table_schema = 'public' and table_type = 'BASE TABLE'";

/// Indexes that have a name: their columns, and whether they hold all rows.
const INDEXES_OF_SQLITE: &str = "
    select m.tbl_name || ' ' || m.name || ' (' || group_concat(c.name, ', ') || ')'
           || case when i.partial then ' partial' else '' end || case when i.\"unique\" then ' unique' else '' end
    from (select * from sqlite_master where type = 'index') m
    join pragma_index_list(m.tbl_name) i on i.name = m.name and i.origin = 'c', pragma_index_info(m.name) c
    group by m.name";
const INDEXES_OF_POSTGRES: &str = "
    select t.relname || ' ' || i.relname || ' (' || string_agg(coalesce(a.attname, 'expression'), ', ' order by k.place) || ')'
           || case when x.indpred is null then '' else ' partial' end || case when x.indisunique then ' unique' else '' end
    from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid
    join pg_namespace n on n.oid = t.relnamespace and n.nspname = 'public'
    cross join lateral unnest(x.indkey) with ordinality k (number, place)
    left join pg_attribute a on a.attrelid = t.oid and a.attnum = k.number
    where not exists (select from pg_constraint c where c.conindid = i.oid)
    group by t.relname, i.relname, x.indpred, x.indisunique";

/// Primary keys, and what else is unique within a table.
const KEYS_OF_SQLITE: &str = "
    select name || ' (' || group_concat(column, ', ') || ')' from (
        select m.name, c.name as column, 'p' as key from sqlite_master m, pragma_table_info(m.name) c
        where m.type = 'table' and c.pk > 0
        union all
        select m.name, c.name, i.name from sqlite_master m, pragma_index_list(m.name) i, pragma_index_info(i.name) c
        where m.type = 'table' and i.origin = 'u')
    group by name, key";
const KEYS_OF_POSTGRES: &str = "
    select conrelid::regclass::text || ' (' || string_agg(attname, ', ' order by place) || ')'
    from pg_constraint cross join lateral unnest(conkey) with ordinality k (number, place)
    join pg_attribute on attrelid = conrelid and attnum = number
    where contype in ('p', 'u') and connamespace = 'public'::regnamespace group by conrelid, conname";

/// What refers to what, and whether it goes with it.
const REFERENCES_OF_SQLITE: &str = "
    select m.name || ' (' || group_concat(f.\"from\", ', ') || ') to ' || f.\"table\" || ' (' || group_concat(f.\"to\", ', ') || ') '
           || lower(f.on_delete)
    from sqlite_master m, pragma_foreign_key_list(m.name) f where m.type = 'table' group by m.name, f.id";
const REFERENCES_OF_POSTGRES: &str = "
    select conrelid::regclass::text || ' (' || string_agg(a.attname, ', ' order by place) || ') to '
           || confrelid::regclass::text || ' (' || string_agg(b.attname, ', ' order by place) || ') '
           || case confdeltype when 'c' then 'cascade' else 'no action' end
    from pg_constraint cross join lateral unnest(conkey, confkey) with ordinality k (number, other, place)
    join pg_attribute a on a.attrelid = conrelid and a.attnum = number
    join pg_attribute b on b.attrelid = confrelid and b.attnum = other
    where contype = 'f' and connamespace = 'public'::regnamespace group by conrelid, confrelid, conname, confdeltype";

const TRIGGERS_OF_SQLITE: &str = "select tbl_name || ' ' || name from sqlite_master where type = 'trigger'";
const TRIGGERS_OF_POSTGRES: &str =
    "select tgrelid::regclass::text || ' ' || tgname from pg_trigger where not tgisinternal";

/// The words that a column may hold. SQLite keeps the text of a table, PostgreSQL a tree that it prints in its own way.
const CHECKS_OF_SQLITE: &str = "select name, sql from sqlite_master where type = 'table' and sql like '%check (%'";
const CHECKS_OF_POSTGRES: &str = "
    select conrelid::regclass::text, 'check (' || pg_get_constraintdef(oid) from pg_constraint
    where contype = 'c' and connamespace = 'public'::regnamespace";

struct Schemas {
    sqlite: Connection,
    postgres: Database,
}

impl Schemas {
    async fn of_today(home: &tempfile::TempDir) -> Self {
        let path = home.path().join("catalog.sqlite");
        drop(Catalog::open_sqlite(&path).await.unwrap());
        let sqlite = Connection::open(path).unwrap();
        Self { sqlite, postgres: Database::migrated().await }
    }

    async fn assert_same(&self, of_sqlite: &'static str, of_postgres: &'static str) {
        let mut sqlite = self.sqlite.prepare(of_sqlite).unwrap();
        let sqlite = sqlite.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap);
        let postgres =
            sqlx::query(AssertSqlSafe(of_postgres)).fetch_all(&mut self.postgres.superuser().await).await.unwrap();
        compare(sqlite, postgres.iter().map(|row| row.get(0)));
    }
}

/// Without what either engine keeps for itself.
fn compare(sqlite: impl Iterator<Item = String>, postgres: impl Iterator<Item = String>) {
    let is_own = |line: &String| line.starts_with("sqlite_") || line.starts_with("_sqlx") || line.contains(TEXTS);
    let is_extra = |line: &String| OF_POSTGRES_ALONE.iter().any(|name| line.ends_with(name));
    let texts_triggers = |line: &String| !line.starts_with(TEXTS) && line.contains(&format!(" {TEXTS}_"));
    let kept = |line: &String| (!is_own(line) || texts_triggers(line) && !line.contains('(')) && !is_extra(line);
    let (sqlite, postgres): (BTreeSet<_>, BTreeSet<_>) =
        (sqlite.filter(kept).collect(), postgres.filter(kept).collect());
    assert!(sqlite.len() > 10, "{sqlite:?}");
    let difference: Vec<_> = sqlite.symmetric_difference(&postgres).collect();
    assert_eq!(difference, Vec::<&String>::new());
}

#[tokio::test]
async fn tables_and_what_holds_for_them_are_the_same() {
    let home = tempfile::tempdir().unwrap();
    let schemas = Schemas::of_today(&home).await;
    schemas.assert_same(COLUMNS_OF_SQLITE, COLUMNS_OF_POSTGRES).await;
    schemas.assert_same(INDEXES_OF_SQLITE, INDEXES_OF_POSTGRES).await;
    schemas.assert_same(KEYS_OF_SQLITE, KEYS_OF_POSTGRES).await;
    schemas.assert_same(REFERENCES_OF_SQLITE, REFERENCES_OF_POSTGRES).await;
    schemas.assert_same(TRIGGERS_OF_SQLITE, TRIGGERS_OF_POSTGRES).await;
}

#[tokio::test]
async fn columns_hold_the_same_words() {
    let home = tempfile::tempdir().unwrap();
    let schemas = Schemas::of_today(&home).await;
    let mut sqlite = schemas.sqlite.prepare(CHECKS_OF_SQLITE).unwrap();
    let sqlite = sqlite.query_map([], |row| Ok(checks(row.get_ref(0)?.as_str()?, row.get_ref(1)?.as_str()?))).unwrap();
    let postgres = sqlx::query(CHECKS_OF_POSTGRES).fetch_all(&mut schemas.postgres.superuser().await).await.unwrap();
    compare(sqlite.flat_map(Result::unwrap), postgres.iter().flat_map(|row| checks(row.get(0), row.get(1))));
}

/// `table.column: words` of every `check (column …)`.
fn checks(table: &str, text: &str) -> Vec<String> {
    let check = |check: &str| {
        let check = check.trim_start_matches(|c: char| !c.is_ascii_lowercase());
        let column: String = check.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
        let end = check.find("))").unwrap_or(check.len());
        let words: Vec<&str> = check[..end].split('\'').skip(1).step_by(2).collect();
        format!("{table}.{column}: {}", words.join(" "))
    };
    text.split("check (").skip(1).map(check).collect()
}
