//! A TIFF's first directory: its entries, and the numbers in them, none read before it is asked for.

use strongroom_core::media::Failure;

use crate::photo::malformed;

/// What the first directory of a TIFF says.
pub(super) struct Directory<'a> {
    file: &'a [u8],
    pub(super) order: Order,
    entries: Vec<Entry>,
}

/// Which byte of a number comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// `II`
    Little,
    /// `MM`
    Big,
}

impl Order {
    pub(super) fn short(self, bytes: [u8; 2]) -> u16 {
        if self == Self::Big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) }
    }

    pub(super) fn long(self, bytes: [u8; 4]) -> u32 {
        if self == Self::Big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
    }
}

struct Entry {
    tag: u16,
    kind: u16,
    count: u32,
    /// The value itself where it fits, otherwise where it lies.
    place: [u8; 4],
}

impl<'a> Directory<'a> {
    /// Reads the first directory. No other is looked for: further pages are not shown, and a chain of directories that
    /// bites its own tail is never walked.
    pub(super) fn first(file: &'a [u8]) -> Result<Self, Failure> {
        let cut_short = || malformed("the TIFF ends before its directory does");
        let order = if file.starts_with(b"MM") { Order::Big } else { Order::Little };
        let start = bytes_at::<4>(file, 4).map(|bytes| order.long(bytes)).ok_or_else(cut_short)?;
        let table = usize::try_from(start).ok().and_then(|start| file.get(start..)).ok_or_else(cut_short)?;
        let count = bytes_at::<2>(table, 0).map(|bytes| order.short(bytes)).ok_or_else(cut_short)?;
        let table = table.get(2..2 + usize::from(count) * 12).ok_or_else(cut_short)?;
        let entries = table
            .chunks_exact(12)
            .map(|entry| Entry {
                tag: order.short([entry[0], entry[1]]),
                kind: order.short([entry[2], entry[3]]),
                count: order.long([entry[4], entry[5], entry[6], entry[7]]),
                place: [entry[8], entry[9], entry[10], entry[11]],
            })
            .collect();
        Ok(Self { file, order, entries })
    }

    pub(super) fn file_length(&self) -> u64 {
        self.file.len() as u64
    }

    pub(super) fn has(&self, tag: u16) -> bool {
        self.entries.iter().any(|entry| entry.tag == tag)
    }

    /// The first number of a tag.
    pub(super) fn number(&self, tag: u16) -> Option<u32> {
        self.numbers(tag, 1).first().copied()
    }

    /// The first numbers of a tag, at most so many, whatever it counts itself; none if it holds no whole numbers.
    pub(super) fn numbers(&self, tag: u16, at_most: usize) -> Vec<u32> {
        let Some((kind, bytes)) = self.value(tag) else { return Vec::new() };
        let order = self.order;
        match kind {
            1 => bytes.iter().take(at_most).map(|byte| u32::from(*byte)).collect(),
            3 => bytes.chunks_exact(2).take(at_most).map(|pair| u32::from(order.short([pair[0], pair[1]]))).collect(),
            4 => bytes
                .chunks_exact(4)
                .take(at_most)
                .map(|four| order.long([four[0], four[1], four[2], four[3]]))
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The bytes of a tag that has no inner structure here.
    pub(super) fn bytes(&self, tag: u16) -> Option<&'a [u8]> {
        let entry = self.entries.iter().find(|entry| entry.tag == tag && matches!(entry.kind, 1 | 7))?;
        let (start, length) = (self.order.long(entry.place), entry.count);
        self.at(start, u64::from(length)).filter(|_| length > 4)
    }

    /// A tag's type and bytes, if all that it counts is in the file.
    fn value(&self, tag: u16) -> Option<(u16, &[u8])> {
        let entry = self.entries.iter().find(|entry| entry.tag == tag)?;
        let width = match entry.kind {
            1 => 1,
            3 => 2,
            4 => 4,
            _ => return None,
        };
        let length = u64::from(entry.count) * width;
        match usize::try_from(length) {
            Ok(inline @ 0..=4) => Some((entry.kind, &entry.place[..inline])),
            _ => self.at(self.order.long(entry.place), length).map(|bytes| (entry.kind, bytes)),
        }
    }

    /// Bytes of the file, if they are all there.
    pub(super) fn at(&self, start: u32, length: u64) -> Option<&'a [u8]> {
        let end = u64::from(start).checked_add(length)?;
        self.file.get(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
    }
}

fn bytes_at<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}
