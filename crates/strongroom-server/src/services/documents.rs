//! Signed documents: PDFs and pictures, told by their bytes, kept as they are.

use std::time::Duration;

use strongroom_catalog::records::{Document, DocumentKind, NewDocument};
use strongroom_core::digest::Digest;
use strongroom_core::id::{ConnectionId, FormId};
use strongroom_core::media::{Format, sniff_document};
use strongroom_core::release_form::Actor;

use super::keeping::{self, Stored};
use super::parts::Incoming;
use crate::app::App;
use crate::problem::{Kind, Problem};

/// How long a document's sender waits for its preview.
const PREVIEW_PATIENCE: Duration = Duration::from_secs(10);

/// A document that lies in the store, and belongs to no form yet.
pub(crate) struct Received(Stored);

/// Stores a document of `size` bytes, and tells from them what it is.
pub(crate) async fn receive(app: &App, size: u64, body: &mut impl Incoming) -> Result<Received, Problem> {
    const NEITHER: &str = "the document must be a PDF or a picture, and these bytes are neither";
    let stored = keeping::store_picture(app, size, body, sniff_document).await?;
    stored.map(Received).ok_or_else(|| Problem::new(Kind::UnsupportedMediaType, NEITHER))
}

/// Makes a document the newest of a form.
pub(crate) async fn add(
    app: &App,
    owner: &ConnectionId,
    form: FormId,
    actor: Actor,
    Received(stored): Received,
) -> Result<Document, Problem> {
    let mut blob = stored.to_blob(owner);
    let kind = if stored.format == Format::Pdf { DocumentKind::Pdf } else { DocumentKind::Picture(stored.format) };
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
