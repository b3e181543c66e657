//! `DELETE /v2/access/vault/lists/{id}`: deletes a list; its media stay.

use axum::Json as Answer;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::{clear, find_list};
use crate::app::App;
use crate::http::principal::{Access, VaultWrite};
use crate::problem::Problem;

/// Delete a vault list
#[utoipa::path(
    delete, path = "/v2/access/vault/lists/{listId}", tag = "vault", operation_id = "deleteVaultList",
    params(("listId" = String, Path, description = "A list id")),
    responses((status = 200, description = "Gone; its media stay in the vault", body = Object)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn delete(
    State(app): State<App>,
    access: Access<VaultWrite>,
    Path(id): Path<String>,
) -> Result<Answer<Value>, Problem> {
    let owner = access.connection.id;
    let list = find_list(&app, &owner, &id).await?;
    // Emptied first, some media at a time: deleting it at once would hold up every other write.
    clear(&app, &owner, list).await?;
    if app.catalog.delete_list(owner, list).await? {
        Ok(Answer(json!({})))
    } else {
        Err(Problem::not_found("list", &id))
    }
}
