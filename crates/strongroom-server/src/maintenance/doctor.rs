//! `strongroom doctor`: whether this machine can do what Strongroom promises, and what to do where it cannot.

mod disk;
mod programs;
mod services;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use strongroom_core::clock::Clock;

use crate::config::{Config, ConfigError};

/// One thing that was looked at.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub name: &'static str,
    /// How it is.
    pub status: Status,
    /// What was seen.
    pub detail: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// How a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// As it should be.
    Ok,
    /// It works, and something about it should be known.
    Warn,
    /// A promise cannot be held.
    Fail,
}

impl Finding {
    fn ok(name: &'static str, detail: impl Into<String>) -> Self {
        Self { name, status: Status::Ok, detail: detail.into(), remedy: None }
    }

    fn warn(name: &'static str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { name, status: Status::Warn, detail: detail.into(), remedy: Some(remedy.into()) }
    }

    fn fail(name: &'static str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { name, status: Status::Fail, detail: detail.into(), remedy: Some(remedy.into()) }
    }

    /// Good where `is_good`, and else a failure that `remedy` mends.
    fn judge(name: &'static str, is_good: bool, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        if is_good { Self::ok(name, detail) } else { Self::fail(name, detail, remedy) }
    }
}

/// What the doctor looks at.
pub struct Patient {
    /// The data directory. Made, where it is not there.
    pub data_dir: PathBuf,
    /// The program that is run again as the sandboxed child.
    pub program: PathBuf,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

/// Looks at everything. Where the configuration is wrong that is all that is said: the rest depends on it.
pub async fn examine(patient: &Patient, config: Result<Config, ConfigError>) -> Vec<Finding> {
    let config = match config {
        Ok(config) => config,
        Err(error) => {
            let remedy = "mend these keys; `strongroom config default` says what each may be";
            return vec![Finding::fail("configuration", error.to_string(), remedy)];
        }
    };
    let mut findings = vec![Finding::ok("configuration", "every key is known and of its form")];
    findings.extend(disk::examine(&patient.data_dir, &config));
    findings.extend(services::database(&patient.data_dir, &config, patient.clock.now()).await);
    findings.push(services::store(&patient.data_dir, &config).await);
    findings.push(services::port(&config));
    findings.push(services::open_files(&config));
    findings.extend(programs::examine(patient, &config).await);
    findings
}

impl std::fmt::Debug for Patient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Patient({})", self.data_dir.display())
    }
}

fn shown(path: &Path) -> std::path::Display<'_> {
    path.display()
}
