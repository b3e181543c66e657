//! `/v2/account/keys`. A key sees, makes and revokes only keys that can do no more than itself.

pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod revoke;

use serde::Serialize;
use strongroom_catalog::records::KeptKey;
use utoipa::ToSchema;

/// Keys that an organisation may have in each world, revoked ones not counted.
const MOST_KEYS: u32 = 1000;

/// An API key, without the key.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KeyView {
    /// `key_…`.
    id: String,
    /// What its owner calls it.
    name: String,
    /// `live` or `sandbox`.
    environment: &'static str,
    /// Families of calls it may make.
    scopes: Vec<&'static str>,
    /// What it may do on connections.
    permissions: Vec<&'static str>,
    /// The connections it is for; null is all.
    connection_ids: Option<Vec<String>>,
    /// When it was made.
    created_at: String,
    /// From when on it is refused; null is never.
    expires_at: Option<String>,
}

impl From<KeptKey> for KeyView {
    fn from(key: KeptKey) -> Self {
        let KeptKey { record, created_at } = key;
        Self {
            id: record.id.to_string(),
            name: record.name,
            environment: record.environment.as_str(),
            scopes: record.scopes.iter().map(|scope| scope.as_str()).collect(),
            permissions: record.permissions.iter().map(|permission| permission.as_str()).collect(),
            connection_ids: record.connections.map(|ids| ids.iter().map(ToString::to_string).collect()),
            created_at: created_at.to_rfc3339(),
            expires_at: record.expires_at.map(|at| at.to_rfc3339()),
        }
    }
}
