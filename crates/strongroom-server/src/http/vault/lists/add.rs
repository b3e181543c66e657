//! `POST /v2/access/vault/lists/{id}/media`: puts media on a list.

use axum::Json as Answer;
use axum::extract::{Path, State};

use super::{MediaIds, list_id, references, show_list};
use crate::app::App;
use crate::http::json::Json;
use crate::http::list_view::VaultListView;
use crate::http::principal::{Access, VaultWrite};
use crate::problem::Problem;

/// Put media on a vault list
#[utoipa::path(
    post, path = "/v2/access/vault/lists/{listId}/media", tag = "vault", operation_id = "addVaultListMedia",
    params(("listId" = String, Path, description = "A list id")),
    request_body = MediaIds,
    responses((status = 200, description = "All of them are on it", body = VaultListView)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn add(
    State(app): State<App>,
    access: Access<VaultWrite>,
    Path(id): Path<String>,
    Json(request): Json<MediaIds>,
) -> Result<Answer<VaultListView>, Problem> {
    let (list, named) = (list_id(&id)?, request.read()?);
    let owner = access.connection.id.clone();
    let change = app.catalog.add_to_list(owner, list, references(&named), app.clock.now()).await?;
    request.refused(&named, &id, change)?;
    show_list(&app, &access.connection, list).await
}
