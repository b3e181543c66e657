//! `GET /v2/access/vault/media/{id}`: one media.

use axum::Json as Answer;
use axum::extract::{Path, State};

use super::show;
use crate::app::App;
use crate::http::media_view::VaultMediaView;
use crate::http::principal::{Access, VaultRead};
use crate::problem::Problem;

/// Get a vault media
#[utoipa::path(
    get, path = "/v2/access/vault/media/{mediaId}", tag = "vault", operation_id = "getMedia",
    params(("mediaId" = String, Path, description = "A media id, or `upload:<uuid>`")),
    responses((status = 200, body = VaultMediaView)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn get(
    State(app): State<App>,
    access: Access<VaultRead>,
    Path(reference): Path<String>,
) -> Result<Answer<VaultMediaView>, Problem> {
    show(&app, &access.connection, &reference).await
}
