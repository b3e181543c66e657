//! The store in a bucket of an S3 server: parts of a multipart upload, streamed as they arrive.
//!
//! Why it is as it is, and which servers' ways it respects, is docs/adr/0015-s3-store.md.

mod address;
mod blocks;
mod client;
mod copy_part;
mod credentials;
mod download;
mod failure;
mod multipart;
mod objects;
mod options;
mod part_try;
mod presign;
mod publish;
mod read;
mod rendition;
mod sending;
mod signature;
mod store;
mod sweep;
mod tag;

pub use options::BucketOptions;
pub(crate) use part_try::BucketTry;
pub(crate) use read::BucketReader;
pub(crate) use store::BucketStore;
