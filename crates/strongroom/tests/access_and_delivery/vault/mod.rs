//! The vault: media as a team sees them.

mod list;
mod one;
mod original;
mod profile;
