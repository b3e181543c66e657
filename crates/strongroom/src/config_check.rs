//! `strongroom config`.

use clap::Subcommand;
use strongroom_server::config::DEFAULT_TOML;

use crate::settings::SettingsArguments;
use crate::{Ending, output};

/// `strongroom config`.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Check the configuration file and the environment.
    Check(SettingsArguments),
    /// Print every option with its default and what it means.
    Default,
}

/// Runs `strongroom config`.
pub(crate) fn run(command: &ConfigCommand) -> Ending {
    match command {
        ConfigCommand::Check(settings) => {
            settings.config()?;
            output::line("the configuration is good");
        }
        ConfigCommand::Default => output::line(DEFAULT_TOML.trim_end()),
    }
    Ok(())
}
