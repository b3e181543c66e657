//! `GET`, `PATCH /v2/account/connections/{connectionId}/settings`.

use axum::Json as Answer;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use strongroom_catalog::records::{ApiKeyRecord, SettingsChange, VaultPlus};
use utoipa::ToSchema;

use super::request::given_object;
use super::{ChangedSettings, SettingsRequest, SettingsView, VaultPlusSettings};
use crate::app::App;
use crate::http::account::connection;
use crate::http::json::Json;
use crate::http::principal::Account;
use crate::problem::Problem;

/// What a connection keeps for clients of the stored-media calls.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConnectionVaultPlus {
    /// Whether they call it switched on.
    enabled: bool,
    /// What it sets for itself; null is nothing.
    settings_overrides: Option<VaultPlusSettings>,
    /// What it holds.
    stats: Stats,
}

/// What a connection holds.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Stats {
    /// Whether clients call it switched on.
    vault_plus_enabled: bool,
    /// Bytes of originals and renditions.
    total_storage_bytes: u64,
    /// The quota; 0 is no limit.
    storage_limit_bytes: u64,
    /// Media outside the trash.
    media_count: u64,
    /// Those of them that can be shown.
    stored_count: u64,
    /// How much of the quota is used up by originals.
    storage_usage_percent: f64,
}

/// A change of what a connection keeps for clients of the stored-media calls.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ConnectionVaultPlusRequest {
    /// Whether they call it switched on.
    enabled: Option<bool>,
    /// Laid over what it sets for itself; null lets go of all that.
    #[serde(default, deserialize_with = "given_object")]
    #[schema(value_type = Option<VaultPlusSettings>)]
    settings: Option<Option<VaultPlusSettings>>,
}

/// Get connection settings
#[utoipa::path(
    get, path = "/v2/account/connections/{connectionId}/settings", tag = "account",
    operation_id = "getConnectionSettings",
    params(("connectionId" = String, Path, description = "`conn_…`")),
    responses((status = 200, body = SettingsView<ConnectionVaultPlus>)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn get(
    State(app): State<App>,
    account: Account,
    Path(id): Path<String>,
) -> Result<Answer<SettingsView<ConnectionVaultPlus>>, Problem> {
    Ok(Answer(view(&app, &account.key, &id).await?))
}

/// Update connection settings
#[utoipa::path(
    patch, path = "/v2/account/connections/{connectionId}/settings", tag = "account",
    operation_id = "updateConnectionSettings",
    params(("connectionId" = String, Path, description = "`conn_…`")),
    request_body = SettingsRequest<ConnectionVaultPlusRequest>,
    responses((status = 200, body = ChangedSettings<ConnectionVaultPlus>)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn patch(
    State(app): State<App>,
    account: Account,
    Path(id): Path<String>,
    Json(request): Json<SettingsRequest<ConnectionVaultPlusRequest>>,
) -> Result<Answer<ChangedSettings<ConnectionVaultPlus>>, Problem> {
    let found = connection(&app, &account.key, &id).await?;
    let mut change = request.check()?;
    if let Some(vault_plus) = &request.vault_plus {
        let kept = app.catalog.vault_plus(found.id.clone()).await?.unwrap_or_default();
        change = vault_plus.lay_over(&kept, change)?;
    }
    if change != SettingsChange::default() {
        app.catalog.change_connection_settings(found.id, change, app.clock.now()).await?;
    }
    let settings = view(&app, &account.key, &id).await?;
    Ok(Answer(ChangedSettings { settings, broadcast_result: None }))
}

impl ConnectionVaultPlusRequest {
    fn lay_over(&self, kept: &VaultPlus, change: SettingsChange) -> Result<SettingsChange, Problem> {
        let vault_plus_settings = match &self.settings {
            None => None,
            Some(None) => Some(None),
            Some(Some(new)) => {
                let kept = kept.settings.as_deref().map(VaultPlusSettings::kept).transpose()?.unwrap_or_default();
                Some(Some(new.over(&kept)?.to_text()?))
            }
        };
        Ok(SettingsChange { vault_plus_enabled: self.enabled, vault_plus_settings, ..change })
    }
}

/// The settings of a connection, looked up anew.
async fn view(app: &App, key: &ApiKeyRecord, id: &str) -> Result<SettingsView<ConnectionVaultPlus>, Problem> {
    let found = connection(app, key, id).await?;
    let kept = app.catalog.vault_plus(found.id.clone()).await?.unwrap_or_default();
    let vault_plus = ConnectionVaultPlus {
        enabled: kept.is_enabled,
        settings_overrides: kept.settings.as_deref().map(VaultPlusSettings::kept).transpose()?,
        stats: stats(app, &found, kept.is_enabled).await?,
    };
    Ok(SettingsView::of(app, Some(found.id.to_string()), found.settings, vault_plus))
}

async fn stats(
    app: &App,
    connection: &strongroom_catalog::records::Connection,
    vault_plus_enabled: bool,
) -> Result<Stats, Problem> {
    let usage = app.catalog.usage(connection.id.clone()).await?;
    let totals = app.catalog.stored_totals(connection.id.clone()).await?;
    let limit = connection.settings.quota_bytes.unwrap_or_default();
    Ok(Stats {
        vault_plus_enabled,
        total_storage_bytes: totals.bytes,
        storage_limit_bytes: limit,
        media_count: totals.media,
        stored_count: totals.stored,
        storage_usage_percent: percent(usage.stored_bytes, limit),
    })
}

/// To a hundredth.
#[allow(clippy::cast_precision_loss, reason = "shown to two places; 53 bits are more than enough")]
fn percent(used: u64, limit: u64) -> f64 {
    if limit == 0 { 0.0 } else { (used as f64 / limit as f64 * 10_000.0).round() / 100.0 }
}
