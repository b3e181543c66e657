//! Bytes on local disk: staging, parts, publishing, reading.
//!
//! # The contract
//!
//! A backend for another kind of storage owes the same, and is held to it by the same suite (`tests/conformance`).
//!
//! **A part.** [`Store::try_slot`], then the catalog's row, then [`Store::begin_part`], [`PartTry::write`] as the body
//! arrives, [`PartTry::finish`], then the catalog's commit, then the [`StoredPart`] is dropped.
//!
//! | the caller promises | the store owes |
//! |---|---|
//! | one process at a time writes uploads below a root | a finished part is as durable as [`Durability`] says |
//! | the row is read *after* the slot was asked for; if it says that the part is in place, the slot is given back and `begin_part` gets `None` | no try writes a byte of an acknowledged part, nor outside its own part |
//! | the [`StoredPart`] is kept until the commit has ended | no two tries ever write the same slot |
//! | a side file whose commit was refused, or whose row was replaced, is given to [`Store::discard_side`] | a try that failed or was dropped leaves nothing that counts |
//! | | memory of 512 KiB a try at most, and disk of at most the part's length |
//!
//! **The end.** [`Store::publish`] or [`Store::discard_upload`].
//!
//! | the caller promises | the store owes |
//! |---|---|
//! | rows refuse parts from before `publish` is called (`open → completing`) until it has failed | the blob has every byte as acknowledged, or is not there |
//! | the part list is the rows', and whole | O(parts), nothing in place is read; may be run again, after a crash too |
//! | the media's row is committed after `publish` returned | a try that is still running changes nothing, and fails with `Sealed` |
//! | rows that name a blob are gone before [`Store::delete_blob`] | who reads, reads on |
//!
//! A try that begins after the end (its caller read the row just before) makes files that no row will ever name: the
//! sweep finds them ([`Store::staged_uploads`]) and discards the upload again.
//!
//! Dropping any future is safe. What already runs on a thread ends there, holding what it needs.
//!
//! Why parts lie in one file, and how that stays safe, is docs/adr/0004-local-part-layout.md.

mod complete;
mod disk;
mod error;
#[doc(hidden)]
pub mod fault;
mod layout;
mod part;
mod read;
mod rendition;
mod reserve;
mod scratch;
mod session;
mod store;
mod sweep;
mod writer;

pub use disk::Durability;
pub use error::StoreError;
pub use part::{PartLocation, PartTry, StoredPart};
pub use read::BlobReader;
pub use rendition::NewRendition;
pub use scratch::Scratch;
pub use session::SlotGuard;
pub use store::Store;
pub use sweep::{StagedSide, StagedUpload, StoredBlob};
