//! Release forms. Every change writes its row of the audit log, and moves the URLs of media that it closes or opens.

use serde_json::{Value, json};
use strongroom_core::clock::Timestamp;
use strongroom_core::id::{ConnectionId, FormId, PersonId};
use strongroom_core::release_form::{Actor, FormAction};

use super::gate::Gate;
use super::{Answer, Columns as _, Connection, Row, Statement, audit, documents, events, people, sql};
use crate::records::{ConsentPage, Form, FormChange, FormTerms, NameOrder, Refused};

/// Forms that `$condition` picks, each with its person's name and its newest document; an order may follow.
macro_rules! select_form {
    ($rest:expr) => {
        concat!(
            "select form.id, form.type, form.name, form.person_id, form.partner_id, form.partner_source, form.code, form.usage,
                    form.valid_from, form.expires_at, form.approved_at, form.revoked_at, form.is_hidden, form.created_at,
                    form.changed_at, person.name as person_name, document.version as document_version,
                    document.sha256 as document_sha256, document.blob_key as document_blob, document.kind as document_kind,
                    document.size_bytes as document_bytes, document.created_at as document_created_at
             from release_form form
             left join person on person.connection_id = form.connection_id and person.id = form.person_id
             left join release_form_document document
                    on document.connection_id = form.connection_id and document.form_id = form.id
                   and document.version = (select max(version) from release_form_document newest
                                           where newest.connection_id = form.connection_id and newest.form_id = form.id)
             where form.connection_id = $1 and form.deleted_at is null and ",
            $rest
        )
    };
}

/// A page of forms. What is pending here is what `Validity::status` calls so; a test holds the two together.
macro_rules! select_page {
    ($order:literal) => {
        select_form!(concat!(
            "(not $2 or (form.revoked_at is null and (form.expires_at is null or form.expires_at > $3)
                         and (form.approved_at is null or form.valid_from > $3)))
             and ($4 is null or form.search like $4 escape '\\' or person.search like $4 escape '\\')
             order by ",
            $order,
            " limit $5 offset $6"
        ))
    };
}

/// Keeps a new form, which nobody has approved yet.
pub(crate) async fn create_form(
    connection: &mut Connection,
    owner: ConnectionId,
    terms: FormTerms,
    actor: Actor,
    now: Timestamp,
) -> Answer<Result<FormId, Refused>> {
    if let Some(refused) = refuse(connection, &owner, &terms).await? {
        return Ok(Err(refused));
    }
    let insert =
        sql("insert into release_form (connection_id, type, name, search, person_id, partner_id, partner_source, code,
                                                usage, valid_from, expires_at, is_hidden, created_at, changed_at)
                      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13) returning id");
    let row = bind_terms(insert, &owner, &terms).bind(now.as_millis()).fetch_one(&mut *connection).await?;
    let id = FormId::new(row.number("id")?);
    audit::record(connection, &owner, id, FormAction::Created, &actor, &told(&terms), now).await?;
    Ok(Ok(id))
}

/// Changes what a form says. What is the same already is no change.
pub(crate) async fn change_form(
    connection: &mut Connection,
    owner: ConnectionId,
    id: FormId,
    change: FormChange,
    actor: Actor,
    now: Timestamp,
) -> Answer<Result<(), Refused>> {
    let Some(found) = form(connection, owner.clone(), id).await? else { return Ok(Err(Refused::Form(id))) };
    let old = found.terms;
    let new = changed(old.clone(), change);
    let difference = difference(&told(&old), &told(&new));
    if difference.is_empty() {
        return Ok(Ok(()));
    }
    if let Some(refused) = refuse(connection, &owner, &new).await? {
        return Ok(Err(refused));
    }
    let gate = Gate::before_form(connection, &owner, id, now).await?;
    write(connection, &owner, id, &new, old.expires_at != new.expires_at, now).await?;
    gate.after(connection, &owner, now).await?;
    audit::record(connection, &owner, id, FormAction::Changed, &actor, &Value::Object(difference), now).await?;
    Ok(Ok(()))
}

/// Approves a form, from now on and also where it was revoked.
pub(crate) async fn approve_form(
    connection: &mut Connection,
    owner: ConnectionId,
    id: FormId,
    actor: Actor,
    now: Timestamp,
) -> Answer<Result<(), Refused>> {
    if !exists(connection, &owner, id).await? {
        return Ok(Err(Refused::Form(id)));
    }
    let gate = Gate::before_form(connection, &owner, id, now).await?;
    sql("update release_form set approved_at = $3, revoked_at = null, changed_at = $3, told_expiring = 0, told_expired = 0
         where connection_id = $1 and id = $2")
    .bind(owner.to_string())
    .bind(id.number())
    .bind(now.as_millis())
    .execute(&mut *connection)
    .await?;
    gate.after(connection, &owner, now).await?;
    audit::record(connection, &owner, id, FormAction::Approved, &actor, &json!({}), now).await?;
    Ok(Ok(()))
}

/// Revokes a form: consent is withdrawn from now on. Revoked twice is revoked once.
pub(crate) async fn revoke_form(
    connection: &mut Connection,
    owner: ConnectionId,
    id: FormId,
    actor: Actor,
    now: Timestamp,
) -> Answer<Result<(), Refused>> {
    if !exists(connection, &owner, id).await? {
        return Ok(Err(Refused::Form(id)));
    }
    let gate = Gate::before_form(connection, &owner, id, now).await?;
    let revoked = sql("update release_form set revoked_at = $3, changed_at = $3
                       where connection_id = $1 and id = $2 and revoked_at is null")
    .bind(owner.to_string())
    .bind(id.number())
    .bind(now.as_millis())
    .execute(&mut *connection)
    .await?;
    if revoked.rows_affected() == 1 {
        gate.after(connection, &owner, now).await?;
        audit::record(connection, &owner, id, FormAction::Revoked, &actor, &json!({}), now).await?;
        announce(connection, &owner, id, "release_form.revoked", now).await?;
    }
    Ok(Ok(()))
}

/// Deletes a form: it counts no longer, so media that have no other close. Its documents and its rows of the log stay.
pub(crate) async fn delete_form(
    connection: &mut Connection,
    owner: ConnectionId,
    id: FormId,
    actor: Actor,
    now: Timestamp,
) -> Answer<Result<(), Refused>> {
    if !exists(connection, &owner, id).await? {
        return Ok(Err(Refused::Form(id)));
    }
    let gate = Gate::before_form(connection, &owner, id, now).await?;
    sql("update release_form set deleted_at = $3, changed_at = $3 where connection_id = $1 and id = $2")
        .bind(owner.to_string())
        .bind(id.number())
        .bind(now.as_millis())
        .execute(&mut *connection)
        .await?;
    gate.after(connection, &owner, now).await?;
    audit::record(connection, &owner, id, FormAction::Deleted, &actor, &json!({}), now).await?;
    Ok(Ok(()))
}

/// One form of a connection.
pub(crate) async fn form(connection: &mut Connection, owner: ConnectionId, id: FormId) -> Answer<Option<Form>> {
    let row =
        sql(select_form!("form.id = $2")).bind(owner.to_string()).bind(id.number()).fetch_optional(connection).await?;
    row.as_ref().map(read).transpose()
}

/// A page of a connection's forms.
pub(crate) async fn list_forms(
    connection: &mut Connection,
    owner: ConnectionId,
    page: ConsentPage,
) -> Answer<Vec<Form>> {
    let text = match (page.order, page.descending) {
        (NameOrder::Date, true) => select_page!("form.created_at desc, form.id desc"),
        (NameOrder::Date, false) => select_page!("form.created_at, form.id"),
        (NameOrder::Name, true) => select_page!("form.search desc, form.id desc"),
        (NameOrder::Name, false) => select_page!("form.search, form.id"),
    };
    let rows = sql(text)
        .bind(owner.to_string())
        .bind(page.is_pending)
        .bind(page.now.as_millis())
        .bind(page.search.as_deref().map(people::pattern))
        .bind(i64::from(page.limit))
        .bind(super::signed(page.offset))
        .fetch_all(connection)
        .await?;
    rows.iter().map(read).collect()
}

/// Whether there is such a form.
pub(super) async fn exists(connection: &mut Connection, owner: &ConnectionId, id: FormId) -> Answer<bool> {
    let row = sql("select 1 as found from release_form where connection_id = $1 and id = $2 and deleted_at is null")
        .bind(owner.to_string())
        .bind(id.number())
        .fetch_optional(connection)
        .await?;
    Ok(row.is_some())
}

/// Writes the event that tells of a form.
pub(super) async fn announce(
    connection: &mut Connection,
    owner: &ConnectionId,
    id: FormId,
    event_type: &'static str,
    now: Timestamp,
) -> Answer<()> {
    let data = json!({ "releaseFormId": id });
    events::record(connection, owner, event_type, None, data.to_string(), now).await
}

/// Why these terms cannot be kept, if they cannot.
async fn refuse(connection: &mut Connection, owner: &ConnectionId, terms: &FormTerms) -> Answer<Option<Refused>> {
    let is_never_valid = terms.valid_from.zip(terms.expires_at).is_some_and(|(from, until)| until <= from);
    if is_never_valid {
        return Ok(Some(Refused::NeverValid));
    }
    let Some(person) = terms.person else { return Ok(None) };
    let is_known = people::person(connection, owner.clone(), person).await?.is_some();
    Ok((!is_known).then_some(Refused::Person(person)))
}

async fn write(
    connection: &mut Connection,
    owner: &ConnectionId,
    id: FormId,
    terms: &FormTerms,
    is_other_end: bool,
    now: Timestamp,
) -> Answer<()> {
    let update = sql("update release_form
         set type = $2, name = $3, search = $4, person_id = $5, partner_id = $6, partner_source = $7, code = $8, usage = $9,
             valid_from = $10, expires_at = $11, is_hidden = $12, changed_at = $13,
             told_expiring = case when $14 then 0 else told_expiring end,
             told_expired = case when $14 then 0 else told_expired end
         where connection_id = $1 and id = $15");
    bind_terms(update, owner, terms)
        .bind(now.as_millis())
        .bind(is_other_end)
        .bind(id.number())
        .execute(connection)
        .await?;
    Ok(())
}

/// Binds whose form it is to `$1`, and what it says to `$2` to `$12`.
fn bind_terms(query: Statement, owner: &ConnectionId, terms: &FormTerms) -> Statement {
    query
        .bind(owner.to_string())
        .bind(terms.form_type.clone())
        .bind(terms.name.clone())
        .bind(terms.name.to_lowercase())
        .bind(terms.person.map(PersonId::number))
        .bind(terms.partner_id)
        .bind(terms.partner_source.clone())
        .bind(terms.code.clone())
        .bind(terms.usage.clone())
        .bind(terms.valid_from.map(Timestamp::as_millis))
        .bind(terms.expires_at.map(Timestamp::as_millis))
        .bind(i64::from(terms.is_hidden))
}

fn changed(old: FormTerms, change: FormChange) -> FormTerms {
    FormTerms {
        name: change.name.unwrap_or(old.name),
        form_type: change.form_type.unwrap_or(old.form_type),
        person: change.person.unwrap_or(old.person),
        partner_id: change.partner_id.unwrap_or(old.partner_id),
        partner_source: change.partner_source.unwrap_or(old.partner_source),
        code: change.code.unwrap_or(old.code),
        usage: change.usage.unwrap_or(old.usage),
        valid_from: change.valid_from.unwrap_or(old.valid_from),
        expires_at: change.expires_at.unwrap_or(old.expires_at),
        is_hidden: change.is_hidden.unwrap_or(old.is_hidden),
    }
}

/// Terms in the words of the wire, for the log.
fn told(terms: &FormTerms) -> Value {
    let time = |at: Option<Timestamp>| at.map(Timestamp::to_rfc3339);
    json!({
        "name": terms.name, "type": terms.form_type, "userId": terms.person, "partnerId": terms.partner_id,
        "partnerSource": terms.partner_source, "code": terms.code, "usage": terms.usage, "isHidden": terms.is_hidden,
        "validFrom": time(terms.valid_from), "expiresAt": time(terms.expires_at),
    })
}

/// The fields in which two objects differ, each with its old and its new value.
fn difference(old: &Value, new: &Value) -> serde_json::Map<String, Value> {
    let fields = new.as_object().into_iter().flatten();
    fields
        .filter(|(name, value)| old[name.as_str()] != **value)
        .map(|(name, value)| (name.clone(), json!({ "from": old[name.as_str()], "to": value })))
        .collect()
}

fn read(row: &Row) -> Answer<Form> {
    Ok(Form {
        id: FormId::new(row.number("id")?),
        terms: FormTerms {
            name: row.text("name")?,
            form_type: row.text("type")?,
            person: row.optional_number("person_id")?.map(PersonId::new),
            partner_id: row.optional_number("partner_id")?,
            partner_source: row.text("partner_source")?,
            code: row.optional_text("code")?,
            usage: row.optional_text("usage")?,
            valid_from: row.optional_time("valid_from")?,
            expires_at: row.optional_time("expires_at")?,
            is_hidden: row.number("is_hidden")? != 0,
        },
        person_name: row.optional_text("person_name")?,
        approved_at: row.optional_time("approved_at")?,
        revoked_at: row.optional_time("revoked_at")?,
        document: documents::of_form(row)?,
        created_at: row.time("created_at")?,
        changed_at: row.time("changed_at")?,
    })
}
