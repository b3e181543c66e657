//! `strongroom signing-key rotate`.

use clap::Subcommand;

use crate::settings::DataDir;
use crate::{Ending, output};

/// `strongroom signing-key`.
#[derive(Debug, Subcommand)]
pub(crate) enum SigningKeyCommand {
    /// Sign new URLs with a new key. Older URLs stay good until they expire; a running server follows within one sweep.
    Rotate(DataDir),
}

/// Runs `strongroom signing-key`.
pub(crate) fn run(command: &SigningKeyCommand) -> Ending {
    let SigningKeyCommand::Rotate(data_dir) = command;
    let id = strongroom_server::app::rotate_signing_key(&data_dir.data_dir)?;
    output::line(&format!("new URLs are signed with key {id}"));
    Ok(())
}
