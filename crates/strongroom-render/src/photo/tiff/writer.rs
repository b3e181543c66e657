//! Writes the clean TIFF: one directory of what was understood, and the compressed pixels.

use super::directory::Order;

/// Bytes of an entry: tag, type, count, value.
const ENTRY_BYTES: usize = 12;

/// A tag's numbers, none of which says more than was checked.
pub(super) enum Numbers {
    Shorts(Vec<u16>),
    Longs(Vec<u32>),
}

/// A file with these tags, which are in order, and after them these pieces, whose places the tag `offsets` gives.
pub(super) fn write(order: Order, tags: &[(u16, Numbers)], offsets: u16, pieces: &[Vec<u8>]) -> Vec<u8> {
    let mut file = if order == Order::Big { b"MM\0*".to_vec() } else { b"II*\0".to_vec() };
    put_long(&mut file, order, 8);
    put_short(&mut file, order, u16::try_from(tags.len() + 1).unwrap_or(u16::MAX));

    let after_table = 10 + (tags.len() + 1) * ENTRY_BYTES + 4;
    let outside: usize = tags.iter().map(|(_, numbers)| outside_bytes(numbers)).sum();
    let places_bytes = pieces.len() * 4;
    let mut start = after_table + outside + if places_bytes > 4 { places_bytes } else { 0 };
    let mut places = Vec::with_capacity(pieces.len());
    for piece in pieces {
        // The whole is no longer than the file it was made from, whose places were of 32 bits too.
        places.push(u32::try_from(start).unwrap_or(u32::MAX));
        start += piece.len();
    }
    let places = (offsets, Numbers::Longs(places));

    let mut values = Vec::with_capacity(outside + places_bytes);
    let at = tags.partition_point(|(tag, _)| *tag < offsets);
    for (tag, numbers) in tags[..at].iter().chain([&places]).chain(&tags[at..]) {
        put_short(&mut file, order, *tag);
        let mut value = Vec::new();
        let (kind, count) = match numbers {
            Numbers::Shorts(shorts) => (3, shorts.iter().map(|short| put_short(&mut value, order, *short)).count()),
            Numbers::Longs(longs) => (4, longs.iter().map(|long| put_long(&mut value, order, *long)).count()),
        };
        put_short(&mut file, order, kind);
        put_long(&mut file, order, u32::try_from(count).unwrap_or(u32::MAX));
        if value.len() <= 4 {
            value.resize(4, 0);
            file.extend(value);
        } else {
            put_long(&mut file, order, u32::try_from(after_table + values.len()).unwrap_or(u32::MAX));
            values.extend(value);
        }
    }
    // No next directory.
    put_long(&mut file, order, 0);
    file.extend(values);
    pieces.iter().for_each(|piece| file.extend_from_slice(piece));
    file
}

fn outside_bytes(numbers: &Numbers) -> usize {
    let bytes = match numbers {
        Numbers::Shorts(shorts) => shorts.len() * 2,
        Numbers::Longs(longs) => longs.len() * 4,
    };
    if bytes > 4 { bytes } else { 0 }
}

fn put_short(out: &mut Vec<u8>, order: Order, short: u16) {
    out.extend(if order == Order::Big { short.to_be_bytes() } else { short.to_le_bytes() });
}

fn put_long(out: &mut Vec<u8>, order: Order, long: u32) {
    out.extend(if order == Order::Big { long.to_be_bytes() } else { long.to_le_bytes() });
}
