//! The audit log of release forms: who did what, and when. Rows are added in the transaction of the change that they tell of,
//! and the database refuses to change them.

use strongroom_core::clock::Timestamp;
use strongroom_core::id::{ConnectionId, FormId};
use strongroom_core::release_form::{Actor, FormAction};

use super::{Answer, Columns as _, Connection, Row, sql};
use crate::records::AuditEntry;

/// Adds a row; `detail` is what changed, as a JSON object. The document is the form's newest, which a reader of the log would
/// otherwise have to find out from the rows before.
pub(super) async fn record(
    connection: &mut Connection,
    owner: &ConnectionId,
    form: FormId,
    action: FormAction,
    actor: &Actor,
    detail: &serde_json::Value,
    now: Timestamp,
) -> Answer<()> {
    sql("insert into release_form_audit (connection_id, form_id, action, actor, document_sha256, detail, at)
         select $1, $2, $3, $4, document_sha256, $5, $6 from release_form where connection_id = $1 and id = $2")
    .bind(owner.to_string())
    .bind(form.number())
    .bind(action.as_str())
    .bind(actor.to_string())
    .bind(detail.to_string())
    .bind(now.as_millis())
    .execute(connection)
    .await?;
    Ok(())
}

/// The rows of one form, deleted or not, oldest first, from behind the row `after`.
pub(crate) async fn audit_of_form(
    connection: &mut Connection,
    owner: ConnectionId,
    form: FormId,
    after: i64,
    limit: u32,
) -> Answer<Vec<AuditEntry>> {
    let rows = sql("select id, form_id, action, actor, document_sha256, detail, at from release_form_audit
                    where connection_id = $1 and form_id = $2 and id > $3 order by id limit $4")
    .bind(owner.to_string())
    .bind(form.number())
    .bind(after)
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?;
    rows.iter().map(read).collect()
}

/// The rows of all forms of a connection, oldest first, from behind the row `after`.
pub(crate) async fn audit_of_connection(
    connection: &mut Connection,
    owner: ConnectionId,
    after: i64,
    limit: u32,
) -> Answer<Vec<AuditEntry>> {
    let rows = sql("select id, form_id, action, actor, document_sha256, detail, at from release_form_audit
                    where connection_id = $1 and id > $2 order by id limit $3")
    .bind(owner.to_string())
    .bind(after)
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Answer<AuditEntry> {
    Ok(AuditEntry {
        id: row.number("id")?,
        form: FormId::new(row.number("form_id")?),
        action: row.word("action")?,
        actor: row.word("actor")?,
        document_sha256: row.optional_bytes32("document_sha256")?,
        detail: row.text("detail")?,
        at: row.time("at")?,
    })
}
