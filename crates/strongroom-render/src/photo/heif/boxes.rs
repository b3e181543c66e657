//! Boxes (ISO/IEC 14496-12, §4.2) and the numbers in them, none of them believed beyond the bytes there are.

use strongroom_core::media::Failure;

use crate::photo::malformed;

/// A box: its kind and its content.
#[derive(Clone, Copy)]
pub(super) struct Box<'a> {
    pub(super) kind: [u8; 4],
    pub(super) body: &'a [u8],
}

/// The boxes in these bytes, as far as they are whole.
pub(super) struct Boxes<'a>(pub(super) &'a [u8]);

impl<'a> Iterator for Boxes<'a> {
    type Item = Box<'a>;

    fn next(&mut self) -> Option<Box<'a>> {
        let bytes = self.0;
        let kind = *bytes.get(4..)?.first_chunk()?;
        let (start, length) = match u32::from_be_bytes(*bytes.first_chunk()?) {
            // To the end.
            0 => (8, bytes.len()),
            1 => (16, usize::try_from(u64::from_be_bytes(*bytes.get(8..)?.first_chunk()?)).ok()?),
            length => (8, usize::try_from(length).ok()?),
        };
        let body = bytes.get(start..length)?;
        self.0 = &bytes[length..];
        Some(Box { kind, body })
    }
}

/// The first box of a kind.
pub(super) fn find<'a>(bytes: &'a [u8], kind: &[u8; 4]) -> Option<&'a [u8]> {
    Boxes(bytes).find(|found| found.kind == *kind).map(|found| found.body)
}

/// Reads numbers one after another; running out of bytes is the file's fault.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], Failure> {
        let (taken, rest) =
            self.0.split_at_checked(length).ok_or_else(|| malformed("a box of the file ends too early"))?;
        self.0 = rest;
        Ok(taken)
    }

    /// A big-endian number of up to eight bytes; of none, it is zero.
    pub(super) fn number(&mut self, width: usize) -> Result<u64, Failure> {
        Ok(self.take(width)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    pub(super) fn byte(&mut self) -> Result<u8, Failure> {
        Ok(self.take(1)?[0])
    }

    pub(super) fn short(&mut self) -> Result<u16, Failure> {
        let bytes = self.take(2)?;
        Ok(u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    pub(super) fn long(&mut self) -> Result<u32, Failure> {
        let bytes = self.take(4)?;
        Ok(u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    /// A short, or a long in the newer versions of a box.
    pub(super) fn id(&mut self, is_long: bool) -> Result<u32, Failure> {
        if is_long { self.long() } else { self.short().map(u32::from) }
    }

    /// The version and flags that a full box begins with.
    pub(super) fn version(&mut self) -> Result<(u8, u32), Failure> {
        let word = self.long()?;
        Ok((word.to_be_bytes()[0], word & 0x00ff_ffff))
    }
}
