//! Work that follows from what clients did: rendering, and clearing up.

mod admission;
mod beginning;
mod digests;
mod drain;
mod film;
mod sweeper;
mod wake;
mod worker;

pub(crate) use admission::Admission;
pub(crate) use drain::Drain;
pub(crate) use sweeper::Sweeper;
pub(crate) use wake::Wake;
pub(crate) use worker::Worker;
