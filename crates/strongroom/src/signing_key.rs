//! `strongroom signing-key rotate`.

use clap::Subcommand;

use crate::settings::SettingsArguments;
use crate::{Ending, output};

/// `strongroom signing-key`.
#[derive(Debug, Subcommand)]
pub(crate) enum SigningKeyCommand {
    /// Sign new URLs with a new key. Older URLs stay good until they expire; a running server follows within one sweep.
    Rotate(SettingsArguments),
}

/// Runs `strongroom signing-key`.
pub(crate) async fn run(command: &SigningKeyCommand) -> Ending {
    let SigningKeyCommand::Rotate(settings) = command;
    let id = strongroom_server::app::rotate_signing_key(settings.path(), &settings.config()?.database).await?;
    output::line(&format!("new URLs are signed with key {id}"));
    Ok(())
}
