//! Writes TIFFs of any kind, sound or not.

/// A tag, its type (1 bytes, 3 shorts, 4 longs) and its numbers.
pub(super) type Tag = (u16, u16, Vec<u32>);

/// A little- or big-endian file of one directory; the tag `offsets` is added with the places of `pieces`.
pub(super) fn tiff(is_big: bool, mut tags: Vec<Tag>, offsets: u16, pieces: &[Vec<u8>]) -> Vec<u8> {
    let short = |number: u16| if is_big { number.to_be_bytes() } else { number.to_le_bytes() };
    let long = |number: u32| if is_big { number.to_be_bytes() } else { number.to_le_bytes() };
    let mut file = [if is_big { b"MM" } else { b"II" }, &short(42)[..], &[0; 4]].concat();
    let mut places = Vec::new();
    for piece in pieces {
        places.push(file.len() as u32);
        file.extend_from_slice(piece);
    }
    tags.push((offsets, 4, places));
    tags.sort_by_key(|tag| tag.0);
    let mut table = short(tags.len() as u16).to_vec();
    for (tag, kind, numbers) in tags {
        let mut value: Vec<u8> = numbers
            .iter()
            .flat_map(|number| match kind {
                3 => short(*number as u16).to_vec(),
                4 => long(*number).to_vec(),
                _ => vec![*number as u8],
            })
            .collect();
        if value.len() > 4 {
            let place = long(file.len() as u32);
            file.extend(value);
            value = place.to_vec();
        }
        value.resize(4, 0);
        table.extend([&short(tag)[..], &short(kind), &long(numbers.len() as u32), &value].concat());
    }
    let start = long(file.len() as u32);
    file[4..8].copy_from_slice(&start);
    file.extend(table);
    file.extend([0; 4]);
    file
}

/// The tags of an ordinary picture in one strip.
pub(super) fn tags(width: u32, height: u32, bits: u32, samples: u32, photometric: u32, length: usize) -> Vec<Tag> {
    vec![
        (256, 4, vec![width]),
        (257, 4, vec![height]),
        (258, 3, vec![bits; samples as usize]),
        (259, 3, vec![1]),
        (262, 3, vec![photometric]),
        (277, 3, vec![samples]),
        (278, 4, vec![height]),
        (279, 4, vec![length as u32]),
    ]
}

/// One strip, not compressed.
pub(super) fn plain(
    size: (u32, u32),
    bits: u32,
    samples: u32,
    photometric: u32,
    more: &[Tag],
    strip: Vec<u8>,
) -> Vec<u8> {
    let mut tags = tags(size.0, size.1, bits, samples, photometric, strip.len());
    tags.retain(|tag| !more.iter().any(|other| other.0 == tag.0));
    tags.extend_from_slice(more);
    tiff(false, tags, 273, &[strip])
}

/// Rows of white in CCITT group 4: one bit each, "as the row above", and the end-of-block code.
pub(super) fn white_group_4(rows: usize) -> Vec<u8> {
    let mut bits = vec![1_u8; rows];
    bits.extend([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1].repeat(2));
    bits.chunks(8).map(|byte| byte.iter().enumerate().map(|(place, bit)| bit << (7 - place)).sum()).collect()
}
