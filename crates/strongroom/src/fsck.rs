//! `strongroom fsck`: whether rows and bytes agree, and what can be mended.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use serde_json::json;
use strongroom_core::clock::SystemClock;
use strongroom_server::app::open_store;
use strongroom_server::maintenance::fsck::{Fault, Fsck, FsckOptions, Progress, Report};

use crate::output;
use crate::settings::SettingsArguments;

/// There are faults, mended or not.
const FAULTS_FOUND: u8 = 1;
/// It could not be checked.
const NOT_CHECKED: u8 = 2;

/// `strongroom fsck`.
#[derive(Debug, Args)]
pub(crate) struct FsckArguments {
    #[command(flatten)]
    settings: SettingsArguments,
    /// Mend what can be mended: make renditions and counters anew, delete what no row names, set foreign files aside in
    /// lost+found/, and take media out of use whose original is lost or damaged.
    #[arg(long)]
    repair: bool,
    /// Read all bytes and compare their digests. A scrub that was interrupted goes on where it was.
    #[arg(long)]
    scrub: bool,
    /// Read at most this fast.
    #[arg(long, value_name = "MB")]
    max_mb_per_second: Option<u64>,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

/// Checks a vault: status 0 where it is whole, 1 where it is not, 2 where that could not be told.
pub(crate) async fn run(arguments: &FsckArguments) -> ExitCode {
    match check(arguments).await {
        Ok(report) if report.faults.is_empty() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(FAULTS_FOUND),
        Err(problem) => {
            output::fail(&problem.to_string());
            ExitCode::from(NOT_CHECKED)
        }
    }
}

async fn check(arguments: &FsckArguments) -> Result<Report, Box<dyn std::error::Error + Send + Sync>> {
    let settings = &arguments.settings;
    let config = settings.config()?;
    let data_dir = settings.existing_path()?;
    let options = FsckOptions {
        data_dir: data_dir.to_owned(),
        repair: arguments.repair,
        scrub: arguments.scrub,
        max_bytes_per_second: arguments.max_mb_per_second.map(|rate| rate.saturating_mul(1_000_000)),
        grace: config.sweep.grace,
    };
    let (catalog, store) = (settings.catalog().await?, open_store(data_dir, &config.store).await?);
    let mut last_shown = 0;
    let fsck = Fsck::new(catalog, store, Arc::new(SystemClock), options);
    let report = fsck.run(|progress| {
        let percent = progress.shards * 100 / 256;
        if percent >= last_shown + 10 || progress.shards == 256 {
            last_shown = percent;
            show_progress(progress, percent);
        }
    });
    let report = report.await?;
    show(&report, arguments.json);
    Ok(report)
}

fn show_progress(progress: Progress, percent: u32) {
    let Progress { blobs, bytes_read, faults, .. } = progress;
    output::note(&format!("{percent:3} %: {blobs} blobs, {} MB read, {faults} faults", bytes_read / 1_000_000));
}

fn show(report: &Report, as_json: bool) {
    if as_json {
        return output::json(&json!(report));
    }
    for fault in &report.faults {
        output::line(&sentence(fault));
    }
    let repaired = report.faults.iter().filter(|fault| fault.repaired).count();
    let checked = report.checked;
    output::line(&format!(
        "{} blobs, {} renditions, {} parts of open uploads, {} files, {} connections: {} faults, {repaired} of them mended",
        checked.blobs,
        checked.renditions,
        checked.parts,
        checked.files,
        checked.connections,
        report.faults.len()
    ));
    if checked.in_quarantine > 0 {
        output::line(&format!(
            "{} blobs are in quarantine: their originals have to be sent again",
            checked.in_quarantine
        ));
    }
}

fn sentence(fault: &Fault) -> String {
    let kind = json!(fault.kind);
    let mut words = vec![kind.as_str().unwrap_or_default().to_owned()];
    words.extend(fault.connection.as_ref().map(ToString::to_string));
    words.extend(fault.blob.map(|blob| format!("blob {blob}")));
    words.extend(fault.upload.map(|upload| upload.to_string()));
    words.extend(fault.media.map(|media| format!("media {media}")));
    words.push(fault.detail.clone());
    words.extend(fault.repaired.then(|| "mended".to_owned()));
    words.join("\t")
}
