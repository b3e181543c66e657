//! Signed documents: PDFs and pictures, told by their bytes, kept as they are.

use std::time::Duration;

use strongroom_catalog::records::{Document, DocumentKind, NewDocument, NextStep};
use strongroom_core::digest::Digest;
use strongroom_core::id::{ConnectionId, FormId};
use strongroom_core::job::JobKind;
use strongroom_core::media::{Format, sniff_document};
use strongroom_core::release_form::Actor;

use super::keeping::{self, Stored, is_picture};
use super::parts::Incoming;
use crate::app::App;
use crate::problem::{Kind, Problem};

/// How long a document's sender waits for its preview.
const PREVIEW_PATIENCE: Duration = Duration::from_secs(10);

/// A document that lies in the store, and belongs to no form yet.
pub(crate) struct Received {
    stored: Stored,
    format: Format,
}

/// Stores a document of `size` bytes, and tells from them what it is.
pub(crate) async fn receive(app: &App, size: u64, body: &mut impl Incoming) -> Result<Received, Problem> {
    let stored = keeping::store(app, size, body).await?;
    if let Some(format) = sniff_document(&stored.head).filter(|format| is_picture(*format)) {
        return Ok(Received { stored, format });
    }
    app.store.delete_blob(stored.key).await?;
    let message = "the document must be a PDF or a picture, and these bytes are neither";
    Err(Problem::new(Kind::UnsupportedMediaType, message))
}

/// Makes a document the newest of a form.
pub(crate) async fn add(
    app: &App,
    owner: &ConnectionId,
    form: FormId,
    actor: Actor,
    received: Received,
) -> Result<Document, Problem> {
    let Received { stored, format } = received;
    let mut blob = stored.to_blob(owner, Some(format), NextStep::Render(JobKind::for_format(format)));
    let kind = if format == Format::Pdf { DocumentKind::Pdf } else { DocumentKind::Picture(format) };
    if kind == DocumentKind::Pdf {
        // Another name than an upload of these bytes has, which must stay what it is: no media. They share no blob so.
        blob.etag = Digest::from_bytes(stored.sha256);
    }
    let new = NewDocument { blob, sha256: stored.sha256, kind };
    let row = app.catalog.add_document(owner.clone(), form, new, actor, app.clock.now());
    let added = stored.keep(app, row, |added| added.as_ref().ok().map(|document| document.blob)).await?;
    let document = added?;
    // So that whoever is answered can ask for the preview. Where it takes longer, or never comes, the document is kept.
    app.settled.wait_for_blob(&app.catalog, owner, document.blob, PREVIEW_PATIENCE).await?;
    Ok(document)
}
