//! `strongroom key`: made, listed and revoked beside a running server, which sees it with its next call.

use clap::{Args, Subcommand};
use serde_json::json;
use strongroom_catalog::records::{ApiKeyRecord, KeptKey, NewApiKey};
use strongroom_core::clock::{Clock as _, SystemClock, Timestamp};
use strongroom_core::connection::Environment;
use strongroom_core::id::{ConnectionId, KeyId};
use strongroom_core::key::ApiKey;
use strongroom_core::permission::{Grants, Permission, Scope};

use crate::organisation::Organisation;
use crate::settings::SettingsArguments;
use crate::{Ending, output};

/// `strongroom key`.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make an API key. It is shown once.
    Create(CreateArguments),
    /// List the keys that were not revoked, newest first.
    List(ListArguments),
    /// Revoke a key, for good. A running server refuses its next call.
    Revoke(RevokeArguments),
}

/// `strongroom key list`.
#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    #[command(flatten)]
    settings: SettingsArguments,
    #[command(flatten)]
    organisation: Organisation,
    /// Those of the sandbox.
    #[arg(long)]
    sandbox: bool,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

/// `strongroom key revoke`.
#[derive(Debug, Args)]
pub(crate) struct RevokeArguments {
    #[command(flatten)]
    settings: SettingsArguments,
    #[command(flatten)]
    organisation: Organisation,
    /// Which one: key_…
    id: KeyId,
}

/// `strongroom key create`.
#[derive(Debug, Args)]
pub(crate) struct CreateArguments {
    #[command(flatten)]
    settings: SettingsArguments,
    #[command(flatten)]
    organisation: Organisation,
    /// What you call it.
    #[arg(long)]
    name: String,
    /// A key for sandbox connections only.
    #[arg(long)]
    sandbox: bool,
    /// Only this scope (ACCOUNT); repeatable. All unless given.
    #[arg(long = "scope")]
    scopes: Vec<Scope>,
    /// Only this permission (vault:read, vault:write, profile:read, profile:write); repeatable. All unless given.
    #[arg(long = "permission")]
    permissions: Vec<Permission>,
    /// Only for this connection (conn_…); repeatable. All of its organisation's unless given.
    #[arg(long = "connection")]
    connections: Vec<ConnectionId>,
    /// From when on it is refused: RFC 3339, or a date.
    #[arg(long, value_name = "TIME")]
    expires_at: Option<Timestamp>,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

/// Runs `strongroom key`.
pub(crate) async fn run(command: KeyCommand) -> Ending {
    match command {
        KeyCommand::Create(arguments) => create(arguments).await,
        KeyCommand::List(arguments) => list(arguments).await,
        KeyCommand::Revoke(arguments) => revoke(arguments).await,
    }
}

async fn list(arguments: ListArguments) -> Ending {
    let catalog = arguments.settings.catalog().await?;
    let environment = if arguments.sandbox { Environment::Sandbox } else { Environment::Live };
    let keys = catalog.list_keys(arguments.organisation.organisation, environment, u32::MAX).await?;
    if arguments.json {
        let shown = |key: &KeptKey| {
            let KeptKey { record, created_at } = key;
            json!({
                "id": record.id, "name": record.name, "scopes": record.scopes, "permissions": record.permissions,
                "connections": record.connections, "createdAt": created_at.to_rfc3339(),
                "expiresAt": record.expires_at.map(Timestamp::to_rfc3339),
            })
        };
        output::json(&keys.iter().map(shown).collect());
    } else {
        keys.iter().for_each(|KeptKey { record, .. }| output::line(&format!("{}  {}", record.id, record.name)));
    }
    Ok(())
}

async fn revoke(arguments: RevokeArguments) -> Ending {
    let catalog = arguments.settings.catalog().await?;
    let RevokeArguments { organisation, id, .. } = arguments;
    if catalog.revoke_key(organisation.organisation, id.clone(), SystemClock.now()).await? {
        return Ok(());
    }
    Err(format!("there is no API key {id} in this organisation").into())
}

async fn create(arguments: CreateArguments) -> Ending {
    let environment = if arguments.sandbox { Environment::Sandbox } else { Environment::Live };
    let key = ApiKey::random(environment);
    let narrowed = arguments.scopes.is_empty() && arguments.permissions.is_empty();
    let record = ApiKeyRecord {
        id: KeyId::random(),
        organisation: arguments.organisation.organisation,
        environment,
        name: arguments.name,
        // Naming permissions alone makes a key for connections alone, and the other way round.
        scopes: if narrowed { Grants::<Scope>::all() } else { arguments.scopes.into_iter().collect() },
        permissions: if narrowed { Grants::<Permission>::all() } else { arguments.permissions.into_iter().collect() },
        connections: Some(arguments.connections).filter(|ids| !ids.is_empty()),
        expires_at: arguments.expires_at,
        revoked_at: None,
    };
    let catalog = arguments.settings.catalog().await?;
    let new = NewApiKey { record: record.clone(), hash: key.hash(), created_at: SystemClock.now() };
    catalog.create_key(new).await?;
    if arguments.json {
        output::json(&json!({
            "id": record.id, "key": key.reveal(), "scopes": record.scopes, "permissions": record.permissions,
        }));
    } else {
        output::line(&format!("{}\n{}\nThis is the only time the key is shown.", record.id, key.reveal()));
    }
    Ok(())
}
