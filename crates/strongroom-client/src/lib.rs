//! The resumable uploader: what `strongroom upload` is made of, as a library.
//!
//! [`Uploader::upload`] sends one file in parallel parts and answers with its [`Media`]. Every call is retried with
//! jitter; a [`Journal`] remembers the session, so a later run sends only what the server does not have yet; at the
//! end the server's digest of the whole file is compared with our own.

mod body;
mod calls;
mod client;
mod content_type;
mod direct;
mod error;
mod journal;
mod media;
mod plan;
mod progress;
mod retry;
mod session;
mod source;
mod transfer;
mod uploader;
mod wire;

pub use client::{ApiKey, Client, ClientOptions};
pub use content_type::guess_content_type;
pub use error::{Error, Refusal};
pub use journal::Journal;
pub use media::Media;
pub use progress::{Event, NoProgress, Progress, Stage};
pub use retry::RetryPolicy;
pub use source::check_file;
pub use uploader::{UploadOptions, Uploaded, Uploader, Wait};
