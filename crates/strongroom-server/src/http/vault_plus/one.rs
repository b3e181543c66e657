//! `GET /v2/vault-plus/{mediaId}`: one stored media.

use axum::Json as Answer;
use axum::extract::{Path, State};

use super::item::Item;
use crate::app::App;
use crate::http::principal::AccountOn;
use crate::problem::Problem;

/// Get a stored media
#[utoipa::path(
    get, path = "/v2/vault-plus/{mediaId}", tag = "vault-plus", operation_id = "getStoredMedia",
    params(("mediaId" = String, Path, description = "A media id, or `upload:<uuid>`")),
    responses((status = 200, body = Item)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn one(
    State(app): State<App>,
    account: AccountOn,
    Path(reference): Path<String>,
) -> Result<Answer<Item>, Problem> {
    let unknown = || Problem::not_found("media", &reference);
    let wanted = reference.parse().map_err(|_| unknown())?;
    let found = app.catalog.stored_media(account.connection.id, vec![wanted]).await?;
    let stored = found.first().ok_or_else(unknown)?;
    Ok(Answer(Item::of(&app, &account.connection.settings, stored)))
}
