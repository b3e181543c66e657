//! `PATCH /v2/access/vault/lists/{id}`: another name, or no media.

use axum::Json as Answer;
use axum::extract::{Path, State};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{check_name, clear, find_list, show_list};
use crate::app::App;
use crate::http::json::Json;
use crate::http::list_view::VaultListView;
use crate::http::principal::{Access, VaultWrite};
use crate::problem::Problem;

/// What is to be changed; what is absent or null stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListEdit {
    /// What it is called from now on.
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    /// Whether to take all media off it. They stay in the vault.
    clear_media: Option<bool>,
}

/// Change a vault list
#[utoipa::path(
    patch, path = "/v2/access/vault/lists/{listId}", tag = "vault", operation_id = "updateVaultList",
    params(("listId" = String, Path, description = "A list id")),
    request_body = ListEdit,
    responses((status = 200, body = VaultListView)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn update(
    State(app): State<App>,
    access: Access<VaultWrite>,
    Path(id): Path<String>,
    Json(request): Json<ListEdit>,
) -> Result<Answer<VaultListView>, Problem> {
    let owner = &access.connection.id;
    let id = find_list(&app, owner, &id).await?;
    if let Some(name) = request.name.map(check_name).transpose()? {
        app.catalog.rename_list(owner.clone(), id, name, app.clock.now()).await?;
    }
    if request.clear_media == Some(true) {
        clear(&app, owner, id).await?;
    }
    show_list(&app, &access.connection, id).await
}
