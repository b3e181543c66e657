//! JPEG (ITU-T T.81): its segments, walked and rewritten.
//!
//! Kept byte for byte: frame header, quantisation and Huffman tables, restart interval, scan headers and the entropy-coded
//! data with its restart markers; so progressive files stay progressive and no pixel changes. Written anew from what was
//! understood: JFIF (without its thumbnail), orientation, colour profile, Adobe's transform flag. All else goes: EXIF, XMP,
//! IPTC, comments, MPF, JFXX, and whatever follows the end.

mod frame;
mod profile;

use image::metadata::Orientation;
use strongroom_core::media::{Failure, Format};

use self::frame::Frame;
use self::profile::ProfileChunks;
use super::container::{Components, Container, check_decoded_bytes};
use super::{exif, malformed, too_large, unsupported};
use crate::limits::Limits;

const START: u8 = 0xd8;
const END: u8 = 0xd9;
const SCAN: u8 = 0xda;

/// What has been read so far.
#[derive(Default)]
struct Walk<'a> {
    frame: Option<Frame>,
    /// JFIF's version, units and density.
    jfif: Option<&'a [u8]>,
    /// Adobe's version, flags and transform.
    adobe: Option<&'a [u8]>,
    exif: Option<&'a [u8]>,
    profile: ProfileChunks<'a>,
    /// Tables before the first scan; the segments written anew must come before them.
    tables: Vec<u8>,
    clean: Vec<u8>,
    scans: u32,
    entropy_bytes: u64,
}

pub(super) fn take_apart(file: &[u8], limits: &Limits) -> Result<Container, Failure> {
    let mut walk = Walk::default();
    let mut rest = file.get(2..).unwrap_or_default();
    while let Some((marker, after)) = next_marker(rest) {
        rest = match marker {
            END => break,
            // Restart markers outside a scan, and TEM: markers without a segment, without a meaning here.
            0x01 | 0xd0..=0xd7 => after,
            START => return Err(malformed("a second JPEG starts inside the first")),
            _ => match segment(after) {
                Some((body, after)) => walk.segment(marker, body, after, limits)?,
                None => break,
            },
        };
    }
    walk.finish()
}

impl<'a> Walk<'a> {
    /// Takes one segment in and returns where the next marker is to be looked for.
    fn segment(&mut self, marker: u8, body: &'a [u8], after: &'a [u8], limits: &Limits) -> Result<&'a [u8], Failure> {
        match marker {
            0xc0..=0xc2 if self.frame.is_some() => return Err(malformed("the JPEG has two frames")),
            0xc0..=0xc2 => {
                self.frame = Some(Frame::read(marker, body, limits)?);
                self.keep(marker, body);
            }
            0xc4 | 0xdb | 0xdd => self.keep(marker, body),
            SCAN => return self.scan(body, after, limits),
            0xc3 | 0xc5..=0xcf => {
                return Err(unsupported(
                    "lossless, hierarchical and arithmetic-coded JPEGs are not supported: no browser shows them",
                ));
            }
            0xdc => return Err(unsupported("the JPEG gives its height only after its pixels; that is not supported")),
            // The colour space is settled when the first scan starts; what follows can only confuse.
            _ if self.scans > 0 => {}
            0xe0 if body.starts_with(b"JFIF\0") && body.len() >= 14 => self.jfif = body.get(5..12),
            0xee if body.starts_with(b"Adobe") && body.len() >= 12 => self.adobe = body.get(5..12),
            0xe1 if self.exif.is_none() => self.exif = body.strip_prefix(exif::JPEG_PREFIX),
            0xe2 => self.profile.add(body),
            _ => {}
        }
        Ok(after)
    }

    fn keep(&mut self, marker: u8, body: &[u8]) {
        write_segment(if self.scans == 0 { &mut self.tables } else { &mut self.clean }, marker, &[body]);
    }

    fn scan(&mut self, header: &[u8], after: &'a [u8], limits: &Limits) -> Result<&'a [u8], Failure> {
        let frame = self.frame.as_ref().ok_or_else(|| malformed("the JPEG's pixels come before its size"))?;
        if self.scans == 0 {
            check_decoded_bytes(frame.working_bytes(header), limits)?;
            self.write_prologue(limits);
        }
        self.scans += 1;
        if self.scans > limits.max_scans {
            return Err(too_large(format!("the JPEG has more than {} scans", limits.max_scans)));
        }
        let (entropy, rest) = after.split_at(entropy_length(after));
        self.keep(SCAN, header);
        self.clean.extend_from_slice(entropy);
        self.entropy_bytes += entropy.len() as u64;
        Ok(rest)
    }

    /// Everything before the first scan.
    fn write_prologue(&mut self, limits: &Limits) {
        self.clean.extend_from_slice(&[0xff, START]);
        if let Some(jfif) = self.jfif {
            // Two zeros: a thumbnail of no width and no height.
            write_segment(&mut self.clean, 0xe0, &[b"JFIF\0", jfif, &[0, 0]]);
        }
        if self.orientation() != Orientation::NoTransforms {
            let block = exif::only_orientation(self.orientation());
            write_segment(&mut self.clean, 0xe1, &[exif::JPEG_PREFIX, &block]);
        }
        self.profile.settle(limits);
        self.profile.write(&mut self.clean);
        if let Some(adobe) = self.adobe {
            write_segment(&mut self.clean, 0xee, &[b"Adobe", adobe]);
        }
        self.clean.append(&mut self.tables);
    }

    fn orientation(&self) -> Orientation {
        self.exif.map_or(Orientation::NoTransforms, exif::orientation)
    }

    /// A file that ends too early is shown as far as it goes, as browsers do: the rest comes out grey, and an owner who
    /// has nothing better keeps what there is. But below half of the fewest bits that its blocks could be coded in (one
    /// each), there is no picture, only a header that claims one.
    fn finish(mut self) -> Result<Container, Failure> {
        let orientation = self.orientation();
        let frame = self.frame.ok_or_else(|| malformed("the JPEG has no frame"))?;
        if self.scans == 0 || self.entropy_bytes * 8 * 2 < frame.blocks() {
            return Err(malformed("the JPEG ends before its picture does"));
        }
        self.clean.extend_from_slice(&[0xff, END]);
        let components = match frame.components() {
            1 => Components::Grey,
            3 => Components::Colour,
            _ => Components::Inks { inverted: self.adobe.is_some() },
        };
        let profile = self.profile.into_profile();
        Ok(Container { format: Format::Jpeg, stored: frame.size, orientation, profile, components, clean: self.clean })
    }
}

/// The next marker and what follows it. Skips what is no marker, as libjpeg does.
fn next_marker(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let mut rest = bytes;
    loop {
        rest = &rest[memchr::memchr(0xff, rest)?..];
        let fill = rest.iter().take_while(|byte| **byte == 0xff).count();
        let (marker, after) = rest[fill..].split_first()?;
        if *marker != 0 {
            return Some((*marker, after));
        }
        rest = after;
    }
}

/// A segment's body and what follows it.
fn segment(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = usize::from(u16::from_be_bytes([*bytes.first()?, *bytes.get(1)?]));
    Some((bytes.get(2..length)?, bytes.get(length..)?))
}

/// How long entropy-coded data runs: to the first marker that is neither a restart nor a stuffed 0xff.
fn entropy_length(bytes: &[u8]) -> usize {
    memchr::memchr_iter(0xff, bytes)
        .find(|at| !matches!(bytes.get(at + 1), Some(0x00 | 0xd0..=0xd7 | 0xff)))
        .unwrap_or(bytes.len())
}

fn write_segment(out: &mut Vec<u8>, marker: u8, parts: &[&[u8]]) {
    let length: usize = 2 + parts.iter().map(|part| part.len()).sum::<usize>();
    // Every body was read from a segment or is shorter than one, so the length always fits.
    let [high, low] = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
    out.extend_from_slice(&[0xff, marker, high, low]);
    parts.iter().for_each(|part| out.extend_from_slice(part));
}
