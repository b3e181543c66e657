//! `strongroom jobs`.

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use strongroom_catalog::records::JobRecord;
use strongroom_core::clock::{Clock as _, SystemClock};
use strongroom_core::job::JobState;

use crate::settings::SettingsArguments;
use crate::{Ending, output};

/// `strongroom jobs`.
#[derive(Debug, Subcommand)]
pub(crate) enum JobsCommand {
    /// Show the newest jobs, dead ones first.
    List(ListArguments),
    /// Give dead jobs their attempts back.
    Retry(RetryArguments),
}

/// `strongroom jobs list`.
#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    #[command(flatten)]
    settings: SettingsArguments,
    /// How many at most.
    #[arg(long, default_value_t = 50)]
    limit: u32,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

/// `strongroom jobs retry`.
#[derive(Debug, Args)]
pub(crate) struct RetryArguments {
    #[command(flatten)]
    settings: SettingsArguments,
    /// Which jobs; all dead ones unless given.
    ids: Vec<i64>,
}

/// Runs `strongroom jobs`.
pub(crate) async fn run(command: JobsCommand) -> Ending {
    match command {
        JobsCommand::List(arguments) => list(arguments).await,
        JobsCommand::Retry(arguments) => retry(arguments).await,
    }
}

async fn list(arguments: ListArguments) -> Ending {
    let catalog = arguments.settings.catalog().await?;
    let jobs = catalog.list_jobs(arguments.limit).await?;
    if arguments.json {
        output::json(&jobs.iter().map(view).collect::<Value>());
    } else {
        jobs.iter().for_each(|job| output::line(&row(job)));
    }
    Ok(())
}

async fn retry(arguments: RetryArguments) -> Ending {
    let catalog = arguments.settings.catalog().await?;
    let ids = if arguments.ids.is_empty() {
        let jobs = catalog.list_jobs(u32::MAX).await?;
        jobs.iter().filter(|job| job.state == JobState::Dead).map(|job| job.id).collect()
    } else {
        arguments.ids
    };
    for id in ids {
        let revived = catalog.revive_job(id, SystemClock.now()).await?;
        output::line(&format!("{id} {}", if revived { "will run again" } else { "is not dead" }));
    }
    Ok(())
}

fn view(job: &JobRecord) -> Value {
    json!({
        "id": job.id, "kind": job.kind, "state": job.state, "connection": job.connection, "blob": job.blob,
        "attempts": job.attempts, "lastError": job.last_error,
        "runAt": job.run_at.to_rfc3339(), "updatedAt": job.updated_at.to_rfc3339(),
    })
}

fn row(job: &JobRecord) -> String {
    let error = job.last_error.as_deref().unwrap_or_default();
    format!(
        "{}\t{}\t{}\tattempts {}\t{}\t{error}",
        job.id,
        job.state,
        job.kind,
        job.attempts,
        job.updated_at.to_rfc3339()
    )
}
