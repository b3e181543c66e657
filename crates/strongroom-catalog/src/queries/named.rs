//! Lists and release forms that an upload names at init or at complete: kept with it, and attached to the media in the
//! transaction that makes it. What is deleted meanwhile is passed over.

use std::collections::BTreeSet;

use strongroom_core::clock::Timestamp;
use strongroom_core::id::{ConnectionId, FormId, ListId, MediaId, UploadId};

use super::members::put_on_list;
use super::{Answer, Columns as _, Connection, Row, attaching, dialect, json_list, sql};
use crate::CatalogError;
use crate::records::Attaching;

/// Those of these lists that a connection has.
pub(crate) async fn known_lists(
    connection: &mut Connection,
    owner: ConnectionId,
    ids: Vec<ListId>,
) -> Answer<Vec<ListId>> {
    let rows = sql(concat!("select id from list where connection_id = $1 and id ", dialect::one_of!("$2")))
        .bind(owner.to_string())
        .bind(json_list(&ids))
        .fetch_all(connection)
        .await?;
    rows.iter().map(|row| row.number("id").map(ListId::new)).collect()
}

/// Those of these release forms that a connection has.
pub(crate) async fn known_forms(
    connection: &mut Connection,
    owner: ConnectionId,
    ids: Vec<FormId>,
) -> Answer<Vec<FormId>> {
    let rows = sql(concat!(
        "select id from release_form where connection_id = $1 and deleted_at is null and id ",
        dialect::one_of!("$2")
    ))
    .bind(owner.to_string())
    .bind(json_list(&ids))
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| row.number("id").map(FormId::new)).collect()
}

/// Adds lists and release forms to those that an upload's media is to have. One that is complete has them at once.
pub(crate) async fn name_for_upload(
    connection: &mut Connection,
    upload: UploadId,
    lists: Vec<ListId>,
    forms: Attaching,
    now: Timestamp,
) -> Answer<()> {
    let owner = forms.connection.clone();
    let Some(row) = row(connection, &owner, upload).await? else { return Ok(()) };
    if let Some(media) = row.optional_number("media_id")? {
        return attach(connection, MediaId::new(media), &lists, forms, now).await;
    }
    let lists = joined(numbers(&row, "list_ids")?, lists.iter().map(|id| id.number()));
    let form_ids = joined(numbers(&row, "release_form_ids")?, forms.forms.iter().map(|id| id.number()));
    sql("update upload set list_ids = $3, release_form_ids = $4, named_by = $5
         where connection_id = $1 and id = $2 and state in ('open', 'completing')")
    .bind(owner.to_string())
    .bind(upload.uuid().to_string())
    .bind(lists)
    .bind(form_ids)
    .bind(forms.actor.to_string())
    .execute(connection)
    .await?;
    Ok(())
}

/// Attaches what an upload has named to the media that it became.
pub(super) async fn attach_named(
    connection: &mut Connection,
    owner: &ConnectionId,
    upload: UploadId,
    media: MediaId,
    now: Timestamp,
) -> Answer<()> {
    let Some(row) = row(connection, owner, upload).await? else { return Ok(()) };
    let Some(actor) = row.optional_word("named_by")? else { return Ok(()) };
    let lists: Vec<ListId> = numbers(&row, "list_ids")?.into_iter().map(ListId::new).collect();
    let forms = numbers(&row, "release_form_ids")?.into_iter().map(FormId::new).collect();
    attach(connection, media, &lists, Attaching { connection: owner.clone(), forms, actor }, now).await
}

async fn attach(
    connection: &mut Connection,
    media: MediaId,
    lists: &[ListId],
    forms: Attaching,
    now: Timestamp,
) -> Answer<()> {
    for list in lists {
        put_on_list(connection, &forms.connection, *list, media, now).await?;
    }
    if forms.forms.is_empty() {
        return Ok(());
    }
    let known = known_forms(connection, forms.connection.clone(), forms.forms.clone()).await?;
    attaching::add(connection, &[media], &Attaching { forms: known, ..forms }, now).await
}

async fn row(connection: &mut Connection, owner: &ConnectionId, upload: UploadId) -> Answer<Option<Row>> {
    Ok(sql("select list_ids, release_form_ids, named_by, media_id from upload where connection_id = $1 and id = $2")
        .bind(owner.to_string())
        .bind(upload.uuid().to_string())
        .fetch_optional(connection)
        .await?)
}

/// Numbers in one column, separated by a space.
fn numbers(row: &Row, name: &str) -> Answer<Vec<i64>> {
    let text = row.optional_text(name)?.unwrap_or_default();
    let number = |word: &str| word.parse().map_err(|_| CatalogError::Unreadable(format!("column {name} holds {word}")));
    text.split_whitespace().map(number).collect()
}

/// Numbers for one column, each once.
fn joined(before: Vec<i64>, more: impl Iterator<Item = i64>) -> Option<String> {
    let numbers: BTreeSet<i64> = before.into_iter().chain(more).collect();
    let words: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    Some(words.join(" ")).filter(|text| !text.is_empty())
}
