//! The renderer from outside: pictures in, files out, through a real sandboxed child.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests and what they are made with")]
#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "pictures of known sizes")]

mod support;

mod animations;
mod colours;
mod documents;
mod formats;
mod hostile;
mod lossless;
mod more_photos;
mod orientation;
mod privacy;
mod sandbox;
