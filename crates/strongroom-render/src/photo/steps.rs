//! How long each step took and how much memory the child ever held: for the operator's log and for measurements.

use std::time::Instant;

/// A stopwatch with names.
pub(super) struct Steps {
    last: Instant,
    taken: Vec<(String, f64)>,
}

impl Steps {
    pub(super) fn start() -> Self {
        Self { last: now(), taken: Vec::new() }
    }

    /// Everything since the last call was `step`.
    pub(super) fn done(&mut self, step: &str) {
        let moment = now();
        self.taken.push((step.to_owned(), moment.duration_since(self.last).as_secs_f64() * 1000.0));
        self.last = moment;
    }

    pub(super) fn finish(self) -> Vec<(String, f64)> {
        self.taken
    }
}

#[allow(clippy::disallowed_methods, reason = "a measurement that decides nothing; the child has no clock passed in")]
fn now() -> Instant {
    Instant::now()
}

/// The largest resident set this process ever had, in KiB; 0 where the kernel will not say.
pub(super) fn peak_resident_kib() -> i64 {
    use nix::sys::resource::{UsageWho, getrusage};
    getrusage(UsageWho::RUSAGE_SELF).map_or(0, |usage| usage.max_rss())
}
