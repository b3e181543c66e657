//! What the server answers to whom: access, the vault, delivery, and the listener under clients that mean no good.
//!
//! Here and not in `strongroom-server`, since the sandboxed child that renders photos is this crate's binary.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../support/mod.rs"]
mod support;

mod access;
mod account;
mod by_hand;
mod command_line;
mod cors;
mod delivery;
mod listener;
mod problem;
mod rate_limits;
mod shelf;
mod socket;
mod vault;
mod vault_plus;
