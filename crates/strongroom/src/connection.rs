//! `strongroom connection create`.

use clap::{Args, Subcommand};
use serde_json::json;
use strongroom_catalog::records::Connection;
use strongroom_core::clock::{Clock as _, SystemClock};
use strongroom_core::connection::{ConnectionStatus, Environment};
use strongroom_core::id::{ConnectionId, OrganisationId};
use strongroom_core::permission::{Grants, Permission};
use strongroom_server::app::open_catalog;

use crate::settings::DataDir;
use crate::{Ending, output};

/// `strongroom connection`.
#[derive(Debug, Subcommand)]
pub(crate) enum ConnectionCommand {
    /// Make a connection.
    Create(CreateArguments),
}

/// `strongroom connection create`.
#[derive(Debug, Args)]
pub(crate) struct CreateArguments {
    #[command(flatten)]
    data_dir: DataDir,
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
    let ConnectionCommand::Create(arguments) = command;
    let all = arguments.permissions.is_empty();
    let connection = Connection {
        id: ConnectionId::random(),
        organisation: OrganisationId::default_organisation(),
        environment: if arguments.sandbox { Environment::Sandbox } else { Environment::Live },
        status: ConnectionStatus::Active,
        name: arguments.name,
        username: arguments.username,
        avatar: arguments.avatar,
        permissions: if all { Grants::<Permission>::all() } else { arguments.permissions.into_iter().collect() },
        created_at: SystemClock.now(),
    };
    let catalog = open_catalog(&arguments.data_dir.data_dir).await?;
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
