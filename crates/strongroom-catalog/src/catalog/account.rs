//! Connections, keys, settings, quotas.

use strongroom_core::clock::Timestamp;
use strongroom_core::connection::{ConnectionStatus, Environment};
use strongroom_core::digest::Digest;
use strongroom_core::id::{ConnectionId, KeyId, OrganisationId, UploadId};
use strongroom_core::key::KeyHash;

use super::{Catalog, methods};
use crate::CatalogError;
use crate::records::{
    ApiKeyRecord, Connection, ConnectionPage, KeptKey, NewApiKey, NewConnection, OrganisationSettings, Remains,
    SettingsChange, Usage, VaultPlus,
};

methods! {
    /// Keeps a new organisation.
    write organisations::create_organisation(id: OrganisationId, name: String, now: Timestamp) -> ();

    /// Keeps a new API key.
    write keys::create_key(key: NewApiKey) -> ();
    /// The API key with this hash.
    read keys::key_by_hash(hash: KeyHash) -> Option<ApiKeyRecord>;
    /// The API key with this hash, and the connection with this id beside it, whoever owns that.
    remembered keys::key_beside_connection(hash: KeyHash, id: ConnectionId) -> Option<(ApiKeyRecord, Option<Connection>)>;
    /// The API key of an organisation with this id, revoked or not.
    read keys::key(organisation: OrganisationId, id: KeyId) -> Option<ApiKeyRecord>;
    /// An organisation's API keys for one world that were not revoked, newest first.
    read keys::list_keys(organisation: OrganisationId, environment: Environment, limit: u32) -> Vec<KeptKey>;
    /// Revokes an API key, for good. Says whether the organisation has such a key, revoked before or not.
    write keys::revoke_key(organisation: OrganisationId, id: KeyId, now: Timestamp) -> bool;

    /// Keeps a new connection.
    write connections::create_connection(connection: NewConnection) -> ();
    /// The connection with this id.
    read connections::connection(id: ConnectionId) -> Option<Connection>;
    /// A page of an organisation's connections in one world, newest first.
    read connections::list_connections(page: ConnectionPage) -> Vec<Connection>;
    /// Lets a connection be used, or no longer.
    write connections::set_connection_status(id: ConnectionId, status: ConnectionStatus, now: Timestamp) -> ();
    /// Makes a connection unknown to everyone. Says whether it was known. What it holds is to be purged.
    write connections::delete_connection(id: ConnectionId, now: Timestamp) -> bool;
    /// Notes that a connection was used.
    write connections::note_use(id: ConnectionId, now: Timestamp) -> ();

    /// Connections that were deleted and may still hold something.
    read removal::deleted_connections() -> Vec<ConnectionId>;
    /// Some of the uploads and blobs that a deleted connection still has. None of either: that was all.
    read removal::remains(owner: ConnectionId) -> Remains;
    /// Forgets uploads and blobs of a deleted connection whose bytes are gone, and the media that showed them.
    write[owner] removal::forget_remains(owner: ConnectionId, remains: Remains) -> ();
    /// Takes away all that is left of a deleted connection but its id, events and audit log. One that was deleted before
    /// `before` is then done with.
    write[owner] removal::bury_connection(owner: ConnectionId, before: Timestamp, now: Timestamp) -> ();

    /// Changes what a connection sets for itself. Says whether there is such a connection.
    write[id] settings::change_connection_settings(id: ConnectionId, change: SettingsChange, now: Timestamp) -> bool;
    /// What a connection keeps for the stored-media clients, if there is such a connection.
    read settings::vault_plus(id: ConnectionId) -> Option<VaultPlus>;
    /// What an organisation sets for its connections in one world, if there is such an organisation.
    read settings::organisation_settings(id: OrganisationId, environment: Environment) -> Option<OrganisationSettings>;
    /// Changes what an organisation sets for its connections in one world.
    write settings::change_organisation_settings(id: OrganisationId, environment: Environment, change: SettingsChange) -> ();
    /// Gives every connection of an organisation in one world what new ones get for the stored-media clients. Answers how many.
    write settings::apply_vault_plus(id: OrganisationId, environment: Environment, now: Timestamp) -> u64;

    /// What a connection holds.
    read usage::usage(owner: ConnectionId) -> Usage;
    /// Lets a session be completed: from here on no part is taken. Says whether it was open.
    write[owner] uploads::begin_completing(owner: ConnectionId, id: UploadId, etag: Digest, now: Timestamp) -> Option<Timestamp>;
}
