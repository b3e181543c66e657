//! Memory that is read into, kept for the next read: a fresh block of this size costs its zeroing and a page fault for each of
//! its pages, which is as much as the read itself.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

/// How many bytes one read takes at most. A reader that stalls holds two such blocks: the one it was given, and the one after.
pub(super) const BLOCK_BYTES: usize = 128 << 10;

/// What fits into less than this is read into memory of its own: a client that stalls over a thumbnail holds no whole block.
const SMALL_BYTES: usize = 32 << 10;

/// The most blocks that wait for their next read: 4 MiB.
const MOST_FREE: usize = 32;

/// The blocks of one store. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Blocks(Arc<Mutex<Vec<Box<[u8]>>>>);

/// A block that is in use; it is free again when it is dropped.
pub(super) struct Block {
    memory: Box<[u8]>,
    length: usize,
    home: Option<Blocks>,
}

impl fmt::Debug for Blocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Blocks")
    }
}

impl Blocks {
    /// A block for `length` bytes, at most [`BLOCK_BYTES`].
    pub(super) fn take(&self, length: usize) -> Block {
        if length < SMALL_BYTES {
            return Block { memory: vec![0; length].into(), length, home: None };
        }
        let free = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let memory = free.unwrap_or_else(|| vec![0; BLOCK_BYTES].into());
        Block { length: length.min(memory.len()), memory, home: Some(self.clone()) }
    }
}

impl Block {
    /// Its bytes, to be read into.
    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.memory[..self.length]
    }

    /// Its first `length` bytes, as a body wants them.
    pub(super) fn into_bytes(mut self, length: usize) -> Bytes {
        self.length = self.length.min(length);
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Block {
    fn as_ref(&self) -> &[u8] {
        &self.memory[..self.length]
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        let Some(home) = &self.home else { return };
        let mut free = home.0.lock().unwrap_or_else(PoisonError::into_inner);
        if free.len() < MOST_FREE {
            free.push(std::mem::take(&mut self.memory));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_comes_back_once_the_last_of_its_bytes_is_dropped() {
        let blocks = Blocks::default();
        let mut block = blocks.take(SMALL_BYTES);
        block.bytes_mut().fill(7);
        let bytes = block.into_bytes(5);
        let slice = bytes.slice(1..3);
        drop(bytes);
        assert_eq!((slice.as_ref(), blocks.0.lock().unwrap().len()), (&[7, 7][..], 0));
        drop(slice);
        assert_eq!(blocks.0.lock().unwrap().len(), 1);
        assert_eq!(blocks.take(BLOCK_BYTES).as_ref().len(), BLOCK_BYTES);
        drop(blocks.take(1));
        assert_eq!(blocks.0.lock().unwrap().len(), 1, "a small one is not kept");
    }
}
