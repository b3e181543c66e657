//! `GET /v2/vault-plus/store/stats`: what an organisation has stored.

use axum::Json as Answer;
use axum::extract::State;
use serde::Serialize;
use strongroom_catalog::records::Counted;
use utoipa::ToSchema;

use crate::app::App;
use crate::http::principal::Account;
use crate::problem::Problem;

/// What an organisation has stored: on all connections that the key may use.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StorageStats {
    /// The connections.
    total_connections: u64,
    /// Those for which these calls were switched on.
    connections_with_vault_plus: u64,
    /// Bytes on disk: originals and renditions, also of what lies in the trash.
    total_storage_bytes: u64,
    /// All media but those in the trash.
    total_media_count: u64,
}

/// Sum up an organisation's stored media
#[utoipa::path(
    get, path = "/v2/vault-plus/store/stats", tag = "vault-plus", operation_id = "getStorageStats",
    responses((status = 200, body = StorageStats)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn stats(State(app): State<App>, account: Account) -> Result<Answer<StorageStats>, Problem> {
    let key = account.key;
    let counted =
        Counted { organisation: key.organisation, environment: key.environment, connections: key.connections };
    let totals = app.catalog.organisation_totals(counted).await?;
    Ok(Answer(StorageStats {
        total_connections: totals.connections,
        connections_with_vault_plus: totals.with_vault_plus,
        total_storage_bytes: totals.bytes,
        total_media_count: totals.media,
    }))
}
