//! Previews chosen by hand: a picture is kept and rendered like any other, and its renditions then stand for the media.

use strongroom_catalog::records::Media;
use strongroom_core::id::{BlobKey, ConnectionId};
use strongroom_core::media::{Failure, MediaStatus, sniff};

use super::keeping::{self, PATIENCE};
use super::parts::Incoming;
use crate::app::App;
use crate::problem::{Kind, Problem};

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

async fn keep(app: &App, owner: &ConnectionId, size: u64, body: &mut impl Incoming) -> Result<BlobKey, Problem> {
    let stored = keeping::store_picture(app, size, body, sniff).await?.ok_or_else(|| no_picture(None))?;
    let row = stored.to_blob(owner);
    stored.keep(app, app.catalog.keep_blob(row, app.clock.now()), |kept| Some(*kept)).await
}

fn no_picture(failure: Option<Failure>) -> Problem {
    let why = failure.map_or_else(|| "these bytes are no picture that we know".to_owned(), |failure| failure.message);
    Problem::new(Kind::BadRequest, format!("the preview must be a picture: {why}"))
}
