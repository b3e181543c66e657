//! The items of a HEIF file (ISO/IEC 14496-12 §8.11, ISO/IEC 23008-12): what there is, where it lies, what belongs to it.

use std::collections::BTreeMap;

use strongroom_core::media::Failure;

use super::boxes::{Box, Boxes, Fields, find};
use crate::photo::{malformed, too_large, unsupported};

/// The most items and references of a file. A phone's photo of 48 megapixels has some 200; tiles, maps, metadata.
const MAX_ITEMS: usize = 10_000;
/// The most pieces one item may be scattered in; libheif's number.
const MAX_EXTENTS: u64 = 32;

/// A file's items.
pub(super) struct Items<'a> {
    file: &'a [u8],
    data: &'a [u8],
    properties: Vec<Box<'a>>,
    pub(super) primary: u32,
    items: BTreeMap<u32, Item>,
    references: Vec<Reference>,
}

#[derive(Default)]
struct Item {
    kind: [u8; 4],
    is_in_data: bool,
    extents: Vec<(u64, u64)>,
    /// Numbers of properties, from 1, and whether one must be understood.
    properties: Vec<(usize, bool)>,
}

struct Reference {
    kind: [u8; 4],
    from: u32,
    to: Vec<u32>,
}

impl<'a> Items<'a> {
    pub(super) fn read(file: &'a [u8]) -> Result<Self, Failure> {
        let missing = || malformed("the file describes no picture");
        let meta = find(file, b"meta").and_then(|meta| meta.get(4..)).ok_or_else(missing)?;
        let need = |kind| find(meta, kind).ok_or_else(missing);
        let mut pitm = Fields(need(b"pitm")?);
        let (version, _) = pitm.version()?;
        let iprp = need(b"iprp")?;
        let mut read = Self {
            file,
            data: find(meta, b"idat").unwrap_or_default(),
            properties: Boxes(find(iprp, b"ipco").ok_or_else(missing)?).take(MAX_ITEMS).collect(),
            primary: pitm.id(version > 0)?,
            items: BTreeMap::new(),
            references: Vec::new(),
        };
        read.kinds(need(b"iinf")?)?;
        read.places(need(b"iloc")?)?;
        for associations in Boxes(iprp).filter(|found| found.kind == *b"ipma") {
            read.associations(associations.body)?;
        }
        if let Some(references) = find(meta, b"iref") {
            read.references(references)?;
        }
        Ok(read)
    }

    fn kinds(&mut self, iinf: &[u8]) -> Result<(), Failure> {
        let mut fields = Fields(iinf);
        let (version, _) = fields.version()?;
        fields.id(version > 0)?;
        for entry in Boxes(fields.0).filter(|entry| entry.kind == *b"infe") {
            let mut fields = Fields(entry.body);
            let (version, _) = fields.version()?;
            if version < 2 {
                continue;
            }
            let id = fields.id(version > 2)?;
            fields.short()?;
            let kind = fields.long()?.to_be_bytes();
            if self.items.len() >= MAX_ITEMS {
                return Err(too_large(format!("the file has more than {MAX_ITEMS} items")));
            }
            self.items.entry(id).or_default().kind = kind;
        }
        Ok(())
    }

    fn places(&mut self, iloc: &[u8]) -> Result<(), Failure> {
        let mut fields = Fields(iloc);
        let (version, _) = fields.version()?;
        let (sizes, more) = (fields.byte()?, fields.byte()?);
        let (offset_width, length_width) = (usize::from(sizes >> 4), usize::from(sizes & 15));
        let (base_width, index_width) = (usize::from(more >> 4), if version > 0 { usize::from(more & 15) } else { 0 });
        if [offset_width, length_width, base_width, index_width].iter().any(|width| *width > 8) {
            return Err(malformed("the file's item places are of an impossible width"));
        }
        for _ in 0..fields.id(version > 1)? {
            let id = fields.id(version > 1)?;
            let method = if version > 0 { fields.short()? & 15 } else { 0 };
            fields.short()?;
            let base = fields.number(base_width)?;
            let mut extents = Vec::new();
            let count = fields.short()?;
            if u64::from(count) > MAX_EXTENTS {
                return Err(too_large(format!("an item of the file lies in {count} pieces")));
            }
            for _ in 0..count {
                fields.number(index_width)?;
                let (offset, length) = (fields.number(offset_width)?, fields.number(length_width)?);
                extents.push((base.saturating_add(offset), length));
            }
            if let Some(item) = self.items.get_mut(&id).filter(|_| method < 2) {
                (item.is_in_data, item.extents) = (method == 1, extents);
            }
        }
        Ok(())
    }

    fn associations(&mut self, ipma: &[u8]) -> Result<(), Failure> {
        let mut fields = Fields(ipma);
        let (version, flags) = fields.version()?;
        for _ in 0..fields.long()? {
            let id = fields.id(version > 0)?;
            for _ in 0..fields.byte()? {
                let (number, is_essential) = if flags & 1 == 1 {
                    let word = fields.short()?;
                    (usize::from(word & 0x7fff), word & 0x8000 != 0)
                } else {
                    let byte = fields.byte()?;
                    (usize::from(byte & 0x7f), byte & 0x80 != 0)
                };
                if let Some(item) = self.items.get_mut(&id).filter(|item| item.properties.len() < 255) {
                    item.properties.push((number, is_essential));
                }
            }
        }
        Ok(())
    }

    fn references(&mut self, iref: &[u8]) -> Result<(), Failure> {
        let mut fields = Fields(iref);
        let (version, _) = fields.version()?;
        for Box { kind, body } in Boxes(fields.0).take(MAX_ITEMS) {
            let mut fields = Fields(body);
            let from = fields.id(version > 0)?;
            let count = fields.short()?;
            let to = (0..count).map(|_| fields.id(version > 0)).collect::<Result<_, _>>()?;
            self.references.push(Reference { kind, from, to });
        }
        Ok(())
    }

    pub(super) fn kind(&self, id: u32) -> Result<[u8; 4], Failure> {
        self.items
            .get(&id)
            .map(|item| item.kind)
            .ok_or_else(|| malformed("the file speaks of an item it does not have"))
    }

    /// The properties of an item, in the order in which they apply. One that must be understood and is not ends it.
    pub(super) fn properties(&self, id: u32) -> Result<Vec<Box<'a>>, Failure> {
        const KNOWN: [&[u8; 4]; 10] =
            [b"hvcC", b"av1C", b"ispe", b"pixi", b"colr", b"pasp", b"clap", b"irot", b"imir", b"auxC"];
        let mut found = Vec::new();
        for (number, is_essential) in self.items.get(&id).map(|item| item.properties.as_slice()).unwrap_or_default() {
            let Some(property) = number.checked_sub(1).and_then(|index| self.properties.get(index)) else { continue };
            if *is_essential && !KNOWN.contains(&&property.kind) {
                let kind = String::from_utf8_lossy(&property.kind).escape_debug().to_string();
                return Err(unsupported(format!("the picture needs `{kind}`, which is not supported")));
            }
            found.push(*property);
        }
        Ok(found)
    }

    /// What an item refers to.
    pub(super) fn references_from(&self, id: u32, kind: &[u8; 4]) -> &[u32] {
        let found = self.references.iter().find(|reference| reference.from == id && reference.kind == *kind);
        found.map(|reference| reference.to.as_slice()).unwrap_or_default()
    }

    /// What refers to an item.
    pub(super) fn references_to(&self, id: u32, kind: &[u8; 4]) -> impl Iterator<Item = u32> {
        self.references
            .iter()
            .filter(move |reference| reference.kind == *kind && reference.to.contains(&id))
            .map(|reference| reference.from)
    }

    /// An item's bytes.
    pub(super) fn bytes(&self, id: u32) -> Result<Vec<u8>, Failure> {
        let missing = || malformed("the file ends before its picture does");
        let item = self.items.get(&id).filter(|item| !item.extents.is_empty()).ok_or_else(missing)?;
        let source = if item.is_in_data { self.data } else { self.file };
        let mut bytes = Vec::new();
        for (start, length) in &item.extents {
            let rest = usize::try_from(*start).ok().and_then(|start| source.get(start..)).ok_or_else(missing)?;
            // No length: to the end.
            let length = if *length == 0 { rest.len() } else { usize::try_from(*length).map_err(|_| missing())? };
            let piece = rest.get(..length).ok_or_else(missing)?;
            if bytes.len() + piece.len() > self.file.len() {
                return Err(malformed("an item of the file has more bytes than the file"));
            }
            bytes.extend_from_slice(piece);
        }
        Ok(bytes)
    }
}
