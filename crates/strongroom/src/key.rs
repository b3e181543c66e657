//! `strongroom key create`.

use clap::{Args, Subcommand};
use serde_json::json;
use strongroom_catalog::records::{ApiKeyRecord, NewApiKey};
use strongroom_core::clock::{Clock as _, SystemClock};
use strongroom_core::connection::Environment;
use strongroom_core::id::{KeyId, OrganisationId};
use strongroom_core::key::ApiKey;
use strongroom_core::permission::{Grants, Permission, Scope};
use strongroom_server::app::open_catalog;

use crate::settings::DataDir;
use crate::{Ending, output};

/// `strongroom key`.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make an API key. It is shown once.
    Create(CreateArguments),
}

/// `strongroom key create`.
#[derive(Debug, Args)]
pub(crate) struct CreateArguments {
    #[command(flatten)]
    data_dir: DataDir,
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
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

/// Runs `strongroom key`.
pub(crate) async fn run(command: KeyCommand) -> Ending {
    let KeyCommand::Create(arguments) = command;
    let environment = if arguments.sandbox { Environment::Sandbox } else { Environment::Live };
    let key = ApiKey::random(environment);
    let narrowed = arguments.scopes.is_empty() && arguments.permissions.is_empty();
    let record = ApiKeyRecord {
        id: KeyId::random(),
        organisation: OrganisationId::default_organisation(),
        environment,
        name: arguments.name,
        // Naming permissions alone makes a key for connections alone, and the other way round.
        scopes: if narrowed { Grants::<Scope>::all() } else { arguments.scopes.into_iter().collect() },
        permissions: if narrowed { Grants::<Permission>::all() } else { arguments.permissions.into_iter().collect() },
        expires_at: None,
        revoked_at: None,
    };
    let catalog = open_catalog(&arguments.data_dir.data_dir).await?;
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
