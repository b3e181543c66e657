//! `/v2/access/vault`: media as a team sees them.

mod cursor;
pub(super) mod delete;
pub(super) mod edit;
pub(super) mod get;
pub(super) mod list;
pub(super) mod lists;
pub(super) mod original;
pub(super) mod preview;
mod query;
pub(super) mod release_forms;
pub(super) mod reprocess;
pub(super) mod restore;

use axum::Json;
use strongroom_catalog::records::{Connection, KnownMedia, Media};
use strongroom_core::id::{ConnectionId, MediaReference};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::http::media_view::VaultMediaView;
use crate::problem::Problem;

/// The answer of a call about one media: the media as it is now.
async fn show(app: &App, connection: &Connection, reference: &str) -> Result<Json<VaultMediaView>, Problem> {
    let media = find(app, connection.id.clone(), reference).await?;
    Ok(Json(VaultMediaView::of(app, &connection.settings, &media)))
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

/// The media that a path names, in the vault or in the trash.
async fn known(app: &App, owner: &ConnectionId, reference: &str) -> Result<KnownMedia, Problem> {
    let unknown = || Problem::not_found("media", reference);
    let named = reference.parse().map_err(|_| unknown())?;
    app.catalog.known_media(owner.clone(), named).await?.ok_or_else(unknown)
}

/// The operations of this family.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list))
        .routes(routes!(get::get, edit::edit, delete::delete))
        .routes(routes!(restore::restore))
        .routes(routes!(original::original))
        .routes(routes!(preview::put_preview, preview::delete_preview))
        .routes(routes!(release_forms::attach_release_forms))
        .routes(routes!(release_forms::set_media_release_forms))
        .routes(routes!(reprocess::reprocess))
        .merge(lists::routes())
}
