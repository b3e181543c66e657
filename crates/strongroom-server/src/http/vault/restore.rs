//! `POST /v2/access/vault/media/{id}/restore`: takes a media out of the trash.

use axum::Json as Answer;
use axum::extract::{Path, State};

use super::{known, show};
use crate::app::App;
use crate::http::media_view::VaultMediaView;
use crate::http::principal::{Access, VaultWrite};
use crate::problem::Problem;

/// Restore a media from the trash
#[utoipa::path(
    post, path = "/v2/access/vault/media/{mediaId}/restore", tag = "vault", operation_id = "restoreMedia",
    params(("mediaId" = String, Path, description = "A media id, or `upload:<uuid>`")),
    responses((status = 200, description = "In the vault, also if it was before", body = VaultMediaView)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn restore(
    State(app): State<App>,
    access: Access<VaultWrite>,
    Path(reference): Path<String>,
) -> Result<Answer<VaultMediaView>, Problem> {
    let owner = &access.connection.id;
    let media = known(&app, owner, &reference).await?;
    app.catalog.restore_media(owner.clone(), media.id).await?;
    show(&app, &access.connection, &reference).await
}
