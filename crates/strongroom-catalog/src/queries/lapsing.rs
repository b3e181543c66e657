//! Forms whose time ends. Whether one still gives consent is judged by the clock at every request; here it is told, once.

use serde_json::json;
use strongroom_core::clock::Timestamp;
use strongroom_core::id::{ConnectionId, FormId};
use strongroom_core::release_form::{Actor, EXPIRING, FormAction, FormStatus};

use super::{Answer, Columns as _, Connection, attached, audit, forms, gate, sql};

/// Forms of which the end is near or past, and which nobody was told of. Those that end first come first.
pub(crate) async fn lapsing_forms(
    connection: &mut Connection,
    now: Timestamp,
    limit: u32,
) -> Answer<Vec<(ConnectionId, FormId)>> {
    let rows = sql("select connection_id, id from release_form
                    where deleted_at is null and told_expired = 0 and expires_at <= $2
                      and (expires_at <= $1 or (told_expiring = 0 and revoked_at is null and approved_at is not null
                                                and (valid_from is null or valid_from <= $1)))
                    order by expires_at limit $3")
    .bind(now.as_millis())
    .bind(now.after(EXPIRING).as_millis())
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| Ok((row.word("connection_id")?, FormId::new(row.number("id")?)))).collect()
}

/// Tells that a form is expiring or has expired, in an event; of the latter the log, too, and the links to what it closed die.
/// One that was revoked before is not told of. Says whether there was anything to tell.
pub(crate) async fn tell_lapsing(
    connection: &mut Connection,
    owner: ConnectionId,
    form: FormId,
    now: Timestamp,
) -> Answer<bool> {
    let row =
        sql("select approved_at, revoked_at, valid_from, expires_at, told_expiring, told_expired from release_form
                   where connection_id = $1 and id = $2 and deleted_at is null")
        .bind(owner.to_string())
        .bind(form.number())
        .fetch_optional(&mut *connection)
        .await?;
    let Some(row) = row else { return Ok(false) };
    let is_over = row.optional_time("expires_at")?.is_some_and(|end| end <= now);
    let told = |name| row.number(name).map(|told| told != 0);
    match attached::validity(&row)?.status(now) {
        FormStatus::Expired if !told("told_expired")? => {
            mark(
                connection,
                &owner,
                form,
                "update release_form set told_expired = 1 where connection_id = $1 and id = $2",
            )
            .await?;
            gate::close_form(connection, &owner, form, now).await?;
            audit::record(connection, &owner, form, FormAction::Expired, &Actor::System, &json!({}), now).await?;
            forms::announce(connection, &owner, form, "release_form.expired", now).await?;
            Ok(true)
        }
        FormStatus::Expiring if !told("told_expiring")? => {
            mark(
                connection,
                &owner,
                form,
                "update release_form set told_expiring = 1 where connection_id = $1 and id = $2",
            )
            .await?;
            forms::announce(connection, &owner, form, "release_form.expiring", now).await?;
            Ok(true)
        }
        FormStatus::Revoked if is_over => {
            mark(
                connection,
                &owner,
                form,
                "update release_form set told_expired = 1 where connection_id = $1 and id = $2",
            )
            .await?;
            Ok(false)
        }
        _ => Ok(false),
    }
}

async fn mark(connection: &mut Connection, owner: &ConnectionId, form: FormId, text: &'static str) -> Answer<()> {
    sql(text).bind(owner.to_string()).bind(form.number()).execute(connection).await?;
    Ok(())
}
