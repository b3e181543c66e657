//! `/v2/access/vault`: media as a team sees them.

pub(super) mod get;
pub(super) mod list;
pub(super) mod original;
pub(super) mod preview;
pub(super) mod reprocess;

use axum::Json;
use strongroom_catalog::records::Media;
use strongroom_core::id::{ConnectionId, MediaReference};

use crate::app::App;
use crate::http::media_view::VaultMediaView;
use crate::problem::Problem;

/// The answer of a call about one media: the media as it is now.
async fn show(app: &App, owner: ConnectionId, reference: &str) -> Result<Json<VaultMediaView>, Problem> {
    Ok(Json(VaultMediaView::of(app, &find(app, owner, reference).await?)))
}

/// The media that a path names, by its id or by the upload it came from. What is no id is a media that does not exist.
async fn find(app: &App, owner: ConnectionId, reference: &str) -> Result<Media, Problem> {
    let unknown = || Problem::not_found("media", reference);
    let found = match reference.parse().map_err(|_| unknown())? {
        MediaReference::Media(id) => app.catalog.media(owner, id).await?,
        MediaReference::Upload(id) => app.catalog.media_of_upload(owner, id).await?,
    };
    found.ok_or_else(unknown)
}
