//! Looking after a vault, beside a server that goes on: checking it and its machine, copying it, and making one from a copy.

pub mod backup;
pub(crate) mod digests;
pub mod doctor;
mod error;
pub mod fsck;
pub mod moving;
mod pace;
pub mod restore;

pub use error::MaintenanceError;
