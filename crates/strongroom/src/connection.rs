//! `strongroom connection`: what an operator does with connections beside a running server.

use clap::{Args, Subcommand};
use serde_json::json;
use strongroom_catalog::records::NewConnection;
use strongroom_core::clock::{Clock as _, SystemClock};
use strongroom_core::connection::{ConnectionStatus, Environment};
use strongroom_core::id::ConnectionId;
use strongroom_core::permission::{Grants, Permission};

use crate::organisation::Organisation;
use crate::settings::SettingsArguments;
use crate::{Ending, output};

/// `strongroom connection`.
#[derive(Debug, Subcommand)]
pub(crate) enum ConnectionCommand {
    /// Make a connection.
    Create(CreateArguments),
    /// Let nobody use a connection. What it holds is kept.
    Invalidate(OneArguments),
    /// Let a connection be used again.
    Activate(OneArguments),
    /// Delete a connection and all that it holds. It is unknown at once; a running server purges its bytes.
    Delete(OneArguments),
}

/// Commands on one connection.
#[derive(Debug, Args)]
pub(crate) struct OneArguments {
    #[command(flatten)]
    settings: SettingsArguments,
    /// Which one: conn_…
    id: ConnectionId,
}

/// `strongroom connection create`.
#[derive(Debug, Args)]
pub(crate) struct CreateArguments {
    #[command(flatten)]
    settings: SettingsArguments,
    #[command(flatten)]
    organisation: Organisation,
    /// The name shown to people.
    #[arg(long)]
    name: String,
    /// The account's name.
    #[arg(long)]
    username: String,
    /// Where its picture is.
    #[arg(long, value_name = "URL")]
    avatar: Option<String>,
    /// A connection for sandbox keys only.
    #[arg(long)]
    sandbox: bool,
    /// Only this permission; repeatable. All unless given.
    #[arg(long = "permission")]
    permissions: Vec<Permission>,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

/// Runs `strongroom connection`.
pub(crate) async fn run(command: ConnectionCommand) -> Ending {
    match command {
        ConnectionCommand::Create(arguments) => create(arguments).await,
        ConnectionCommand::Invalidate(arguments) => set_status(arguments, ConnectionStatus::Expired).await,
        ConnectionCommand::Activate(arguments) => set_status(arguments, ConnectionStatus::Active).await,
        ConnectionCommand::Delete(arguments) => delete(arguments).await,
    }
}

async fn set_status(arguments: OneArguments, status: ConnectionStatus) -> Ending {
    let catalog = arguments.settings.catalog().await?;
    let id = arguments.id;
    if catalog.connection(id.clone()).await?.is_none() {
        return Err(format!("there is no connection {id}").into());
    }
    Ok(catalog.set_connection_status(id, status, SystemClock.now()).await?)
}

async fn delete(arguments: OneArguments) -> Ending {
    let catalog = arguments.settings.catalog().await?;
    if catalog.delete_connection(arguments.id.clone(), SystemClock.now()).await? {
        return Ok(());
    }
    Err(format!("there is no connection {}", arguments.id).into())
}

async fn create(arguments: CreateArguments) -> Ending {
    let all = arguments.permissions.is_empty();
    let connection = NewConnection {
        id: ConnectionId::random(),
        organisation: arguments.organisation.organisation,
        environment: if arguments.sandbox { Environment::Sandbox } else { Environment::Live },
        status: ConnectionStatus::Active,
        name: arguments.name,
        username: arguments.username,
        avatar: arguments.avatar,
        permissions: if all { Grants::<Permission>::all() } else { arguments.permissions.into_iter().collect() },
        client_reference_id: None,
        created_at: SystemClock.now(),
    };
    let catalog = arguments.settings.catalog().await?;
    catalog.create_connection(connection.clone()).await?;
    if arguments.json {
        output::json(&json!({
            "id": connection.id, "name": connection.name, "username": connection.username,
            "status": connection.status, "permissions": connection.permissions,
        }));
    } else {
        output::line(connection.id.as_str());
    }
    Ok(())
}
