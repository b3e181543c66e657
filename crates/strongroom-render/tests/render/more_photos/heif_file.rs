//! Writes HEIC and AVIF files: coded pictures by ffmpeg's encoders, the boxes around them by hand.

use image::RgbImage;

use super::ffmpeg;

/// A box.
pub(super) fn boxed(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    [&(body.len() as u32 + 8).to_be_bytes(), &kind[..], body].concat()
}

fn full(kind: &[u8; 4], version: u8, flags: u8, body: &[u8]) -> Vec<u8> {
    boxed(kind, &[&[version, 0, 0, flags], body].concat())
}

/// A property: how large the picture is.
pub(super) fn ispe(width: u32, height: u32) -> Vec<u8> {
    full(b"ispe", 0, 0, &[width.to_be_bytes(), height.to_be_bytes()].concat())
}

/// A property: what its samples mean.
pub(super) fn nclx(primaries: u16, transfer: u16, matrix: u16, is_full_range: bool) -> Vec<u8> {
    let numbers = [primaries, transfer, matrix].map(u16::to_be_bytes).concat();
    boxed(b"colr", &[b"nclx", &numbers[..], &[u8::from(is_full_range) << 7]].concat())
}

/// A picture coded by itself: the box that says how, and the item's bytes.
#[derive(Clone)]
pub(super) struct CodedPicture {
    pub(super) kind: [u8; 4],
    pub(super) configuration: Vec<u8>,
    pub(super) bytes: Vec<u8>,
}

/// How samples are made: ffmpeg's pixel format, matrix and range.
#[derive(Clone, Copy)]
pub(super) struct Samples(pub(super) &'static str, pub(super) &'static str, pub(super) &'static str);

/// What phones write.
pub(super) const PHONE: Samples = Samples("yuv420p", "smpte170m", "pc");

/// HEVC; nothing in the stream says what its samples mean.
pub(super) fn hevc(pixels: &RgbImage, Samples(format, matrix, range): Samples) -> CodedPicture {
    let filter = format!("scale=out_color_matrix={matrix}:out_range={range}:flags=accurate_rnd,format={format}");
    let parameters = "log-level=0:keyint=1:qp=4:info=0";
    let encoder = ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", parameters];
    let ends = ["-color_range", "unknown", "-colorspace", "unknown", "-f", "hevc"];
    let stream = ffmpeg(pixels, &[&["-vf", &filter][..], &encoder, &ends].concat());
    let (mut sets, mut bytes) = (Vec::new(), Vec::new());
    for unit in units(&stream) {
        match unit[0] >> 1 & 0x3f {
            kind @ 32..=34 => {
                sets.extend([&[kind, 0, 1][..], &(unit.len() as u16).to_be_bytes(), unit].concat());
            }
            0..=31 => bytes.extend([&(unit.len() as u32).to_be_bytes(), unit].concat()),
            _ => {}
        }
    }
    let depth = if format.contains("10") { 2 } else { 0 };
    let mut record =
        [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 90, 0xf0, 0, 0xfc, 0xfd, 0xf8 | depth, 0xf8 | depth, 0, 0, 0x0f, 3]
            .to_vec();
    record.extend(sets);
    CodedPicture { kind: *b"hvc1", configuration: boxed(b"hvcC", &record), bytes }
}

fn units(stream: &[u8]) -> Vec<&[u8]> {
    let starts: Vec<usize> =
        stream.windows(3).enumerate().filter(|(_, w)| *w == [0, 0, 1]).map(|(at, _)| at + 3).collect();
    let ends = starts.iter().skip(1).map(|start| start - 3).chain([stream.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|(start, end)| {
            let unit = &stream[*start..end];
            let tail = unit.iter().rev().take_while(|byte| **byte == 0).count();
            &unit[..unit.len() - tail]
        })
        .collect()
}

/// AV1.
pub(super) fn av1(pixels: &RgbImage, Samples(format, matrix, range): Samples) -> CodedPicture {
    let filter = format!("scale=out_color_matrix={matrix}:out_range={range}:flags=accurate_rnd,format={format}");
    let encoder = ["-c:v", "libaom-av1", "-cpu-used", "8", "-crf", "8", "-still-picture", "1", "-f", "ivf"];
    let stream = ffmpeg(pixels, &[&["-vf", &filter][..], &encoder].concat());
    let length = u32::from_le_bytes(stream[32..36].try_into().unwrap()) as usize;
    let depth = if format.contains("10") { 0x40 } else { 0 };
    let record = boxed(b"av1C", &[0x81, 0, 0x0c | depth, 0]);
    CodedPicture { kind: *b"av01", configuration: record, bytes: stream[44..44 + length].to_vec() }
}

/// An item of a file.
pub(super) struct Item {
    pub(super) kind: [u8; 4],
    pub(super) properties: Vec<Vec<u8>>,
    pub(super) bytes: Vec<u8>,
    /// Kind and targets.
    pub(super) references: Vec<([u8; 4], Vec<u16>)>,
}

impl Item {
    /// A picture with its configuration, its size and more.
    pub(super) fn picture(coded: &CodedPicture, size: (u32, u32), more: &[Vec<u8>]) -> Self {
        let properties = [&[coded.configuration.clone(), ispe(size.0, size.1)][..], more].concat();
        Self { kind: coded.kind, properties, bytes: coded.bytes.clone(), references: Vec::new() }
    }

    pub(super) fn refers(mut self, kind: &[u8; 4], to: &[u16]) -> Self {
        self.references.push((*kind, to.to_vec()));
        self
    }
}

/// A file of these items, numbered from 1; the first is the picture.
pub(super) fn file(brand: &[u8; 4], items: &[Item]) -> Vec<u8> {
    let count = (items.len() as u16).to_be_bytes();
    let ids = || (1_u16..).map(u16::to_be_bytes);
    let start = boxed(b"ftyp", &[&brand[..], &[0; 4], b"mif1", brand].concat());
    let entries: Vec<u8> = items
        .iter()
        .zip(ids())
        .flat_map(|(item, id)| full(b"infe", 2, u8::from(id != [0, 1]), &[&id[..], &[0, 0], &item.kind, &[0]].concat()))
        .collect();
    let mut properties: Vec<&Vec<u8>> = Vec::new();
    let mut associations = (items.len() as u32).to_be_bytes().to_vec();
    for (item, id) in items.iter().zip(ids()) {
        associations.extend([&id[..], &[item.properties.len() as u8]].concat());
        for property in &item.properties {
            let index = properties.iter().position(|other| *other == property).unwrap_or(properties.len());
            if index == properties.len() {
                properties.push(property);
            }
            associations.extend((index as u16 + 1).to_be_bytes());
        }
    }
    let properties = properties.into_iter().flatten().copied().collect::<Vec<u8>>();
    let references: Vec<u8> = items
        .iter()
        .zip(ids())
        .flat_map(|(item, id)| {
            item.references.iter().flat_map(move |(kind, to)| {
                let to: Vec<u8> = [to.len() as u16].iter().chain(to).flat_map(|id| id.to_be_bytes()).collect();
                boxed(kind, &[&id[..], &to].concat())
            })
        })
        .collect();
    let meta = |first: u32| {
        let mut place = first;
        let places: Vec<u8> = items
            .iter()
            .zip(ids())
            .flat_map(|(item, id)| {
                let length = item.bytes.len() as u32;
                let entry = [&id[..], &[0, 0, 0, 1], &place.to_be_bytes(), &length.to_be_bytes()].concat();
                place += length;
                entry
            })
            .collect();
        full(
            b"meta",
            0,
            0,
            &[
                full(b"hdlr", 0, 0, &[&[0; 4], &b"pict"[..], &[0; 13]].concat()),
                full(b"pitm", 0, 0, &[0, 1]),
                full(b"iinf", 0, 0, &[&count[..], &entries].concat()),
                boxed(b"iprp", &[boxed(b"ipco", &properties), full(b"ipma", 0, 1, &associations)].concat()),
                full(b"iref", 0, 0, &references),
                full(b"iloc", 0, 0, &[&[0x44, 0][..], &count, &places].concat()),
            ]
            .concat(),
        )
    };
    let length = (start.len() + meta(0).len() + 8) as u32;
    let data: Vec<u8> = items.iter().flat_map(|item| item.bytes.iter().copied()).collect();
    [start, meta(length), boxed(b"mdat", &data)].concat()
}

/// A HEIC of one picture.
pub(super) fn heic(pixels: &RgbImage, samples: Samples, more: &[Vec<u8>]) -> Vec<u8> {
    file(b"heic", &[Item::picture(&hevc(pixels, samples), pixels.dimensions(), more)])
}

/// A picture in tiles; the last column and row may stick out.
pub(super) fn grid(
    pixels: &RgbImage,
    tile: u32,
    code: impl Fn(&RgbImage) -> CodedPicture,
    more: &[Vec<u8>],
) -> Vec<Item> {
    let (width, height) = pixels.dimensions();
    let (columns, rows) = (width.div_ceil(tile), height.div_ceil(tile));
    let tiles = (0..columns * rows).map(|number| {
        let (left, top) = (number % columns * tile, number / columns * tile);
        code(&RgbImage::from_fn(tile, tile, |x, y| {
            *pixels.get_pixel((left + x).min(width - 1), (top + y).min(height - 1))
        }))
    });
    let sides = [(width as u16).to_be_bytes(), (height as u16).to_be_bytes()].concat();
    let bytes = [&[0, 0, rows as u8 - 1, columns as u8 - 1][..], &sides].concat();
    let properties = [&[ispe(width, height)][..], more].concat();
    let whole = Item { kind: *b"grid", properties, bytes, references: Vec::new() };
    let ids: Vec<u16> = (2..).take((columns * rows) as usize).collect();
    [whole.refers(b"dimg", &ids)]
        .into_iter()
        .chain(tiles.map(|coded| Item::picture(&coded, (tile, tile), &[])))
        .collect()
}
