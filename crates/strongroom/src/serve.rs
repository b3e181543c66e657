//! `strongroom serve` and `strongroom worker`.

use std::sync::Arc;

use clap::Args;
use strongroom_core::clock::SystemClock;
use strongroom_server::app::{Options, run};
use strongroom_server::config::Config;
use strongroom_server::telemetry;
use tokio::signal::unix::{SignalKind, signal};

use crate::settings::SettingsArguments;
use crate::{Ending, output};

/// `strongroom serve`.
#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    #[command(flatten)]
    process: ProcessArguments,
    /// Where to listen: address and port. Port 0 takes a free one.
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// Leave jobs to `strongroom worker`.
    #[arg(long)]
    no_worker: bool,
}

/// `strongroom worker`.
#[derive(Debug, Args)]
pub(crate) struct WorkerArguments {
    #[command(flatten)]
    process: ProcessArguments,
    /// Taken so that `serve` and `worker` can be started alike; a worker does not listen.
    #[arg(long, value_name = "ADDR", hide = true)]
    listen: Option<String>,
}

#[derive(Debug, Args)]
struct ProcessArguments {
    #[command(flatten)]
    settings: SettingsArguments,
    /// Go on where the kernel lacks a layer of the sandbox. Untrusted files are then decoded unprotected.
    #[arg(long)]
    allow_unsandboxed: bool,
}

/// Answers requests until SIGTERM or SIGINT.
pub(crate) async fn serve(arguments: ServeArguments) -> Ending {
    let layers = arguments.process.settings.layers()?;
    let layers = layers.with_option("server.listen", arguments.listen.as_deref(), "--listen");
    let config = Config::read(&layers)?;
    start(arguments.process, config, true, !arguments.no_worker).await
}

/// Works off jobs until SIGTERM or SIGINT.
pub(crate) async fn worker(arguments: WorkerArguments) -> Ending {
    let config = arguments.process.settings.config()?;
    start(arguments.process, config, false, true).await
}

async fn start(arguments: ProcessArguments, config: Config, serve: bool, work: bool) -> Ending {
    let _telemetry = telemetry::start(&config)?;
    let options = Options {
        data_dir: arguments.settings.path().to_owned(),
        config,
        serve,
        work,
        program: std::env::current_exe()?,
        allow_unsandboxed: arguments.allow_unsandboxed,
        clock: Arc::new(SystemClock),
    };
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let ready = |address| match serve {
        true => output::line(&format!("strongroom is ready at http://{address}")),
        false => output::line("strongroom worker is ready"),
    };
    let shutdown = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("draining");
    };
    Ok(run(options, ready, shutdown).await?)
}
