//! Settings of an organisation and of each of its connections. What one does not set it inherits: a connection from its
//! organisation, that from the configuration.

pub(crate) mod connection;
pub(crate) mod organisation;
mod request;
mod vault_plus;

use serde::Serialize;
use strongroom_core::settings::Settings;
use utoipa::ToSchema;

use crate::app::App;
use request::SettingsRequest;
use vault_plus::VaultPlusSettings;

/// The settings that hold.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SettingsView<V> {
    /// Whose these are, if a connection's.
    #[serde(skip_serializing_if = "Option::is_none")]
    connection_id: Option<String>,
    /// What becomes of media without consent: `off`, `warn` or `require`.
    consent_policy: &'static str,
    /// How many bytes a connection may keep; null is no limit.
    quota_bytes: Option<u64>,
    /// How long deleted media can be restored.
    trash_retention_days: Option<u32>,
    /// How long a signed URL is good at least.
    delivery_ttl_seconds: Option<u32>,
    /// Web origins whose pages may read delivered media.
    cors_origins: Vec<String>,
    /// What clients of the stored-media calls keep here. Everything is stored whatever they say.
    vault_plus: V,
}

/// Settings as they are after a change.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChangedSettings<V> {
    /// The settings.
    settings: SettingsView<V>,
    /// How far they were applied, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    broadcast_result: Option<BroadcastResult>,
}

/// What became of settings that were applied to existing connections.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct BroadcastResult {
    /// How many connections there are.
    affected_connections: u64,
    /// Always empty: no setting deletes anything.
    #[schema(value_type = Vec<Object>)]
    purge_results: [(); 0],
}

impl<V> SettingsView<V> {
    /// `settings`, and what the configuration says where they are silent.
    fn of(app: &App, connection_id: Option<String>, settings: Settings, vault_plus: V) -> Self {
        let settings = settings.or(app.config.settings.clone());
        Self {
            connection_id,
            consent_policy: settings.policy().as_str(),
            quota_bytes: settings.quota_bytes,
            trash_retention_days: settings.trash_retention_days,
            delivery_ttl_seconds: settings.delivery_ttl_seconds,
            cors_origins: settings.cors_origins.unwrap_or_default(),
            vault_plus,
        }
    }
}
