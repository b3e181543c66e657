//! What only a local disk can do wrong: permissions and links, failing syncs, full disks, and being killed.

#![allow(
    unreachable_pub,
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    clippy::disallowed_methods,
    reason = "a failing test may panic and a test may do what the store must not; the caller is shared with the conformance suite"
)]

#[path = "../conformance/caller.rs"]
mod caller;
mod crashes;
mod faults;
mod privacy;
mod reserve;
