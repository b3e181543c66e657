//! The block that a try gathers before it hands it on: the network brings frames of a few KiB.

/// A block that is being filled.
pub(crate) struct Filling {
    block: Vec<u8>,
    /// When it is full.
    size: usize,
    /// What the first bytes make room for: a small part needs no large block.
    reserved: usize,
}

impl Filling {
    /// For a part of `length` bytes, in blocks of `size`.
    pub(crate) fn new(length: u64, size: usize) -> Self {
        let reserved = usize::try_from(length).map_or(size, |length| length.min(size));
        Self { block: Vec::new(), size, reserved }
    }

    /// Takes what there is room for, and answers the rest.
    pub(crate) fn gather<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        if self.block.capacity() == 0 {
            self.block.reserve_exact(self.reserved);
        }
        let room = self.size.saturating_sub(self.block.len());
        let (now, later) = bytes.split_at(room.min(bytes.len()));
        self.block.extend_from_slice(now);
        later
    }

    pub(crate) const fn is_full(&self) -> bool {
        self.block.len() == self.size
    }

    /// Hands the block over, and goes on with `next`, which is empty.
    pub(crate) fn replace(&mut self, next: Vec<u8>) -> Vec<u8> {
        std::mem::replace(&mut self.block, next)
    }
}
