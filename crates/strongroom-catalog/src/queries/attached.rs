//! What hangs on the media of a page: release forms and lists, fetched for all of them at once.

use strongroom_core::id::{ConnectionId, FormId, ListId, MediaId, PersonId};
use strongroom_core::release_form::Validity;

use super::{Answer, Columns as _, Connection, Row, dialect, json_list, sql};
use crate::records::{AttachedForm, ListName, Media, PersonName};

/// The lists that media are on.
pub(crate) const LISTS: &str = concat!(
    "select member.media_id, list.id, list.type, list.name
     from list_media member
     join list on list.connection_id = member.connection_id and list.id = member.list_id
     where member.connection_id = $1 and member.media_id ",
    dialect::one_of!("$2"),
    " order by member.media_id, list.id"
);

/// Adds their release forms to the media of one connection.
pub(super) async fn attach_forms(connection: &mut Connection, owner: &ConnectionId, media: &mut [Media]) -> Answer<()> {
    let forms = sql(concat!(
        "select attached.media_id, release_form.id, release_form.name, release_form.type, release_form.partner_source,
                release_form.approved_at, release_form.revoked_at, release_form.valid_from, release_form.expires_at,
                person.id as person_id, person.name as person_name, person.username, person.is_verified, person.is_guest,
                person.iv_status, person.avatar_blob, person.url_version
         from media_release_form attached
         join release_form on release_form.connection_id = attached.connection_id and release_form.id = attached.form_id
         left join person on person.connection_id = release_form.connection_id and person.id = release_form.person_id
         where attached.connection_id = $1 and attached.media_id ", dialect::one_of!("$2"),
        " and release_form.deleted_at is null
         order by attached.media_id, release_form.id"
    ))
    .bind(owner.to_string())
    .bind(ids(media))
    .fetch_all(connection)
    .await?;
    for row in &forms {
        find(media, row)?.release_forms.push(form(row)?);
    }
    Ok(())
}

/// Adds their lists to the media of one connection.
pub(super) async fn attach_lists(connection: &mut Connection, owner: &ConnectionId, media: &mut [Media]) -> Answer<()> {
    let lists = sql(LISTS).bind(owner.to_string()).bind(ids(media)).fetch_all(connection).await?;
    for row in &lists {
        let list =
            ListName { id: ListId::new(row.number("id")?), list_type: row.word("type")?, name: row.text("name")? };
        find(media, row)?.lists.push(list);
    }
    Ok(())
}

fn ids(media: &[Media]) -> String {
    json_list(&media.iter().map(|media| media.id).collect::<Vec<MediaId>>())
}

/// The times of the forms attached to a media, which is all that its consent follows from.
pub(super) async fn validities(
    connection: &mut Connection,
    owner: &ConnectionId,
    media: MediaId,
) -> Answer<Vec<Validity>> {
    let rows = sql("select approved_at, revoked_at, valid_from, expires_at
                    from media_release_form attached
                    join release_form on release_form.connection_id = attached.connection_id
                                     and release_form.id = attached.form_id
                    where attached.connection_id = $1 and attached.media_id = $2 and release_form.deleted_at is null")
    .bind(owner.to_string())
    .bind(media.number())
    .fetch_all(connection)
    .await?;
    rows.iter().map(validity).collect()
}

/// The media that a row is about. Every row was asked for by the id of one of them.
fn find<'a>(media: &'a mut [Media], row: &Row) -> Answer<&'a mut Media> {
    let id = MediaId::new(row.number("media_id")?);
    let found = media.iter_mut().find(|media| media.id == id);
    found.ok_or_else(|| crate::CatalogError::Unreadable(format!("media {id} was not asked for")))
}

/// The times of a form.
pub(super) fn validity(row: &Row) -> Answer<Validity> {
    Ok(Validity {
        approved_at: row.optional_time("approved_at")?,
        revoked_at: row.optional_time("revoked_at")?,
        valid_from: row.optional_time("valid_from")?,
        expires_at: row.optional_time("expires_at")?,
    })
}

fn form(row: &Row) -> Answer<AttachedForm> {
    Ok(AttachedForm {
        id: FormId::new(row.number("id")?),
        name: row.text("name")?,
        form_type: row.text("type")?,
        partner_source: row.text("partner_source")?,
        validity: validity(row)?,
        person: person(row)?,
    })
}

/// Whose form it is.
fn person(row: &Row) -> Answer<Option<PersonName>> {
    let Some(id) = row.optional_number("person_id")? else { return Ok(None) };
    Ok(Some(PersonName {
        id: PersonId::new(id),
        name: row.text("person_name")?,
        username: row.text("username")?,
        is_verified: row.number("is_verified")? != 0,
        is_guest: row.number("is_guest")? != 0,
        iv_status: row.optional_text("iv_status")?,
        has_avatar: row.optional_text("avatar_blob")?.is_some(),
        url_version: row.number("url_version")?,
    }))
}
