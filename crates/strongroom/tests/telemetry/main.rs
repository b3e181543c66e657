//! What the server tells its operator: metrics on an address of their own, request ids, logs without secrets, and traces where
//! they are built in.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
#![allow(clippy::disallowed_methods, reason = "starts the binary that is under test")]

#[path = "../support/mod.rs"]
mod support;

mod logs;
mod metrics;
mod page;
mod process;
mod request_ids;
mod scrape;
#[cfg(feature = "otlp")]
mod traces;
mod workload;
