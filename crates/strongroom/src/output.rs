//! Standard output and standard error: the only file that prints.

use std::io::Write as _;
use std::process::ExitCode;

use serde_json::Value;

/// A line for the user. A reader that has gone away is no error.
pub(crate) fn line(text: &str) {
    drop(writeln!(std::io::stdout().lock(), "{text}"));
}

/// The one JSON document of a command with `--json`.
pub(crate) fn json(document: &Value) {
    line(&format!("{document:#}"));
}

/// A line about how far a command is, beside what it prints.
pub(crate) fn note(text: &str) {
    drop(writeln!(std::io::stderr().lock(), "{text}"));
}

/// The reason why a command failed.
pub(crate) fn fail(reason: &str) -> ExitCode {
    drop(writeln!(std::io::stderr().lock(), "strongroom: {reason}"));
    ExitCode::FAILURE
}
