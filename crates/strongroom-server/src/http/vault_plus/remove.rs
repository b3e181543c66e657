//! `DELETE /v2/vault-plus/{mediaId}`: puts a media in the trash.

use axum::Json as Answer;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::http::principal::AccountOn;
use crate::problem::Problem;

/// What was removed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Removed {
    /// `true`.
    success: bool,
    /// The media.
    media_id: String,
    /// The bytes of its variants.
    freed_bytes: u64,
}

/// Delete a stored media
///
/// It lies in the trash for as long as the connection's settings say, and can be restored until then.
#[utoipa::path(
    delete, path = "/v2/vault-plus/{mediaId}", tag = "vault-plus", operation_id = "deleteStoredMedia",
    params(("mediaId" = String, Path, description = "A media id, or `upload:<uuid>`")),
    responses((status = 200, body = Removed)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn remove(
    State(app): State<App>,
    account: AccountOn,
    Path(reference): Path<String>,
) -> Result<Answer<Removed>, Problem> {
    let unknown = || Problem::not_found("media", &reference);
    let media = reference.parse().map_err(|_| unknown())?;
    let freed = app.catalog.remove_stored(account.connection.id, media, app.clock.now()).await?;
    let freed_bytes = freed.ok_or_else(unknown)?.bytes;
    Ok(Answer(Removed { success: true, media_id: reference, freed_bytes }))
}
