//! The listener, under clients that take their time, take too much, or do not speak HTTP (reliability.md T30–T39).
//!
//! These deadlines are the kernel's and tokio's, which no test can step: they are lowered to a second, and many clients wait
//! side by side.

mod bodies;
mod caps;
mod deadlines;
mod drain;
mod framing;
mod heads;

use std::time::Duration;

/// What a deadline of one second may be late by, on a machine that does other things too.
const LATE: Duration = Duration::from_millis(1500);

/// One second: the shortest deadline that can be configured.
const SECOND: Duration = Duration::from_secs(1);

/// Any request that is answered at once.
const LIVE: &str = "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n";

/// Whether something that was to happen one second after the start happened then.
#[track_caller]
fn assert_one_second(after: Duration, what: &str) {
    assert!(after + Duration::from_millis(50) >= SECOND && after < SECOND + LATE, "{what}: after {after:?}");
}
