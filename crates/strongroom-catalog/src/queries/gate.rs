//! What a change of release forms does to media: links to whatever is closed before or after it die in the same transaction.

use std::collections::{BTreeMap, BTreeSet};

use strongroom_core::clock::Timestamp;
use strongroom_core::id::{ConnectionId, FormId, MediaId};
use strongroom_core::release_form::{Consent, ConsentPolicy, FormStatus};

use super::{Answer, Columns as _, Connection, attached, connections, dialect, json_list, sql};

/// Media that a change is about, and which of them might be shown before it.
pub(super) struct Gate {
    media: Vec<MediaId>,
    shown: BTreeSet<MediaId>,
}

impl Gate {
    /// Looks at `media` before a change.
    pub(super) async fn before(
        connection: &mut Connection,
        owner: &ConnectionId,
        media: Vec<MediaId>,
        now: Timestamp,
    ) -> Answer<Self> {
        if !is_gated(connection, owner).await? {
            return Ok(Self::open());
        }
        let shown = shown(connection, owner, &media, now).await?;
        Ok(Self { media, shown })
    }

    /// What every change leaves open.
    const fn open() -> Self {
        Self { media: Vec::new(), shown: BTreeSet::new() }
    }

    /// Looks at the media of `form` before a change.
    pub(super) async fn before_form(
        connection: &mut Connection,
        owner: &ConnectionId,
        form: FormId,
        now: Timestamp,
    ) -> Answer<Self> {
        if !is_gated(connection, owner).await? {
            return Ok(Self::open());
        }
        let media = media_of_form(connection, owner, form).await?;
        let shown = shown(connection, owner, &media, now).await?;
        Ok(Self { media, shown })
    }

    /// Looks again after the change, and moves the URLs of all media that are not open before and after it. Of those that
    /// closed, so that no older link opens them ever again. Of those that opened or stay closed, since time alone may have
    /// closed them, and what time opens next must not be opened by a link from before.
    pub(super) async fn after(self, connection: &mut Connection, owner: &ConnectionId, now: Timestamp) -> Answer<()> {
        let shown = shown(connection, owner, &self.media, now).await?;
        let stays_open = |media: &MediaId| self.shown.contains(media) && shown.contains(media);
        let moved: Vec<MediaId> = self.media.into_iter().filter(|media| !stays_open(media)).collect();
        move_urls(connection, owner, &moved).await
    }
}

/// Kills the links to those media of a form that may not be shown now. For a form that time has closed.
pub(super) async fn close_form(
    connection: &mut Connection,
    owner: &ConnectionId,
    form: FormId,
    now: Timestamp,
) -> Answer<()> {
    if !is_gated(connection, owner).await? {
        return Ok(());
    }
    let media = media_of_form(connection, owner, form).await?;
    let shown = shown(connection, owner, &media, now).await?;
    let closed: Vec<MediaId> = media.into_iter().filter(|media| !shown.contains(media)).collect();
    move_urls(connection, owner, &closed).await
}

/// Whether consent decides what is shown. Where it does not, nothing closes, and a form on a million media is changed as fast as
/// one on none.
async fn is_gated(connection: &mut Connection, owner: &ConnectionId) -> Answer<bool> {
    let found = connections::connection(connection, owner.clone()).await?;
    Ok(found.is_some_and(|connection| connection.settings.policy() == ConsentPolicy::Require))
}

/// Which of `media` may be shown at `now` under `require`.
async fn shown(
    connection: &mut Connection,
    owner: &ConnectionId,
    media: &[MediaId],
    now: Timestamp,
) -> Answer<BTreeSet<MediaId>> {
    if media.is_empty() {
        return Ok(BTreeSet::new());
    }
    let rows = sql(concat!(
        "select attached.media_id, release_form.approved_at, release_form.revoked_at, release_form.valid_from,
                release_form.expires_at
         from media_release_form attached
         join release_form on release_form.connection_id = attached.connection_id and release_form.id = attached.form_id
         where attached.connection_id = $1 and release_form.deleted_at is null and attached.media_id ",
        dialect::one_of!("$2")
    ))
    .bind(owner.to_string())
    .bind(json_list(media))
    .fetch_all(connection)
    .await?;
    let mut forms: BTreeMap<MediaId, Vec<FormStatus>> = BTreeMap::new();
    for row in &rows {
        let status = attached::validity(row)?.status(now);
        forms.entry(MediaId::new(row.number("media_id")?)).or_default().push(status);
    }
    forms.retain(|_, statuses| ConsentPolicy::Require.allows(Consent::of(statuses.iter().copied())));
    Ok(forms.into_keys().collect())
}

async fn media_of_form(connection: &mut Connection, owner: &ConnectionId, form: FormId) -> Answer<Vec<MediaId>> {
    let rows = sql("select media_id from media_release_form where connection_id = $1 and form_id = $2")
        .bind(owner.to_string())
        .bind(form.number())
        .fetch_all(connection)
        .await?;
    rows.iter().map(|row| row.number("media_id").map(MediaId::new)).collect()
}

async fn move_urls(connection: &mut Connection, owner: &ConnectionId, media: &[MediaId]) -> Answer<()> {
    if media.is_empty() {
        return Ok(());
    }
    sql(concat!(
        "update media set url_version = url_version + 1 where connection_id = $1 and id ",
        dialect::one_of!("$2")
    ))
    .bind(owner.to_string())
    .bind(json_list(media))
    .execute(connection)
    .await?;
    Ok(())
}
