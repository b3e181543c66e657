//! The store on a local disk: one file an upload, every part at its offset.

mod blocks;
mod complete;
mod disk;
mod inventory;
mod layout;
mod part_try;
mod read;
mod rendition;
mod reserve;
mod session;
mod store;
mod sweep;
mod together;
mod writer;

pub use disk::Durability;
pub(crate) use part_try::LocalTry;
pub(crate) use read::LocalReader;
pub(crate) use session::LocalSlot;
pub(crate) use store::LocalStore;
