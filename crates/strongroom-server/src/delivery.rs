//! Serving bytes: signed URLs, conditional requests, ranges.

pub(crate) mod consent;
pub(crate) mod disposition;
pub(crate) mod entity;
mod key_file;
pub(crate) mod keys;
mod ranges;
pub(crate) mod urls;
