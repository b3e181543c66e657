//! `DELETE /v2/access/vault/media/{id}`: to the trash, or for good.

use axum::Json as Answer;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::known;
use crate::app::App;
use crate::http::page::QueryPairs;
use crate::http::principal::{Access, VaultWrite};
use crate::problem::Problem;
use crate::services::trash;

/// Delete a vault media
#[utoipa::path(
    delete, path = "/v2/access/vault/media/{mediaId}", tag = "vault", operation_id = "deleteMedia",
    params(
        ("mediaId" = String, Path, description = "A media id, or `upload:<uuid>`"),
        ("purge" = Option<bool>, Query, description = "true: for good, with its bytes, also out of the trash"),
    ),
    responses((status = 200, description = "In the trash, also if it was before; or gone", body = Object)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn delete(
    State(app): State<App>,
    access: Access<VaultWrite>,
    Path(reference): Path<String>,
    query: QueryPairs,
) -> Result<Answer<Value>, Problem> {
    let is_for_good = match query.get("purge") {
        None | Some("false" | "0") => false,
        Some("true" | "1") => true,
        Some(other) => return Err(Problem::field("purge", other, "true or false")),
    };
    let owner = access.connection.id;
    let media = known(&app, &owner, &reference).await?.id;
    if is_for_good {
        trash::purge(&app, owner, media).await?;
    } else {
        app.catalog.trash_media(owner, media, app.clock.now()).await?;
    }
    Ok(Answer(json!({})))
}
