//! Probe, decode, resize, encode: what is done with untrusted media, and the fence around it.
//!
//! This is the only crate that links codecs or starts processes. It is both sides of one door:
//!
//! - [`Renderer`], in the server, starts a child (our own binary with the hidden subcommand `render`), hands it one
//!   order, waits with a wall clock and judges the answer. It trusts nothing the child says about files.
//! - [`child_main`], in the child, locks itself in (`sandbox`) before it reads a byte of the media, then takes the
//!   photo apart, checks it against [`Limits`], decodes once and makes every rendition (`photo`). For films and sound it
//!   becomes ffmpeg behind the same fence (`film`); animations it unrolls itself (`animation`). A PDF's first page is drawn
//!   by pdftoppm behind it too, and is a photo then (`page`).
//!
//! Why a child at all, what each layer of the sandbox is for, and what was not done: docs/adr/0008-sandbox.md. Films: docs/adr/0009-film.md.

mod animation;
mod child;
mod coded;
mod door;
mod film;
mod limits;
mod order;
mod page;
mod photo;
mod renderer;
mod sandbox;
mod still;

pub use child::child_main;
pub use film::{FilmDone, FilmFacts, FilmStep, ToolReport};
pub use limits::{Care, FilmLimits, Limits};
pub use order::{Attempt, Layer, SelfTest};
pub use renderer::{RenderError, Rendered, RenderedFile, Renderer, SandboxUnavailable};
pub use sandbox::Sandbox;
