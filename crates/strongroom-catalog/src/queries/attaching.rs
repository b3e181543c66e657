//! Which forms hang on which media.

use std::collections::BTreeMap;

use serde_json::json;
use strongroom_core::clock::Timestamp;
use strongroom_core::id::{ConnectionId, FormId, MediaId, MediaReference};
use strongroom_core::release_form::FormAction;

use super::gate::Gate;
use super::{Answer, Columns as _, Connection, audit, forms, sql};
use crate::records::{Attaching, Refused};

/// Which media each form was attached to or taken off: a row of the log each.
type Done = BTreeMap<FormId, Vec<MediaId>>;

/// Attaches forms to media, beside those that are there: all of them to all, or nothing.
pub(crate) async fn attach_forms(
    connection: &mut Connection,
    media: Vec<MediaReference>,
    attaching: Attaching,
    now: Timestamp,
) -> Answer<Result<Vec<MediaId>, Refused>> {
    let owner = &attaching.connection;
    let mut found = Vec::with_capacity(media.len());
    for reference in media {
        match find(connection, owner, reference).await? {
            // One media may be named twice: by its id, and by the upload that it came from.
            Some(media) if found.contains(&media) => {}
            Some(media) => found.push(media),
            None => return Ok(Err(Refused::Media(named(reference)))),
        }
    }
    if let Some(unknown) = unknown_form(connection, &attaching).await? {
        return Ok(Err(Refused::Form(unknown)));
    }
    add(connection, &found, &attaching, now).await?;
    Ok(Ok(found))
}

/// Makes these forms the only ones of a media.
pub(crate) async fn replace_forms(
    connection: &mut Connection,
    media: MediaReference,
    attaching: Attaching,
    now: Timestamp,
) -> Answer<Result<MediaId, Refused>> {
    let owner = &attaching.connection;
    let Some(found) = find(connection, owner, media).await? else { return Ok(Err(Refused::Media(named(media)))) };
    if let Some(unknown) = unknown_form(connection, &attaching).await? {
        return Ok(Err(Refused::Form(unknown)));
    }
    let gate = Gate::before(connection, owner, vec![found], now).await?;
    for form in of_media(connection, owner, found).await? {
        if !attaching.forms.contains(&form) {
            detach(connection, owner, found, form).await?;
            tell(connection, &attaching, FormAction::Detached, &Done::from([(form, vec![found])]), now).await?;
        }
    }
    let done = insert(connection, &[found], &attaching, now).await?;
    tell(connection, &attaching, FormAction::Attached, &done, now).await?;
    gate.after(connection, owner, now).await?;
    Ok(Ok(found))
}

/// Attaches forms that are known to be there, within a transaction of somebody else's: that of complete.
pub(super) async fn add(
    connection: &mut Connection,
    media: &[MediaId],
    attaching: &Attaching,
    now: Timestamp,
) -> Answer<()> {
    let gate = Gate::before(connection, &attaching.connection, media.to_vec(), now).await?;
    let done = insert(connection, media, attaching, now).await?;
    tell(connection, attaching, FormAction::Attached, &done, now).await?;
    gate.after(connection, &attaching.connection, now).await
}

/// The first of the forms that is not there, if one is not.
pub(super) async fn unknown_form(connection: &mut Connection, attaching: &Attaching) -> Answer<Option<FormId>> {
    for form in &attaching.forms {
        if !forms::exists(connection, &attaching.connection, *form).await? {
            return Ok(Some(*form));
        }
    }
    Ok(None)
}

async fn insert(connection: &mut Connection, media: &[MediaId], attaching: &Attaching, now: Timestamp) -> Answer<Done> {
    let mut done = Done::new();
    for form in &attaching.forms {
        for media in media {
            let inserted = sql("insert into media_release_form (connection_id, media_id, form_id, attached_at)
                                values ($1, $2, $3, $4) on conflict (connection_id, media_id, form_id) do nothing")
            .bind(attaching.connection.to_string())
            .bind(media.number())
            .bind(form.number())
            .bind(now.as_millis())
            .execute(&mut *connection)
            .await?;
            if inserted.rows_affected() == 1 {
                done.entry(*form).or_default().push(*media);
            }
        }
    }
    Ok(done)
}

async fn tell(
    connection: &mut Connection,
    attaching: &Attaching,
    action: FormAction,
    done: &Done,
    now: Timestamp,
) -> Answer<()> {
    let Attaching { connection: owner, actor, .. } = attaching;
    for (form, media) in done {
        audit::record(connection, owner, *form, action, actor, &json!({ "mediaIds": media }), now).await?;
    }
    Ok(())
}

async fn detach(connection: &mut Connection, owner: &ConnectionId, media: MediaId, form: FormId) -> Answer<()> {
    sql("delete from media_release_form where connection_id = $1 and media_id = $2 and form_id = $3")
        .bind(owner.to_string())
        .bind(media.number())
        .bind(form.number())
        .execute(connection)
        .await?;
    Ok(())
}

/// The forms of a media, without those that were deleted: they stay attached, so that the log can be read beside them.
async fn of_media(connection: &mut Connection, owner: &ConnectionId, media: MediaId) -> Answer<Vec<FormId>> {
    let rows = sql("select attached.form_id from media_release_form attached
                    join release_form form on form.connection_id = attached.connection_id and form.id = attached.form_id
                    where attached.connection_id = $1 and attached.media_id = $2 and form.deleted_at is null
                    order by attached.form_id")
    .bind(owner.to_string())
    .bind(media.number())
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| row.number("form_id").map(FormId::new)).collect()
}

async fn find(connection: &mut Connection, owner: &ConnectionId, media: MediaReference) -> Answer<Option<MediaId>> {
    let row = match media {
        MediaReference::Media(id) => {
            sql("select id from media where connection_id = $1 and id = $2 and deleted_at is null")
                .bind(owner.to_string())
                .bind(id.number())
        }
        MediaReference::Upload(id) => {
            sql("select id from media where connection_id = $1 and upload_id = $2 and deleted_at is null")
                .bind(owner.to_string())
                .bind(id.uuid().to_string())
        }
    };
    row.fetch_optional(connection).await?.map(|row| row.number("id").map(MediaId::new)).transpose()
}

fn named(media: MediaReference) -> String {
    match media {
        MediaReference::Media(id) => id.to_string(),
        MediaReference::Upload(id) => id.to_string(),
    }
}
