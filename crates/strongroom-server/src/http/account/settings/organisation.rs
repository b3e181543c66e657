//! `GET`, `PATCH /v2/account/settings`: what holds for connections that set nothing themselves, in the world of the key that
//! asks.

use axum::Json as Answer;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use strongroom_catalog::records::{ApiKeyRecord, OrganisationSettings, SettingsChange};
use utoipa::ToSchema;

use super::{BroadcastResult, ChangedSettings, SettingsRequest, SettingsView, VaultPlusSettings};
use crate::app::App;
use crate::http::account::require_all_connections;
use crate::http::json::{Json, object};
use crate::http::principal::Account;
use crate::problem::Problem;

/// What an organisation keeps for clients of the stored-media calls.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrganisationVaultPlus {
    /// Whether they call new connections switched on.
    auto_enable_for_new_connections: bool,
    /// What its connections start from.
    default_settings: VaultPlusSettings,
}

/// A change of what an organisation keeps for clients of the stored-media calls.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrganisationVaultPlusRequest {
    /// Whether they call new connections switched on.
    auto_enable_for_new_connections: Option<bool>,
    /// Give every connection there is what new ones get, and take away what they set for themselves in this.
    apply_to_existing_connections: Option<bool>,
    /// Laid over what its connections start from.
    #[serde(default, deserialize_with = "object")]
    default_settings: Option<VaultPlusSettings>,
}

/// Get organization settings
#[utoipa::path(
    get, path = "/v2/account/settings", tag = "account", operation_id = "getOrganizationSettings",
    responses((status = 200, body = SettingsView<OrganisationVaultPlus>)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn get(
    State(app): State<App>,
    account: Account,
) -> Result<Answer<SettingsView<OrganisationVaultPlus>>, Problem> {
    Ok(Answer(view(&app, &account.key).await?))
}

/// Update organization settings
#[utoipa::path(
    patch, path = "/v2/account/settings", tag = "account", operation_id = "updateOrganizationSettings",
    request_body = SettingsRequest<OrganisationVaultPlusRequest>,
    responses((status = 200, body = ChangedSettings<OrganisationVaultPlus>)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn patch(
    State(app): State<App>,
    account: Account,
    Json(request): Json<SettingsRequest<OrganisationVaultPlusRequest>>,
) -> Result<Answer<ChangedSettings<OrganisationVaultPlus>>, Problem> {
    let key = account.key;
    require_all_connections(&key)?;
    let mut change = request.check()?;
    if let Some(vault_plus) = &request.vault_plus {
        change = vault_plus.lay_over(&kept(&app, &key).await?, change)?;
    }
    if change != SettingsChange::default() {
        app.catalog.change_organisation_settings(key.organisation.clone(), key.environment, change).await?;
    }
    let is_for_all =
        request.vault_plus.is_some_and(|vault_plus| vault_plus.apply_to_existing_connections == Some(true));
    let broadcast_result = if is_for_all { Some(apply(&app, &key).await?) } else { None };
    Ok(Answer(ChangedSettings { settings: view(&app, &key).await?, broadcast_result }))
}

impl OrganisationVaultPlusRequest {
    fn lay_over(&self, kept: &OrganisationSettings, change: SettingsChange) -> Result<SettingsChange, Problem> {
        let laid = |new: &VaultPlusSettings| {
            let kept = kept.vault_plus.settings.as_deref().map(VaultPlusSettings::kept).transpose()?;
            new.over(&kept.unwrap_or_default())?.to_text()
        };
        let vault_plus_settings = self.default_settings.as_ref().map(laid).transpose()?.map(Some);
        Ok(SettingsChange { vault_plus_enabled: self.auto_enable_for_new_connections, vault_plus_settings, ..change })
    }
}

async fn apply(app: &App, key: &ApiKeyRecord) -> Result<BroadcastResult, Problem> {
    let (organisation, now) = (key.organisation.clone(), app.clock.now());
    let affected_connections = app.catalog.apply_vault_plus(organisation, key.environment, now).await?;
    Ok(BroadcastResult { affected_connections, purge_results: [] })
}

async fn kept(app: &App, key: &ApiKeyRecord) -> Result<OrganisationSettings, Problem> {
    let kept = app.catalog.organisation_settings(key.organisation.clone(), key.environment).await?;
    Ok(kept.unwrap_or_default())
}

async fn view(app: &App, key: &ApiKeyRecord) -> Result<SettingsView<OrganisationVaultPlus>, Problem> {
    let OrganisationSettings { settings, vault_plus } = kept(app, key).await?;
    let own = vault_plus.settings.as_deref().map(VaultPlusSettings::kept).transpose()?.unwrap_or_default();
    let vault_plus = OrganisationVaultPlus {
        auto_enable_for_new_connections: vault_plus.is_enabled,
        default_settings: own.over(&VaultPlusSettings::standard()?)?,
    };
    Ok(SettingsView::of(app, None, settings, vault_plus))
}
