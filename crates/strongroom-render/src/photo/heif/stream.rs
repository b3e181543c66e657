//! Coded pictures as their decoder takes them: HEVC in the byte-stream format, AV1 in IVF. Only what makes pictures goes in;
//! messages for players (SEI, metadata OBUs), where text could hide, stay out.

use strongroom_core::media::Failure;

use super::boxes::Fields;
use crate::coded::Codec;
use crate::photo::{malformed, unsupported};

/// How the pictures of an item are coded.
pub(super) struct Configuration<'a> {
    pub(super) codec: Codec,
    /// Bits of a sample.
    pub(super) bits: u8,
    /// HEVC: the parameter sets in the byte-stream format, and the width of the lengths between NAL units.
    parameters: Vec<u8>,
    length_width: usize,
    record: &'a [u8],
}

impl<'a> Configuration<'a> {
    /// Reads `hvcC` (ISO/IEC 14496-15 §8.3.3.1).
    pub(super) fn hevc(record: &'a [u8]) -> Result<Self, Failure> {
        let mut fields = Fields(record);
        let head = fields.take(23)?;
        let (bits, length_width) = ((head[17] & 7).max(head[18] & 7) + 8, usize::from(head[21] & 3) + 1);
        let mut parameters = Vec::new();
        for _ in 0..head[22] {
            let kind = fields.byte()? & 0x3f;
            for _ in 0..fields.short()? {
                let length = usize::from(fields.short()?);
                let unit = fields.take(length)?;
                if matches!(kind, 32..=34) {
                    parameters.extend_from_slice(&[0, 0, 0, 1]);
                    parameters.extend_from_slice(unit);
                }
            }
        }
        Ok(Self { codec: Codec::Hevc, bits, parameters, length_width, record })
    }

    /// Reads `av1C` (AV1 Codec ISO Media File Format Binding §2.3).
    pub(super) fn av1(record: &'a [u8]) -> Result<Self, Failure> {
        let flags = *Fields(record).take(4)?.get(2).unwrap_or(&0);
        let bits = match (flags & 0x40 != 0, flags & 0x20 != 0) {
            (false, _) => 8,
            (true, false) => 10,
            (true, true) => 12,
        };
        Ok(Self { codec: Codec::Av1, bits, parameters: Vec::new(), length_width: 0, record })
    }

    /// Whether both are decoded the same way, so that their pictures can follow one another.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.codec == other.codec && (self.codec == Codec::Av1 || self.record == other.record)
    }

    /// What stands before the first picture.
    pub(super) fn start(&self) -> Vec<u8> {
        match self.codec {
            Codec::Hevc => self.parameters.clone(),
            // Header of 32 bytes; the size is the decoder's to find, the time is nobody's.
            Codec::Av1 => [&b"DKIF\0\0\x20\0AV01"[..], &[0; 4], &[1, 0, 0, 0, 1, 0, 0, 0], &[0; 8]].concat(),
        }
    }

    /// Appends the one picture of an item.
    pub(super) fn append(&self, stream: &mut Vec<u8>, item: &[u8], number: u32) -> Result<(), Failure> {
        match self.codec {
            Codec::Hevc => self.append_units(stream, item),
            Codec::Av1 => {
                let picture = open_units(item)?;
                stream.extend(u32::try_from(picture.len()).unwrap_or(u32::MAX).to_le_bytes());
                stream.extend(u64::from(number).to_le_bytes());
                stream.extend(picture);
                Ok(())
            }
        }
    }

    fn append_units(&self, stream: &mut Vec<u8>, item: &[u8]) -> Result<(), Failure> {
        let mut fields = Fields(item);
        let mut pictures = 0;
        while !fields.0.is_empty() {
            let length = usize::try_from(fields.number(self.length_width)?).unwrap_or(usize::MAX);
            let unit = fields.take(length)?;
            let [header, _, first, ..] = *unit else { continue };
            let is_slice = header >> 1 & 0x3f < 32;
            pictures += u32::from(is_slice && first & 0x80 != 0);
            if is_slice {
                stream.extend_from_slice(&[0, 0, 0, 1]);
                stream.extend_from_slice(unit);
            }
        }
        // Any other number would put every tile that follows in a wrong place.
        if pictures == 1 { Ok(()) } else { Err(malformed(format!("an item of the file codes {pictures} pictures"))) }
    }
}

/// The open bitstream units (AV1 §5.3) that make up a picture, each with its size.
fn open_units(item: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut fields = Fields(item);
    let mut kept = Vec::with_capacity(item.len());
    while !fields.0.is_empty() {
        let header = fields.byte()?;
        let extension = if header & 4 != 0 { Some(fields.byte()?) } else { None };
        let length = if header & 2 != 0 { leb128(&mut fields)? } else { fields.0.len() };
        let body = fields.take(length)?;
        // Sequence header, frame header, tile group, frame, redundant frame header.
        if matches!(header >> 3 & 15, 1 | 3 | 4 | 6 | 7) {
            kept.push(header | 2);
            kept.extend(extension);
            put_leb128(&mut kept, length);
            kept.extend_from_slice(body);
        }
    }
    if kept.is_empty() { Err(unsupported("an item of the file codes no picture")) } else { Ok(kept) }
}

fn leb128(fields: &mut Fields<'_>) -> Result<usize, Failure> {
    let mut number = 0_usize;
    for place in 0..5 {
        let byte = fields.byte()?;
        number |= usize::from(byte & 0x7f) << (place * 7);
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(malformed("a length in the file is longer than lengths are"))
}

fn put_leb128(out: &mut Vec<u8>, mut number: usize) {
    loop {
        let low = number.to_le_bytes()[0] & 0x7f;
        number >>= 7;
        out.push(if number == 0 { low } else { low | 0x80 });
        if number == 0 {
            return;
        }
    }
}
