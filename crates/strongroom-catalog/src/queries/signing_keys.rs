//! The keys that sign URLs, where every node must have the same.

use strongroom_core::clock::Timestamp;

use super::{Answer, Columns as _, Connection, sql};

/// All keys, a line each, the one that signs first.
pub(crate) async fn signing_keys(connection: &mut Connection) -> Answer<Vec<String>> {
    let rows = sql("select line from signing_key order by created_at desc, id").fetch_all(connection).await?;
    rows.iter().map(|row| row.text("line")).collect()
}

/// Adds a key, which signs from now on, and forgets all but the newest `most`.
pub(crate) async fn add_signing_key(
    connection: &mut Connection,
    id: String,
    line: String,
    now: Timestamp,
    most: i64,
) -> Answer<()> {
    // Later than every other, whatever the clocks of two nodes say.
    sql("insert into signing_key (id, line, created_at)
         select $1, $2, case when newest >= $3 then newest + 1 else $3 end
         from (select coalesce(max(created_at), 0) as newest from signing_key) as keys")
    .bind(id)
    .bind(line)
    .bind(now.as_millis())
    .execute(&mut *connection)
    .await?;
    sql("delete from signing_key where id not in (select id from signing_key order by created_at desc, id limit $1)")
        .bind(most)
        .execute(connection)
        .await?;
    Ok(())
}

/// Adds the first key, unless there is one.
pub(crate) async fn first_signing_key(
    connection: &mut Connection,
    id: String,
    line: String,
    now: Timestamp,
) -> Answer<()> {
    sql("insert into signing_key (id, line, created_at)
         select $1, $2, $3 where not exists (select 1 from signing_key)")
    .bind(id)
    .bind(line)
    .bind(now.as_millis())
    .execute(connection)
    .await?;
    Ok(())
}
