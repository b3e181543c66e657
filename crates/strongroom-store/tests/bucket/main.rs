//! What only an object store can do wrong: refuse, stall, break off, lose its answer, and say 200 when it means 500.

#![allow(
    unreachable_pub,
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    clippy::disallowed_methods,
    reason = "a failing test may panic; the caller and the servers are shared with the conformance suite"
)]

#[path = "../conformance/caller.rs"]
mod caller;
mod memory;
mod opening;
mod outage;
mod parts;
mod proxy;
mod publishing;
mod reading;
#[path = "../servers/mod.rs"]
mod servers;
