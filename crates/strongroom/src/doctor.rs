//! `strongroom doctor`: whether this machine can do what Strongroom promises.

use std::sync::Arc;

use clap::Args;
use serde_json::{Value, json};
use strongroom_core::clock::SystemClock;
use strongroom_server::maintenance::doctor::{Finding, Patient, Status, examine};

use crate::settings::SettingsArguments;
use crate::{Ending, output};

/// `strongroom doctor`.
#[derive(Debug, Args)]
pub(crate) struct DoctorArguments {
    #[command(flatten)]
    settings: SettingsArguments,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

/// Runs every check, and fails if one of them did.
pub(crate) async fn run(arguments: &DoctorArguments) -> Ending {
    let patient = Patient {
        data_dir: arguments.settings.path().to_owned(),
        program: std::env::current_exe()?,
        clock: Arc::new(SystemClock),
    };
    let findings = examine(&patient, arguments.settings.config()).await;
    if arguments.json {
        output::json(&findings.iter().map(view).collect());
    } else {
        findings.iter().for_each(show);
    }
    let failed = findings.iter().filter(|finding| finding.status == Status::Fail).count();
    if failed == 0 { Ok(()) } else { Err(format!("{failed} of {} checks failed", findings.len()).into()) }
}

fn view(finding: &Finding) -> Value {
    let Finding { name, status, detail, remedy } = finding;
    json!({ "name": name, "ok": *status != Status::Fail, "status": status, "detail": detail, "remedy": remedy })
}

fn show(finding: &Finding) {
    let Finding { name, status, detail, remedy } = finding;
    let word = match status {
        Status::Ok => "ok  ",
        Status::Warn => "warn",
        Status::Fail => "FAIL",
    };
    output::line(&format!("{word}  {name}: {detail}"));
    if let Some(remedy) = remedy {
        output::line(&format!("      {remedy}"));
    }
}
