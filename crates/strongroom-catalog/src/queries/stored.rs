//! Media as the stored-media calls list them and throw them away.

use strongroom_core::clock::Timestamp;
use strongroom_core::id::{ConnectionId, MediaId, MediaReference};

use super::media::{select_media, whole};
use super::{Answer, Columns as _, Connection, Row, dialect, fetches, json_list, signed, sql, trash};
use crate::records::{Freed, Media, StoredMedia, StoredPage, StoredPlace};

/// A page of one shelf, sorted by the time in `$column`. A row-value comparison, so that a page deep down costs what the first
/// one costs.
macro_rules! select_page {
    ($shelf:literal, $column:literal) => {
        select_media!(
            concat!(
                "connection_id = $1 and deleted_at ",
                $shelf,
                " and (",
                $column,
                ", id) < ($2, $3) and created_at >= $4
                 and ($5 is null or type ",
                dialect::one_of_words!("$5"),
                ")
                 and ($6 is null or status ",
                dialect::one_of_words!("$6"),
                ")
                 and ($7 is null or exists (
                     select 1 from rendition where rendition.connection_id = media.connection_id
                     and rendition.blob_key = media.blob_key and rendition.format ",
                dialect::one_of_words!("$7"),
                "))
                 and (($8 is null and $9 is null) or exists (
                     select 1 from blob where blob.connection_id = media.connection_id and blob.key = media.blob_key
                     and blob.duration_ms >= coalesce($8, 0) and ($9 is null or blob.duration_ms <= $9)))
                 order by ",
                $column,
                " desc, id desc limit $10"
            ),
            concat!("page.", $column, " desc, page.id desc")
        )
    };
}

/// A page of the vault.
pub(crate) const VAULT_PAGE: &str = select_page!("is null", "created_at");

/// A page of the trash.
pub(crate) const TRASH_PAGE: &str = select_page!("is not null", "deleted_at");

/// A page of a connection's stored media.
pub(crate) async fn list_stored(
    connection: &mut Connection,
    owner: ConnectionId,
    page: StoredPage,
) -> Answer<Vec<StoredMedia>> {
    const NEWEST: StoredPlace = StoredPlace { at: Timestamp::from_millis(i64::MAX), media: MediaId::new(i64::MAX) };
    let after = page.after.unwrap_or(NEWEST);
    let rows = sql(if page.in_trash { TRASH_PAGE } else { VAULT_PAGE })
        .bind(owner.to_string())
        .bind(after.at.as_millis())
        .bind(after.media.number())
        .bind(page.created_from.map_or(i64::MIN, Timestamp::as_millis))
        .bind(page.types.map(|types| json_list(&types)))
        .bind(page.statuses.map(|statuses| json_list(&statuses)))
        .bind(page.formats.map(|formats| json_list(&formats)))
        .bind(page.shortest_ms.map(signed))
        .bind(page.longest_ms.map(signed))
        .bind(i64::from(page.limit))
        .fetch_all(&mut *connection)
        .await?;
    let media = whole(connection, &owner, &rows).await?;
    with_storage(connection, &owner, media).await
}

/// Those of these media that a connection has, in the order of their ids.
pub(crate) async fn stored_media(
    connection: &mut Connection,
    owner: ConnectionId,
    wanted: Vec<MediaReference>,
) -> Answer<Vec<StoredMedia>> {
    let (mut ids, mut uploads) = (Vec::new(), Vec::new());
    for reference in wanted {
        match reference {
            MediaReference::Media(id) => ids.push(id),
            MediaReference::Upload(id) => uploads.push(id.uuid().to_string()),
        }
    }
    let rows = sql(select_media!(
        concat!(
            "connection_id = $1 and deleted_at is null and (id ",
            dialect::one_of!("$2"),
            " or upload_id ",
            dialect::one_of_words!("$3"),
            ")"
        ),
        "page.id"
    ))
    .bind(owner.to_string())
    .bind(json_list(&ids))
    .bind(json_list(&uploads))
    .fetch_all(&mut *connection)
    .await?;
    let media = whole(connection, &owner, &rows).await?;
    with_storage(connection, &owner, media).await
}

/// Adds when each was stored, and how often it was fetched.
async fn with_storage(
    connection: &mut Connection,
    owner: &ConnectionId,
    media: Vec<Media>,
) -> Answer<Vec<StoredMedia>> {
    let ids = json_list(&media.iter().map(|media| media.id).collect::<Vec<_>>());
    let times = sql(concat!(
        "select media.id, blob.published_at from media
         join blob on blob.connection_id = media.connection_id and blob.key = media.blob_key
         where media.connection_id = $1 and media.id ",
        dialect::one_of!("$2")
    ))
    .bind(owner.to_string())
    .bind(ids.clone())
    .fetch_all(&mut *connection)
    .await?;
    let fetches = fetches::of_media(connection, owner, ids).await?;
    let unstored = |media| StoredMedia { media, stored_at: None, fetches: Vec::new() };
    let mut stored: Vec<StoredMedia> = media.into_iter().map(unstored).collect();
    for row in &times {
        if let Some(found) = find(&mut stored, MediaId::new(row.number("id")?)) {
            found.stored_at = row.optional_time("published_at")?;
        }
    }
    for (media, fetched) in fetches {
        find(&mut stored, media).into_iter().for_each(|found| found.fetches.push(fetched));
    }
    Ok(stored)
}

fn find(stored: &mut [StoredMedia], id: MediaId) -> Option<&mut StoredMedia> {
    stored.iter_mut().find(|stored| stored.media.id == id)
}

/// Puts a media in the trash. Answers what that frees, if there is such a media.
pub(crate) async fn remove_stored(
    connection: &mut Connection,
    owner: ConnectionId,
    media: MediaReference,
    now: Timestamp,
) -> Answer<Option<Freed>> {
    let (id, upload) = match media {
        MediaReference::Media(id) => (Some(id.number()), None),
        MediaReference::Upload(id) => (None, Some(id.uuid().to_string())),
    };
    let found =
        sql("select id from media where connection_id = $1 and (id = $2 or upload_id = $3) and deleted_at is null")
            .bind(owner.to_string())
            .bind(id)
            .bind(upload)
            .fetch_all(&mut *connection)
            .await?;
    let freed = throw_away(connection, &owner, &found, now).await?;
    Ok((freed.media > 0).then_some(freed))
}

/// Puts at most `limit` of a connection's media in the trash. Answers what that frees.
pub(crate) async fn purge_stored(
    connection: &mut Connection,
    owner: ConnectionId,
    limit: u32,
    now: Timestamp,
) -> Answer<Freed> {
    let found =
        sql("select id from media where connection_id = $1 and deleted_at is null order by created_at, id limit $2")
            .bind(owner.to_string())
            .bind(i64::from(limit))
            .fetch_all(&mut *connection)
            .await?;
    throw_away(connection, &owner, &found, now).await
}

/// Puts the media of these rows in the trash.
async fn throw_away(connection: &mut Connection, owner: &ConnectionId, found: &[Row], now: Timestamp) -> Answer<Freed> {
    let ids = found.iter().map(|row| row.number("id").map(MediaId::new)).collect::<Answer<Vec<_>>>()?;
    let freed = freed_by(connection, owner, &ids).await?;
    for id in ids {
        trash::trash_media(connection, owner.clone(), id, now).await?;
    }
    Ok(freed)
}

/// The variants of these media and their bytes.
async fn freed_by(connection: &mut Connection, owner: &ConnectionId, ids: &[MediaId]) -> Answer<Freed> {
    let row = sql(concat!(
        "select count(*) as variants, cast(coalesce(sum(rendition.size_bytes), 0) as bigint) as bytes
         from media
         join rendition on rendition.connection_id = media.connection_id
                       and rendition.blob_key in (media.blob_key, media.preview_blob)
         where media.connection_id = $1 and media.id ",
        dialect::one_of!("$2"),
        "
           and ((rendition.name in ('full', '720p', '240p') and rendition.blob_key = media.blob_key)
             or (rendition.name in ('preview', 'thumb')
                 and rendition.blob_key = coalesce(media.preview_blob, media.blob_key)))"
    ))
    .bind(owner.to_string())
    .bind(json_list(ids))
    .fetch_one(connection)
    .await?;
    Ok(Freed { media: ids.len() as u64, variants: row.unsigned("variants")?, bytes: row.unsigned("bytes")? })
}
