//! Media, as they are shown and delivered.

use strongroom_core::digest::Digest;
use strongroom_core::id::{BlobKey, ConnectionId, MediaId, UploadId};
use strongroom_core::media::{Failure, FailureCode};
use strongroom_core::release_form::ConsentPolicy;
use strongroom_core::rendition::{RenditionName, Size};

use super::{Answer, Columns as _, Connection, Row, attached, connections, signed, sql};
use crate::records::{Deliverable, Media, Rendition};

/// The media that `$condition` picks, a row for each of their renditions, in the order of `$order`.
macro_rules! select_media {
    ($condition:expr, $order:expr) => {
        concat!(
            "with page as (
                 select media.*,
                        cast(case when exists (select 1 from media_release_form attached
                                               where attached.connection_id = media.connection_id
                                                 and attached.media_id = media.id) then 1 else 0 end as bigint) as has_forms,
                        cast(case when exists (select 1 from list_media member
                                               where member.connection_id = media.connection_id
                                                 and member.media_id = media.id) then 1 else 0 end as bigint) as has_lists
                 from media where ",
            $condition,
            ") select page.id, page.connection_id, page.blob_key, page.type, page.status, page.filename, page.url_version,
                      page.likes, page.tips, page.created_at, page.deleted_at, page.preview_blob, page.has_forms, page.has_lists, blob.size_bytes, blob.etag, blob.sha256, blob.format,
                      blob.width, blob.height, blob.duration_ms, blob.progress, blob.failure_code, blob.failure_message,
                      rendition.blob_key as rendition_blob, rendition.name as rendition_name, rendition.format as rendition_format,
                      rendition.width as rendition_width, rendition.height as rendition_height,
                      rendition.size_bytes as rendition_bytes, rendition.digest as rendition_digest
               from page
               join blob on blob.connection_id = page.connection_id and blob.key = page.blob_key
               left join rendition on rendition.connection_id = page.connection_id
                                  and rendition.blob_key in (page.blob_key, page.preview_blob)
               order by ",
            $order
        )
    };
}

pub(super) use select_media;

/// One media of a connection.
pub(crate) async fn media(connection: &mut Connection, owner: ConnectionId, id: MediaId) -> Answer<Option<Media>> {
    let rows = sql(select_media!("connection_id = $1 and id = $2 and deleted_at is null", "page.id"))
        .bind(owner.to_string())
        .bind(id.number())
        .fetch_all(&mut *connection)
        .await?;
    Ok(whole(connection, &owner, &rows).await?.pop())
}

/// The media that an upload became.
pub(crate) async fn media_of_upload(
    connection: &mut Connection,
    owner: ConnectionId,
    upload: UploadId,
) -> Answer<Option<Media>> {
    let rows = sql(select_media!("connection_id = $1 and upload_id = $2 and deleted_at is null", "page.id"))
        .bind(owner.to_string())
        .bind(upload.uuid().to_string())
        .fetch_all(&mut *connection)
        .await?;
    Ok(whole(connection, &owner, &rows).await?.pop())
}

/// The newest media with these bytes, if it has not failed.
pub(crate) async fn media_by_etag(
    connection: &mut Connection,
    owner: ConnectionId,
    etag: Digest,
    size_bytes: u64,
) -> Answer<Option<Media>> {
    let rows = sql(select_media!(
        "connection_id = $1 and deleted_at is null and status <> 'error' and blob_key =
             (select key from blob where connection_id = $1 and etag = $2 and size_bytes = $3)
         order by id desc limit 1",
        "page.id"
    ))
    .bind(owner.to_string())
    .bind(etag.as_bytes().to_vec())
    .bind(signed(size_bytes))
    .fetch_all(&mut *connection)
    .await?;
    Ok(whole(connection, &owner, &rows).await?.pop())
}

/// The newest media whose bytes have this SHA-256, if it has not failed.
pub(crate) async fn media_by_sha256(
    connection: &mut Connection,
    owner: ConnectionId,
    sha256: [u8; 32],
    size_bytes: u64,
) -> Answer<Option<Media>> {
    let rows = sql(select_media!(
        "connection_id = $1 and deleted_at is null and status <> 'error' and blob_key in
             (select key from blob where connection_id = $1 and sha256 = $2 and size_bytes = $3)
         order by id desc limit 1",
        "page.id"
    ))
    .bind(owner.to_string())
    .bind(sha256.to_vec())
    .bind(signed(size_bytes))
    .fetch_all(&mut *connection)
    .await?;
    Ok(whole(connection, &owner, &rows).await?.pop())
}

/// Shows the renditions of another blob as a media's preview, or its own again. Older URLs die. Says whether there is such a
/// media.
pub(crate) async fn set_preview(
    connection: &mut Connection,
    owner: ConnectionId,
    id: MediaId,
    preview: Option<BlobKey>,
) -> Answer<bool> {
    let set = sql("update media set preview_blob = $3, url_version = url_version + 1
                   where connection_id = $1 and id = $2 and deleted_at is null")
    .bind(owner.to_string())
    .bind(id.number())
    .bind(preview.map(|key| key.to_string()))
    .execute(connection)
    .await?;
    Ok(set.rows_affected() == 1)
}

/// What delivery needs of one rendition. Whoever asks holds a good signature, which names no connection.
pub(crate) async fn deliverable(
    connection: &mut Connection,
    media: MediaId,
    name: RenditionName,
) -> Answer<Option<Deliverable>> {
    let row = sql(concat!(
        "select blob.key as blob_key, media.connection_id, media.url_version, blob.published_at,
                rendition.name as rendition_name, rendition.format as rendition_format, rendition.width as rendition_width,
                rendition.height as rendition_height, rendition.size_bytes as rendition_bytes,
                rendition.digest as rendition_digest, ",
        connections::effective_settings!(),
        " from media
         join connection on connection.id = media.connection_id and connection.deleted_at is null ",
        connections::join_inherited!(),
        " join blob on blob.connection_id = media.connection_id
                  and blob.key = case when $3 then coalesce(media.preview_blob, media.blob_key) else media.blob_key end
         join rendition on rendition.connection_id = blob.connection_id and rendition.blob_key = blob.key
         where media.id = $1 and rendition.name = $2 and media.deleted_at is null and media.status in ('ready', 'playable')"
    ))
    .bind(media.number())
    .bind(name.as_str())
    .bind(name.is_preview())
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let (Some(rendition), Some(published_at)) = (rendition(&row)?, row.optional_time("published_at")?) else {
        return Ok(None);
    };
    let (owner, settings) = (row.word("connection_id")?, connections::settings(&row)?);
    let release_forms = match settings.policy() {
        ConsentPolicy::Off | ConsentPolicy::Warn => Vec::new(),
        ConsentPolicy::Require => attached::validities(connection, &owner, media).await?,
    };
    Ok(Some(Deliverable {
        connection: owner,
        settings,
        release_forms,
        blob: row.word("blob_key")?,
        rendition,
        url_version: row.number("url_version")?,
        published_at,
    }))
}

/// The media of these rows, with all that hangs on them.
pub(super) async fn whole(connection: &mut Connection, owner: &ConnectionId, rows: &[Row]) -> Answer<Vec<Media>> {
    let mut media = gather(rows)?;
    // Most media are on no list and show nobody: then neither is asked for.
    if any(rows, "has_forms")? {
        attached::attach_forms(connection, owner, &mut media).await?;
    }
    if any(rows, "has_lists")? {
        attached::attach_lists(connection, owner, &mut media).await?;
    }
    Ok(media)
}

/// Whether a flag is set in any of these rows.
fn any(rows: &[Row], flag: &str) -> Answer<bool> {
    rows.iter().try_fold(false, |any, row| Ok(any || row.number(flag)? != 0))
}

/// Groups the rows of [`select_media!`], which come a rendition each, into media. Renditions are in the order of their names'
/// declaration, whatever order the database found them in.
fn gather(rows: &[Row]) -> Answer<Vec<Media>> {
    let mut all: Vec<Media> = Vec::new();
    for row in rows {
        let id = MediaId::new(row.number("id")?);
        if all.last().is_none_or(|last| last.id != id) {
            all.push(read(row, id)?);
        }
        if let (Some(media), Some(rendition)) = (all.last_mut(), rendition(row)?) {
            let from: BlobKey = row.word("rendition_blob")?;
            if from == media.blob_of(rendition.name) {
                media.renditions.push(rendition);
            }
        }
    }
    for media in &mut all {
        media.renditions.sort_by_key(|rendition| rendition.name);
    }
    Ok(all)
}

fn read(row: &Row, id: MediaId) -> Answer<Media> {
    let failure = row.optional_word::<FailureCode>("failure_code")?;
    let message = row.optional_text("failure_message")?.unwrap_or_default();
    Ok(Media {
        id,
        connection: row.word("connection_id")?,
        blob: row.word("blob_key")?,
        media_type: row.word("type")?,
        status: row.word("status")?,
        failure: failure.map(|code| Failure::new(code, message)),
        filename: row.text("filename")?,
        size_bytes: row.unsigned("size_bytes")?,
        etag: row.digest("etag")?,
        sha256: row.optional_bytes32("sha256")?,
        format: row.optional_word("format")?,
        dimensions: row.dimensions()?,
        duration_ms: row.optional_unsigned("duration_ms")?,
        progress_permille: row.optional_unsigned("progress")?,
        url_version: row.number("url_version")?,
        likes: row.number("likes")?,
        tips: row.number("tips")?,
        created_at: row.time("created_at")?,
        deleted_at: row.optional_time("deleted_at")?,
        custom_preview: row.optional_word("preview_blob")?,
        renditions: Vec::new(),
        release_forms: Vec::new(),
        lists: Vec::new(),
    })
}

pub(super) fn rendition(row: &Row) -> Answer<Option<Rendition>> {
    let Some(name) = row.optional_word("rendition_name")? else { return Ok(None) };
    Ok(Some(Rendition {
        name,
        format: row.word("rendition_format")?,
        dimensions: Size::new(row.unsigned("rendition_width")?, row.unsigned("rendition_height")?),
        size_bytes: row.unsigned("rendition_bytes")?,
        digest: row.optional_digest("rendition_digest")?,
    }))
}
