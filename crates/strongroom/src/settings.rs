//! Options that several commands share, and the configuration they are laid over.

use std::path::{Path, PathBuf};

use clap::Args;
use strongroom_server::config::{Config, ConfigError, Layers};

/// Where everything lies.
#[derive(Debug, Args)]
pub(crate) struct DataDir {
    /// The data directory: catalog, bytes, signing keys.
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: PathBuf,
}

/// Where settings come from.
#[derive(Debug, Args)]
pub(crate) struct SettingsArguments {
    #[command(flatten)]
    pub(crate) data_dir: DataDir,
    /// The configuration file; strongroom.toml in the data directory unless given.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

impl SettingsArguments {
    /// The defaults, the file and the environment, in that order.
    pub(crate) fn layers(&self) -> Result<Layers, ConfigError> {
        let defaults = Layers::defaults()?;
        let beside_data = self.data_dir.data_dir.join("strongroom.toml");
        let layers = match &self.config {
            Some(file) => defaults.with_file(file)?,
            None if beside_data.exists() => defaults.with_file(&beside_data)?,
            None => defaults,
        };
        Ok(layers.with_environment(environment()))
    }

    /// The configuration without options of the command line.
    pub(crate) fn config(&self) -> Result<Config, ConfigError> {
        Config::read(&self.layers()?)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.data_dir.data_dir
    }
}

/// The variables of the environment that are text.
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}
