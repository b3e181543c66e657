//! `strongroom backup` and `strongroom restore`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use serde_json::json;
use strongroom_core::clock::SystemClock;
use strongroom_server::app::{catalog_path, open_store};
use strongroom_server::maintenance::backup::{Backup, BackupOptions, BackupReport};
use strongroom_server::maintenance::restore::{Restore, RestoreOptions, RestoreReport};

use crate::output;
use crate::settings::SettingsArguments;

/// It is done, and something is missing that was missing before.
const WITH_LOSSES: u8 = 1;
/// It could not be done.
const NOT_DONE: u8 = 2;

type Done<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// `strongroom backup`.
#[derive(Debug, Args)]
pub(crate) struct BackupArguments {
    /// Where the copy goes: a directory, which later backups add to. On the file system of the data directory, originals are
    /// linked and cost nothing; that protects against mistakes, and not against a broken disk.
    #[arg(value_name = "DIR")]
    to: PathBuf,
    #[command(flatten)]
    settings: SettingsArguments,
    /// How many snapshots stay.
    #[arg(long, default_value_t = 7, value_name = "NUMBER")]
    keep: usize,
    /// Read at most this fast.
    #[arg(long, value_name = "MB")]
    max_mb_per_second: Option<u64>,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

/// `strongroom restore`.
#[derive(Debug, Args)]
pub(crate) struct RestoreArguments {
    /// The backup's directory.
    #[arg(value_name = "DIR")]
    from: PathBuf,
    #[command(flatten)]
    settings: SettingsArguments,
    /// Which snapshot, by its name; the newest unless given.
    #[arg(long, value_name = "NAME")]
    snapshot: Option<String>,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

/// Takes a backup: status 0, or 1 where originals are missing in the vault itself, or 2 where it could not be taken.
pub(crate) async fn backup(arguments: &BackupArguments) -> ExitCode {
    ended(take(arguments).await.map(|report| report.missing.is_empty()))
}

/// Restores a backup: status 0, or 1 where originals are missing in it, or 2 where it could not be restored.
pub(crate) async fn restore(arguments: &RestoreArguments) -> ExitCode {
    ended(put_back(arguments).await.map(|report| report.check.faults.iter().all(|fault| !fault.kind.is_loss())))
}

fn ended(result: Done<bool>) -> ExitCode {
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(WITH_LOSSES),
        Err(problem) => {
            output::fail(&problem.to_string());
            ExitCode::from(NOT_DONE)
        }
    }
}

async fn take(arguments: &BackupArguments) -> Done<BackupReport> {
    let settings = &arguments.settings;
    let config = settings.config()?;
    let data_dir = settings.existing_path()?;
    let options = BackupOptions {
        data_dir: data_dir.to_owned(),
        database_url: config.database.direct_url().map(str::to_owned),
        to: arguments.to.clone(),
        keep: arguments.keep.max(1),
        max_bytes_per_second: arguments.max_mb_per_second.map(|rate| rate.saturating_mul(1_000_000)),
    };
    let (catalog, store) = (settings.catalog().await?, open_store(data_dir, &config.store).await?);
    let backup = Backup::new(catalog, store, Arc::new(SystemClock), options);
    let progress = |shards: u32, files: u64| {
        if shards.is_multiple_of(32) {
            output::note(&format!("{:3} %: {files} files", shards * 100 / 256));
        }
    };
    let report = backup.run(progress).await?;
    if arguments.json {
        output::json(&json!(report));
    } else {
        let BackupReport { snapshot, files, bytes, linked, copied, reused, .. } = &report;
        let megabytes = bytes / 1_000_000;
        output::line(&format!(
            "snapshot {snapshot}: {files} files, {megabytes} MB; {linked} linked, {copied} copied, {reused} were there"
        ));
        for missing in &report.missing {
            output::line(&format!("missing\t{}\tblob {}\t{}", missing.connection, missing.blob, missing.detail));
        }
    }
    Ok(report)
}

async fn put_back(arguments: &RestoreArguments) -> Done<RestoreReport> {
    let settings = &arguments.settings;
    let config = settings.config()?;
    let options = RestoreOptions {
        from: arguments.from.clone(),
        snapshot: arguments.snapshot.clone(),
        data_dir: settings.path().to_owned(),
        database_url: config.database.direct_url().map(str::to_owned),
        catalog: catalog_path(settings.path()),
    };
    let mut restore = Restore::begin(options)?;
    let store = open_store(settings.path(), &config.store).await?;
    restore.bytes(&store, |files| output::note(&format!("{files} files"))).await?;
    restore.rows().await?;
    // Only now: opening it before would have made a new one.
    let catalog = settings.catalog().await?;
    let report = restore.end(catalog, store, Arc::new(SystemClock), config.sweep.grace).await?;
    if arguments.json {
        output::json(&json!(report));
    } else {
        let RestoreReport { snapshot, files, bytes, purged_meanwhile, parts_forgotten, check } = &report;
        output::line(&format!("snapshot {snapshot} is restored: {files} files, {} MB", bytes / 1_000_000));
        output::line(&format!("{purged_meanwhile} blobs had been purged while it was taken"));
        output::line(&format!("{parts_forgotten} parts of open uploads are to be sent again"));
        output::line(&format!("the check found {} faults; run `strongroom fsck` for what is left", check.faults.len()));
    }
    Ok(report)
}
