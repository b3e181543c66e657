//! Films, animations and sounds from outside: files in, files out, through real tools in the real sandbox.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests and what they are made with")]
#![allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "numbers of known sizes")]

mod support;

mod animations;
mod careful;
mod colours;
mod early;
mod fence;
mod formats;
mod hostile;
mod poster;
mod privacy;
mod shapes;
mod sounds;
mod sync;
mod tracks;
