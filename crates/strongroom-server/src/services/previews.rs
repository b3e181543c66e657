//! Previews chosen by hand: a picture is kept and rendered like any other, and its renditions then stand for the media.

use std::time::Duration;

use strongroom_catalog::records::{Media, NewBlob, NextStep};
use strongroom_core::content_digest::ExpectedDigests;
use strongroom_core::id::{BlobKey, ConnectionId, UploadId};
use strongroom_core::job::JobKind;
use strongroom_core::media::{Failure, Format, MediaStatus, MediaType, SNIFF_LENGTH, sniff};
use strongroom_core::upload::Plan;

use super::parts::Incoming;
use crate::app::App;
use crate::problem::{Kind, Problem};

/// The largest picture that is taken as a preview.
pub(crate) const LARGEST_BYTES: u64 = 64 << 20;

/// How long a picture may take. Longer than any attempt may.
const PATIENCE: Duration = Duration::from_secs(40);

/// Keeps a picture of `size` bytes, waits until it is rendered, and makes it the media's preview.
pub(crate) async fn set(app: &App, media: &Media, size: u64, body: &mut impl Incoming) -> Result<(), Problem> {
    let blob = keep(app, &media.connection, size, body).await?;
    match app.settled.wait_for_blob(&app.catalog, &media.connection, blob, PATIENCE).await? {
        Some(state) if state.status == MediaStatus::Ready => {}
        Some(state) if state.status == MediaStatus::Error => return Err(no_picture(state.failure)),
        _ => {
            return Err(Problem::new(
                Kind::StorageUnavailable,
                "the picture is not rendered yet; send it again to go on",
            ));
        }
    }
    app.catalog.set_preview(media.connection.clone(), media.id, Some(blob)).await?;
    Ok(())
}

/// Shows the media's own preview again.
pub(crate) async fn unset(app: &App, media: &Media) -> Result<(), Problem> {
    app.catalog.set_preview(media.connection.clone(), media.id, None).await?;
    Ok(())
}

/// Stores the bytes as an upload of one part is stored, without a session: whoever sends them waits for the end.
async fn keep(app: &App, owner: &ConnectionId, size: u64, body: &mut impl Incoming) -> Result<BlobKey, Problem> {
    let (upload, unplanned) = (UploadId::random(), || Problem::internal("a picture could not be planned"));
    let plan = Plan::with_part_bytes(size, size.next_power_of_two().max(1024)).ok_or_else(unplanned)?;
    let part = plan.part(1).ok_or_else(unplanned)?;
    let slot = app.store.try_slot(upload, part.number);
    let mut writing = app.store.begin_part(upload, &plan, part, ExpectedDigests::default(), slot).await?;
    while let Some(bytes) = body.next().await? {
        writing.write(&bytes).await?;
    }
    let stored = writing.finish().await?;
    let key = BlobKey::of_upload(upload);
    let (etag, location) = (stored.digest, stored.location);
    drop(stored);
    app.store.publish(upload, &plan, &[(part, location)], key).await?;
    let head = app.store.read_blob_head(key, SNIFF_LENGTH).await?;
    let Some(format) = sniff(&head).filter(|format| is_picture(*format)) else {
        app.store.delete_blob(key).await?;
        return Err(no_picture(None));
    };
    let new = NewBlob {
        connection: owner.clone(),
        key,
        etag,
        size_bytes: size,
        media_type: MediaType::Photo,
        format: Some(format),
        next: NextStep::Render(JobKind::for_format(format)),
    };
    let kept = app.catalog.keep_blob(new, app.clock.now()).await?;
    if kept != key {
        app.store.delete_blob(key).await?;
    }
    app.wake.wake();
    Ok(kept)
}

fn is_picture(format: Format) -> bool {
    JobKind::for_format(format) == JobKind::RenderPhoto
}

fn no_picture(failure: Option<Failure>) -> Problem {
    let why = failure.map_or_else(|| "these bytes are no picture that we know".to_owned(), |failure| failure.message);
    Problem::new(Kind::BadRequest, format!("the preview must be a picture: {why}"))
}
