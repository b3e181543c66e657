//! Signed documents: kept for ever, each a version of its form's.

use serde_json::json;
use strongroom_core::clock::Timestamp;
use strongroom_core::id::{ConnectionId, FormId};
use strongroom_core::media::MediaStatus;
use strongroom_core::release_form::{Actor, FormAction};

use super::{Answer, Columns as _, Connection, Row, audit, blobs, forms, signed, sql};
use crate::CatalogError;
use crate::records::{Document, DocumentKind, NewDocument, NextStep, Refused};

/// Adds a document to a form: its bytes, or those that are here already. The same bytes as the newest are no new version; if
/// they could not be rendered, they are tried once more.
pub(crate) async fn add_document(
    connection: &mut Connection,
    owner: ConnectionId,
    form: FormId,
    new: NewDocument,
    actor: Actor,
    now: Timestamp,
) -> Answer<Result<Document, Refused>> {
    if !forms::exists(connection, &owner, form).await? {
        return Ok(Err(Refused::Form(form)));
    }
    let newest = document(connection, owner.clone(), form, None).await?;
    if let Some(same) = newest.clone().filter(|newest| newest.sha256 == new.sha256) {
        let state = blobs::blob_state(connection, owner.clone(), same.blob).await?;
        if let (NextStep::Render(kind), Some(MediaStatus::Error)) = (&new.blob.next, state.map(|state| state.status)) {
            blobs::render_again(connection, owner, same.blob, *kind, now).await?;
        }
        return Ok(Ok(same));
    }
    let version = newest.map_or(1, |newest| newest.version + 1);
    let blob = blobs::keep_blob(connection, new.blob.clone(), now).await?;
    sql("insert into release_form_document (connection_id, form_id, version, sha256, blob_key, kind, size_bytes, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)")
    .bind(owner.to_string())
    .bind(form.number())
    .bind(i64::from(version))
    .bind(new.sha256.to_vec())
    .bind(blob.to_string())
    .bind(new.kind.extension())
    .bind(signed(new.blob.size_bytes))
    .bind(now.as_millis())
    .execute(&mut *connection)
    .await?;
    sql("update release_form set document_sha256 = $3, changed_at = $4 where connection_id = $1 and id = $2")
        .bind(owner.to_string())
        .bind(form.number())
        .bind(new.sha256.to_vec())
        .bind(now.as_millis())
        .execute(&mut *connection)
        .await?;
    let detail = json!({ "version": version, "contentType": new.kind.content_type(), "size": new.blob.size_bytes });
    audit::record(connection, &owner, form, FormAction::DocumentAdded, &actor, &detail, now).await?;
    let NewDocument { sha256, kind, blob: bytes } = new;
    Ok(Ok(Document { version, sha256, blob, kind, size_bytes: bytes.size_bytes, created_at: now }))
}

/// A document of a form: of this version, or the newest.
pub(crate) async fn document(
    connection: &mut Connection,
    owner: ConnectionId,
    form: FormId,
    version: Option<u32>,
) -> Answer<Option<Document>> {
    let row = sql("select document.version as document_version, document.sha256 as document_sha256,
                          document.blob_key as document_blob, document.kind as document_kind,
                          document.size_bytes as document_bytes, document.created_at as document_created_at
                   from release_form_document document
                   join release_form form on form.connection_id = document.connection_id and form.id = document.form_id
                   where document.connection_id = $1 and document.form_id = $2 and form.deleted_at is null
                     and ($3 is null or document.version = $3)
                   order by document.version desc limit 1")
    .bind(owner.to_string())
    .bind(form.number())
    .bind(version.map(i64::from))
    .fetch_optional(connection)
    .await?;
    row.as_ref().map_or(Ok(None), of_form)
}

/// The columns of a document beside those of its form, which may have none.
pub(super) fn of_form(row: &Row) -> Answer<Option<Document>> {
    let Some(version) = row.optional_unsigned("document_version")? else { return Ok(None) };
    let sha256 = row.optional_bytes32("document_sha256")?;
    Ok(Some(Document {
        version,
        sha256: sha256.ok_or_else(|| CatalogError::Unreadable("a document without a hash".to_owned()))?,
        blob: row.word("document_blob")?,
        kind: kind(&row.text("document_kind")?)?,
        size_bytes: row.unsigned("document_bytes")?,
        created_at: row.time("document_created_at")?,
    }))
}

fn kind(word: &str) -> Answer<DocumentKind> {
    Ok(if word == DocumentKind::Pdf.extension() { DocumentKind::Pdf } else { DocumentKind::Picture(word.parse()?) })
}
