//! Bytes on local disk or in a bucket of an S3 server: staging, parts, publishing, reading.
//!
//! # The contract
//!
//! Every backend owes the same, and is held to it by the same suite (`tests/conformance`). A bucket is *shared*
//! ([`Store::is_shared`]): many processes write it at once, so some of what a local store keeps in memory is kept in the
//! caller's catalog.
//!
//! **A part.** [`Store::try_slot`], then the catalog's row, then [`Store::begin_part`], [`PartTry::write`] as the body
//! arrives, [`PartTry::finish`], then the catalog's commit, then the [`StoredPart`] is dropped.
//!
//! | the caller promises | the store owes |
//! |---|---|
//! | one process at a time writes uploads below a local root | a finished part is as durable as [`Durability`] says, or as the object store is |
//! | the row is read *after* the slot was asked for; if it says that the part is in place, the slot is given back and `begin_part` gets `None` | no try writes a byte of an acknowledged part, nor outside its own part |
//! | the [`StoredPart`] is kept until the commit has ended | no two tries ever write the same slot |
//! | a side file whose commit was refused, or whose row was replaced, is given to [`Store::discard_side`] | a try that failed or was dropped leaves nothing that counts |
//! | | memory of a MiB a try at most; on a local disk, room of at most the part's length |
//!
//! Of a shared store the caller promises more: it **claims** a slot in its catalog before it asks for it, once; it gives the
//! claim back only where [`Landing::may_have_landed`] says no, when the try has ended; it keeps what
//! [`Store::begin_multipart`] returned with the upload, for one of several parts, and [`PartLocation::Tagged`] with the part.
//!
//! | a part is | on a local disk | in a bucket |
//! |---|---|---|
//! | [`PartLocation::InPlace`] | at its offset in the upload's staging file | the upload's staging object, of an upload of one part |
//! | [`PartLocation::Tagged`] | never | in the multipart upload, under its own number |
//! | [`PartLocation::Side`] | a file of its own | an object of its own |
//!
//! **The end.** [`Store::publish`] or [`Store::discard_upload`].
//!
//! | the caller promises | the store owes |
//! |---|---|
//! | rows refuse parts from before `publish` is called (`open → completing`) until it has failed | the blob has every byte as acknowledged, or is not there |
//! | the part list is the rows', and whole | O(parts), nothing in place is read; may be run again, after a crash too, and on another node at the same time |
//! | the media's row is committed after `publish` returned | a try that is still running changes nothing; on a local disk it fails with `Sealed` |
//! | rows that name a blob are gone before [`Store::delete_blob`] | on a local disk, who reads, reads on |
//!
//! A try that begins after the end (its caller read the row just before), and in a bucket one that was running at the end, makes
//! files that no row will ever name: the sweep finds them ([`Store::staged_uploads`], [`Store::multiparts`]) and discards the
//! upload again.
//!
//! **A whole file.** [`Store::begin_whole`], [`WholeTry::write`], [`WholeTry::finish`], then the commit of the row that names the
//! blob. No slot, no session: every try has a key of its own, and one whose row is refused is given to [`Store::delete_blob`].
//!
//! **A bucket may not answer.** Then it is [`StoreError::Busy`], and nobody knows whether what was asked for has happened.
//! Small requests have been tried again by then, for [`BucketOptions::retry_for`]; a part has not, since its bytes are the
//! client's. Every operation may be run again, and no wait is longer than its timeouts.
//!
//! Two workers of different nodes that render the same blob do not see each other's scratch directories; whoever publishes last
//! has published, and the catalog decides whose row counts.
//!
//! Dropping any future is safe. What already runs on a thread ends there, holding what it needs.
//!
//! Why parts lie in one file, and how that stays safe, is docs/adr/0004-local-part-layout.md; how they lie in a bucket is
//! docs/adr/0015-s3-store.md.

mod blocking;
mod bucket;
mod complete;
mod directory;
mod error;
#[doc(hidden)]
pub mod fault;
mod filling;
mod inventory;
mod local;
mod multipart;
mod names;
mod part;
mod read;
mod rendition;
mod scratch;
mod slot;
mod store;
mod sweep;
mod whole;

pub use bucket::BucketOptions;
pub use error::StoreError;
pub use inventory::{StoredFile, StoredName};
pub use local::Durability;
pub use multipart::StagedMultipart;
pub use part::{Landing, PartLocation, PartTry, StoredPart};
pub use read::{BlobReader, Piece};
pub use rendition::NewRendition;
pub use scratch::Scratch;
pub use slot::SlotGuard;
pub use store::Store;
pub use sweep::{StagedSide, StagedUpload, StoredBlob};
pub use whole::{WholeFile, WholeTry};
