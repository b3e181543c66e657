//! `DELETE /v2/access/vault/lists/{id}/media`: takes media off a list.

use axum::Json as Answer;
use axum::extract::{Path, State};

use super::{MediaIds, list_id, references, show_list};
use crate::app::App;
use crate::http::json::Json;
use crate::http::list_view::VaultListView;
use crate::http::principal::{Access, VaultWrite};
use crate::problem::Problem;

/// Take media off a vault list
#[utoipa::path(
    delete, path = "/v2/access/vault/lists/{listId}/media", tag = "vault", operation_id = "removeVaultListMedia",
    params(("listId" = String, Path, description = "A list id")),
    request_body = MediaIds,
    responses((status = 200, description = "None of them is on it; they stay in the vault", body = VaultListView)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn remove(
    State(app): State<App>,
    access: Access<VaultWrite>,
    Path(id): Path<String>,
    Json(request): Json<MediaIds>,
) -> Result<Answer<VaultListView>, Problem> {
    let (list, named) = (list_id(&id)?, request.read()?);
    let change = app.catalog.take_off_list(access.connection.id.clone(), list, references(&named)).await?;
    request.refused(&named, &id, change)?;
    show_list(&app, &access.connection, list).await
}
