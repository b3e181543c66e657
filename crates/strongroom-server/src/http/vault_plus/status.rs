//! `GET /v2/vault-plus/store/status`: what a connection has stored.

use axum::Json as Answer;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::http::principal::AccountOn;
use crate::problem::Problem;

/// What a connection has stored.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StorageStatus {
    /// The connection.
    connection_id: String,
    /// All media but those in the trash.
    total_media: u64,
    /// Those that can be fetched.
    stored_count: u64,
    /// Those that are still processed.
    pending_count: u64,
    /// Bytes on disk: originals and renditions, also of what lies in the trash.
    total_size_bytes: u64,
}

/// Sum up a connection's stored media
#[utoipa::path(
    get, path = "/v2/vault-plus/store/status", tag = "vault-plus", operation_id = "getStorageStatus",
    responses((status = 200, body = StorageStatus)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn status(State(app): State<App>, account: AccountOn) -> Result<Answer<StorageStatus>, Problem> {
    let connection = account.connection.id;
    let totals = app.catalog.stored_totals(connection.clone()).await?;
    Ok(Answer(StorageStatus {
        connection_id: connection.to_string(),
        total_media: totals.media,
        stored_count: totals.stored,
        pending_count: totals.pending,
        total_size_bytes: totals.bytes,
    }))
}
