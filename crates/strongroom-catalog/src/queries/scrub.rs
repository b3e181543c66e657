//! Rows as promises of bytes, a shard of the store at a time, for whoever compares them with what is there.

use strongroom_core::id::{BlobKey, ConnectionId, UploadId};
use strongroom_core::upload::{Plan, UploadState};

use super::{Answer, Columns as _, Connection, Row, signed, sql};
use crate::CatalogError;
use crate::records::{KeptBlob, KeptPart, KeptRendition, Part};

/// The blobs that `$condition` picks, a row for each of their renditions.
macro_rules! select_kept {
    ($condition:literal) => {
        concat!(
            "select blob.connection_id, blob.key, coalesce(blob.lost_etag, blob.etag) as etag, blob.lost_etag, blob.size_bytes,
                    blob.format, blob.type, blob.status, blob.created_at,
                    (select count(*) from job where job.connection_id = blob.connection_id and job.blob_key = blob.key
                                                and job.state in ('ready', 'running')) as jobs,
                    (select count(*) from media where media.connection_id = blob.connection_id
                                                  and media.blob_key = blob.key)
                    + (select count(*) from media where media.connection_id = blob.connection_id
                                                    and media.preview_blob = blob.key)
                    + (select count(*) from person where person.connection_id = blob.connection_id
                                                     and person.avatar_blob = blob.key)
                    + (select count(*) from release_form_document document
                       where document.connection_id = blob.connection_id and document.blob_key = blob.key) as referring,
                    rendition.name as rendition_name, rendition.format as rendition_format,
                    rendition.size_bytes as rendition_bytes, rendition.digest as rendition_digest
             from blob
             join connection on connection.id = blob.connection_id and connection.deleted_at is null
             left join rendition on rendition.connection_id = blob.connection_id and rendition.blob_key = blob.key
             where ",
            $condition,
            " order by blob.key, rendition.name"
        )
    };
}

/// The blobs of a shard of the store, whoever owns them: the store knows no owners.
pub(crate) async fn blobs_of_shard(connection: &mut Connection, shard: u8) -> Answer<Vec<KeptBlob>> {
    let (from, to) = keys_of(shard);
    let rows = sql(select_kept!("blob.key >= $1 and blob.key < $2")).bind(from).bind(to).fetch_all(connection).await?;
    gather(&rows)
}

/// One blob, whoever owns it.
pub(crate) async fn kept_blob(connection: &mut Connection, key: BlobKey) -> Answer<Option<KeptBlob>> {
    let rows = sql(select_kept!("blob.key = $1")).bind(key.to_string()).fetch_all(connection).await?;
    Ok(gather(&rows)?.pop())
}

/// The acknowledged parts of a shard's uploads that have not ended.
pub(crate) async fn parts_of_shard(connection: &mut Connection, shard: u8) -> Answer<Vec<KeptPart>> {
    let (from, to) = keys_of(shard);
    let rows =
        sql("select upload.connection_id, upload.id, upload.state, upload.size_bytes as file_bytes, upload.part_bytes,
                           upload.active_at, part.number, part.size_bytes, part.digest, part.side, part.store_tag
                    from upload
                    join connection on connection.id = upload.connection_id and connection.deleted_at is null
                    join part on part.connection_id = upload.connection_id and part.upload_id = upload.id
                    where upload.id >= $1 and upload.id < $2 and upload.state in ('open', 'completing')
                    order by upload.id, part.number")
        .bind(from)
        .bind(to)
        .fetch_all(connection)
        .await?;
    rows.iter().map(read_part).collect()
}

/// Whether rows say that this upload is in this state still, and that the part is still this one.
pub(crate) async fn is_kept_part(
    connection: &mut Connection,
    owner: ConnectionId,
    upload: UploadId,
    state: UploadState,
    part: Part,
) -> Answer<bool> {
    let row = sql("select count(*) as kept from part
                   join upload on upload.connection_id = part.connection_id and upload.id = part.upload_id
                   where part.connection_id = $1 and part.upload_id = $2 and part.number = $3 and part.size_bytes = $4
                     and part.digest = $5 and coalesce(part.side, -1) = $6 and upload.state = $7")
    .bind(owner.to_string())
    .bind(upload.uuid().to_string())
    .bind(i64::from(part.number))
    .bind(signed(part.size_bytes))
    .bind(part.digest.as_bytes().to_vec())
    .bind(part.side.map_or(-1, u64::cast_signed))
    .bind(state.as_str())
    .fetch_one(connection)
    .await?;
    Ok(row.number("kept")? > 0)
}

/// Keys begin with the two hexadecimal digits of their shard: from the first of a shard to the first after it. `g` comes after
/// every such digit.
fn keys_of(shard: u8) -> (String, String) {
    let after = shard.checked_add(1).map_or_else(|| "g".to_owned(), |next| format!("{next:02x}"));
    (format!("{shard:02x}"), after)
}

/// Groups rows, which come a rendition each, into blobs.
fn gather(rows: &[Row]) -> Answer<Vec<KeptBlob>> {
    let mut all: Vec<KeptBlob> = Vec::new();
    for row in rows {
        let key = row.word("key")?;
        if all.last().is_none_or(|last| last.key != key) {
            all.push(read_blob(row, key)?);
        }
        if let (Some(blob), Some(name)) = (all.last_mut(), row.optional_word("rendition_name")?) {
            blob.renditions.push(KeptRendition {
                name,
                format: row.word("rendition_format")?,
                size_bytes: row.unsigned("rendition_bytes")?,
                digest: row.optional_digest("rendition_digest")?,
            });
        }
    }
    Ok(all)
}

fn read_blob(row: &Row, key: BlobKey) -> Answer<KeptBlob> {
    Ok(KeptBlob {
        connection: row.word("connection_id")?,
        key,
        etag: row.digest("etag")?,
        is_in_quarantine: row.optional_bytes32("lost_etag")?.is_some(),
        size_bytes: row.unsigned("size_bytes")?,
        format: row.optional_word("format")?,
        media_type: row.word("type")?,
        status: row.word("status")?,
        has_job: row.number("jobs")? > 0,
        is_referenced: row.number("referring")? > 0,
        created_at: row.time("created_at")?,
        renditions: Vec::new(),
    })
}

fn read_part(row: &Row) -> Answer<KeptPart> {
    let (file_bytes, part_bytes) = (row.unsigned("file_bytes")?, row.unsigned("part_bytes")?);
    let unreadable = || CatalogError::Unreadable(format!("an upload of {file_bytes} bytes in parts of {part_bytes}"));
    Ok(KeptPart {
        connection: row.word("connection_id")?,
        upload: row.upload("id")?,
        state: row.word("state")?,
        plan: Plan::with_part_bytes(file_bytes, part_bytes).ok_or_else(unreadable)?,
        active_at: row.time("active_at")?,
        part: super::parts::read(row)?,
    })
}
