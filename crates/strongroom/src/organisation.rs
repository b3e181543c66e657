//! `strongroom organisation`: owners of keys and connections, who know nothing of one another.

use clap::{Args, Subcommand};
use serde_json::json;
use strongroom_core::clock::{Clock as _, SystemClock};
use strongroom_core::id::OrganisationId;

use crate::settings::SettingsArguments;
use crate::{Ending, output};

/// Whose key or connection.
#[derive(Debug, Args)]
pub(crate) struct Organisation {
    /// The organisation, org_…; the one that every installation starts with unless given.
    #[arg(long, value_name = "ID", default_value_t = OrganisationId::default_organisation(), hide_default_value = true)]
    pub(crate) organisation: OrganisationId,
}

/// `strongroom organisation`.
#[derive(Debug, Subcommand)]
pub(crate) enum OrganisationCommand {
    /// Make an organisation.
    Create(CreateArguments),
}

/// `strongroom organisation create`.
#[derive(Debug, Args)]
pub(crate) struct CreateArguments {
    #[command(flatten)]
    settings: SettingsArguments,
    /// What you call it.
    #[arg(long)]
    name: String,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

/// Runs `strongroom organisation`.
pub(crate) async fn run(command: OrganisationCommand) -> Ending {
    let OrganisationCommand::Create(CreateArguments { settings, name, json }) = command;
    let (id, catalog) = (OrganisationId::random(), settings.catalog().await?);
    catalog.create_organisation(id.clone(), name.clone(), SystemClock.now()).await?;
    if json {
        output::json(&json!({ "id": id, "name": name }));
    } else {
        output::line(id.as_str());
    }
    Ok(())
}
