//! The words of Strongroom and its pure rules.
//!
//! Nothing here does I/O or knows a runtime. Time and randomness are arguments: [`clock`] and [`id`]
//! are the only two places of the workspace that read the real ones.

pub mod clock;
pub mod connection;
pub mod content_digest;
pub mod digest;
pub mod id;
pub mod job;
pub mod key;
pub mod list;
pub mod media;
pub mod permission;
pub mod release_form;
pub mod rendition;
pub mod settings;
pub mod signed_url;
pub mod upload;

mod text_enum;
