//! The upload operations over HTTP, row by row of the contract.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

#[path = "../support/mod.rs"]
mod support;

mod abort;
mod access;
mod bodies;
mod check;
mod complete;
mod digests;
mod expiry;
mod ids;
mod init;
mod interrupted;
mod lengths;
mod list;
mod parts;
mod random;
mod rendering;
mod session;
mod single;
mod status;
mod whole_file_digest;
