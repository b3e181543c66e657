//! Options that several commands share, and the configuration they are laid over.

use std::path::{Path, PathBuf};

use clap::Args;
use strongroom_catalog::Catalog;
use strongroom_server::app::open_catalog;
use strongroom_server::config::{Config, ConfigError, Layers};

/// Where everything lies, and where settings come from.
#[derive(Debug, Args)]
pub(crate) struct SettingsArguments {
    /// The data directory: catalog, bytes, signing keys; with a database and a store elsewhere, what renders need meanwhile.
    #[arg(long, value_name = "DIR")]
    data_dir: PathBuf,
    /// The configuration file; strongroom.toml in the data directory unless given.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The PostgreSQL database that holds the catalog: postgres://user:password@host/name. Better set as
    /// STRONGROOM_DATABASE__URL, since other users of the machine can read a command line.
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// The bucket that holds the bytes: s3://bucket/prefix.
    #[arg(long, value_name = "URL")]
    store: Option<String>,
}

impl SettingsArguments {
    /// The defaults, the file and the environment, in that order.
    pub(crate) fn layers(&self) -> Result<Layers, ConfigError> {
        let defaults = Layers::defaults()?;
        let beside_data = self.data_dir.join("strongroom.toml");
        let layers = match &self.config {
            Some(file) => defaults.with_file(file)?,
            None if beside_data.exists() => defaults.with_file(&beside_data)?,
            None => defaults,
        };
        Ok(layers
            .with_environment(environment())
            .with_option("database.url", self.database.as_deref(), "--database")
            .with_option("store.url", self.store.as_deref(), "--store"))
    }

    /// The configuration without options of the command line.
    pub(crate) fn config(&self) -> Result<Config, ConfigError> {
        Config::read(&self.layers()?)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.data_dir
    }

    /// The data directory, which has to be there: opening it would make it, and an empty vault is always whole.
    pub(crate) fn existing_path(&self) -> Result<&Path, String> {
        let path = self.path();
        if path.is_dir() { Ok(path) } else { Err(format!("{} is no data directory", path.display())) }
    }

    /// The catalog, brought up to date.
    pub(crate) async fn catalog(&self) -> Result<Catalog, Box<dyn std::error::Error + Send + Sync>> {
        Ok(open_catalog(&self.data_dir, &self.config()?.database).await?)
    }
}

/// The variables of the environment that are text.
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}
