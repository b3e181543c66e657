//! `strongroom`: the one binary.

mod backup;
mod config_check;
mod connection;
mod doctor;
mod fsck;
mod jobs;
mod key;
mod move_vault;
mod organisation;
mod output;
mod serve;
mod settings;
mod signing_key;
mod upload;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// A self-hosted media vault: resumable uploads in, safe renditions out.
#[derive(Debug, Parser)]
#[command(name = "strongroom", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answer requests, and work off jobs unless told not to.
    Serve(serve::ServeArguments),
    /// Only work off jobs, beside a `serve --no-worker` on the same data directory.
    Worker(serve::WorkerArguments),
    /// API keys.
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// Connections: the accounts that own uploads and media.
    #[command(subcommand)]
    Connection(connection::ConnectionCommand),
    /// Organisations: owners of keys and connections.
    #[command(subcommand)]
    Organisation(organisation::OrganisationCommand),
    /// Upload files, resumably.
    Upload(upload::UploadArgs),
    /// Jobs: what is waiting, running, or dead.
    #[command(subcommand)]
    Jobs(jobs::JobsCommand),
    /// The key that signs URLs.
    #[command(subcommand)]
    SigningKey(signing_key::SigningKeyCommand),
    /// Check this machine: sandbox, disk, catalog.
    Doctor(doctor::DoctorArguments),
    /// Check the vault: whether rows and bytes agree, and mend what can be mended.
    Fsck(fsck::FsckArguments),
    /// Copy the whole vault beside a server that goes on.
    Backup(backup::BackupArguments),
    /// Make a vault from a backup, in a new data directory.
    Restore(backup::RestoreArguments),
    /// Move the vault to another database, another store, or both, while it goes on serving reads.
    Move(move_vault::MoveArguments),
    /// Bring the catalog's schema up to date.
    Migrate(settings::SettingsArguments),
    /// Print the OpenAPI document.
    Openapi,
    /// The configuration.
    #[command(subcommand)]
    Config(config_check::ConfigCommand),
}

fn main() -> ExitCode {
    // The sandboxed child is this program again. It must not start a runtime, nor read the user's arguments.
    if std::env::args_os().nth(1).is_some_and(|argument| argument == "render") {
        return strongroom_render::child_main();
    }
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return output::fail(&format!("the runtime could not start: {error}")),
    };
    let code = runtime.block_on(run(arguments.command));
    // A blocking write that hangs on a dead disk must not keep the process.
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    code
}

async fn run(command: Command) -> ExitCode {
    let result = match command {
        Command::Serve(arguments) => serve::serve(arguments).await,
        Command::Worker(arguments) => serve::worker(arguments).await,
        Command::Key(command) => key::run(command).await,
        Command::Connection(command) => connection::run(command).await,
        Command::Organisation(command) => organisation::run(command).await,
        Command::Upload(arguments) => return upload::run(arguments).await,
        Command::Jobs(command) => jobs::run(command).await,
        Command::SigningKey(command) => signing_key::run(&command).await,
        Command::Backup(arguments) => return backup::backup(&arguments).await,
        Command::Restore(arguments) => return backup::restore(&arguments).await,
        Command::Fsck(arguments) => return fsck::run(&arguments).await,
        Command::Move(arguments) => return move_vault::run(&arguments).await,
        Command::Doctor(arguments) => doctor::run(&arguments).await,
        Command::Migrate(settings) => migrate(&settings).await,
        Command::Openapi => openapi(),
        Command::Config(command) => config_check::run(&command),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => output::fail(&problem.to_string()),
    }
}

/// What ends a command: shown as it is.
type Ending = Result<(), Box<dyn std::error::Error + Send + Sync>>;

async fn migrate(settings: &settings::SettingsArguments) -> Ending {
    settings.catalog().await?;
    output::line("the catalog's schema is up to date");
    Ok(())
}

fn openapi() -> Ending {
    output::line(&strongroom_server::openapi_json()?);
    Ok(())
}
