//! Children that did not end by themselves, counted by what ended them.

use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

use tokio::time::error::Elapsed;

use super::DoorError;

/// Counts a child that was talked to until it ended, or was ended.
pub(super) fn count<T>(talked: &Result<Result<T, DoorError>, Elapsed>, status: ExitStatus) {
    let reason = match (talked, status.signal()) {
        (Err(_), _) => "wall_clock",
        (Ok(Err(DoorError::Silent)), _) => "silence",
        (Ok(Err(DoorError::Chatter)), _) => "chatter",
        (_, Some(libc::SIGXCPU)) => "cpu_time",
        (_, Some(libc::SIGXFSZ)) => "file_size",
        (_, Some(_)) => "signal",
        (_, None) => return,
    };
    add(reason);
}

/// Counts a child that nobody waited for any more.
pub(super) fn count_abandoned() {
    add("abandoned");
}

fn add(reason: &'static str) {
    metrics::counter!("strongroom_child_kills_total", "reason" => reason).increment(1);
}
