//! Organisations' keys and connections, their settings and quotas.

use strongroom_core::clock::Timestamp;
use strongroom_core::connection::{ConnectionStatus, Environment};
use strongroom_core::id::{BlobKey, ConnectionId, OrganisationId, UploadId};
use strongroom_core::permission::{Grants, Permission};
use strongroom_core::release_form::ConsentPolicy;
use strongroom_core::settings::Settings;

use super::ApiKeyRecord;

/// A connection that is to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewConnection {
    /// Its id.
    pub id: ConnectionId,
    /// Who owns it.
    pub organisation: OrganisationId,
    /// Which world it belongs to.
    pub environment: Environment,
    /// Whether it may be used.
    pub status: ConnectionStatus,
    /// The name shown to people.
    pub name: String,
    /// The account's name.
    pub username: String,
    /// Where its picture is, if it has one.
    pub avatar: Option<String>,
    /// What may be done on it.
    pub permissions: Grants<Permission>,
    /// The operator's own name for it.
    pub client_reference_id: Option<String>,
    /// Now.
    pub created_at: Timestamp,
}

/// A connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Its id.
    pub id: ConnectionId,
    /// Who owns it.
    pub organisation: OrganisationId,
    /// Which world it belongs to.
    pub environment: Environment,
    /// Whether it may be used.
    pub status: ConnectionStatus,
    /// The name shown to people.
    pub name: String,
    /// The account's name.
    pub username: String,
    /// Where its picture is, if it has one.
    pub avatar: Option<String>,
    /// What may be done on it.
    pub permissions: Grants<Permission>,
    /// What holds for it: its own settings, and its organisation's where it has none.
    pub settings: Settings,
    /// The operator's own name for it.
    pub client_reference_id: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
    /// When it was invalidated, if it was.
    pub expired_at: Option<Timestamp>,
    /// When it was used last, as far as was noted.
    pub last_checked_at: Option<Timestamp>,
}

/// Which connections to list.
#[derive(Debug, Clone)]
pub struct ConnectionPage {
    /// Whose.
    pub organisation: OrganisationId,
    /// In which world.
    pub environment: Environment,
    /// Only these, if given.
    pub only: Option<Vec<ConnectionId>>,
    /// Only those of this status, if given.
    pub status: Option<ConnectionStatus>,
    /// How many at most.
    pub limit: u32,
    /// How many to pass over.
    pub offset: u64,
}

/// An API key as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptKey {
    /// The key.
    pub record: ApiKeyRecord,
    /// When it was made.
    pub created_at: Timestamp,
}

impl ApiKeyRecord {
    /// Whether this key can do all that `other` can.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.organisation == other.organisation
            && self.environment == other.environment
            && other.scopes.iter().all(|scope| self.scopes.contains(scope))
            && other.permissions.iter().all(|permission| self.permissions.contains(permission))
            && match (&self.connections, &other.connections) {
                (None, _) => true,
                (Some(_), None) => false,
                (Some(own), Some(others)) => others.iter().all(|id| own.contains(id)),
            }
    }

    /// Whether it may be used on a connection, as far as is told by whose that is.
    #[must_use]
    pub fn sees(&self, connection: &Connection) -> bool {
        self.organisation == connection.organisation
            && self.environment == connection.environment
            && self.connections.as_ref().is_none_or(|only| only.contains(&connection.id))
    }
}

/// A change of settings. What is `None` stays as it is; `Some(None)` is inherited again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SettingsChange {
    /// See [`Settings::consent_policy`].
    pub consent_policy: Option<Option<ConsentPolicy>>,
    /// See [`Settings::quota_bytes`].
    pub quota_bytes: Option<Option<u64>>,
    /// See [`Settings::trash_retention_days`].
    pub trash_retention_days: Option<Option<u32>>,
    /// See [`Settings::delivery_ttl_seconds`].
    pub delivery_ttl_seconds: Option<Option<u32>>,
    /// See [`Settings::cors_origins`].
    pub cors_origins: Option<Option<Vec<String>>>,
    /// See [`VaultPlus::is_enabled`].
    pub vault_plus_enabled: Option<bool>,
    /// See [`VaultPlus::settings`].
    pub vault_plus_settings: Option<Option<String>>,
}

/// What clients of the stored-media calls keep with us. Nothing here depends on it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VaultPlus {
    /// A connection's: whether they call it switched on. An organisation's: whether new connections are.
    pub is_enabled: bool,
    /// Their settings, as JSON, if they have any.
    pub settings: Option<String>,
}

/// What an organisation sets for its connections in one world.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OrganisationSettings {
    /// Its settings; what is `None` is inherited from the configuration.
    pub settings: Settings,
    /// What the stored-media clients keep.
    pub vault_plus: VaultPlus,
}

/// What counts against a connection's quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Originals, and whatever else was sent and is kept; the same bytes once. What we make of them is free.
    pub stored_bytes: u64,
    /// Promised to uploads that are open or completing.
    pub reserved_bytes: u64,
}

/// Why bytes did not fit into a quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shortfall {
    /// The quota.
    pub limit: u64,
    /// What is stored.
    pub used: u64,
    /// What is promised to other uploads.
    pub reserved: u64,
    /// What was asked for.
    pub requested: u64,
}

/// Some of what a deleted connection still holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remains {
    /// Upload sessions.
    pub uploads: Vec<UploadId>,
    /// Stored bytes, with their renditions.
    pub blobs: Vec<BlobKey>,
}
