//! A JPEG's frame header: how large the picture is and what decoding it will hold in memory.

use strongroom_core::media::Failure;
use strongroom_core::rendition::Size;

use crate::limits::Limits;
use crate::photo::container::check_size;
use crate::photo::{malformed, unsupported};

/// Bytes of one block's coefficients in libjpeg: 64 of 16 bits.
const BLOCK_BYTES: u64 = 128;

/// SOF0, SOF1 or SOF2.
pub(super) struct Frame {
    pub(super) size: Size,
    progressive: bool,
    /// Horizontal and vertical sampling factor of each component.
    sampling: Vec<(u32, u32)>,
}

impl Frame {
    /// Reads the segment and refuses what is too large or of a kind no browser shows.
    pub(super) fn read(marker: u8, body: &[u8], limits: &Limits) -> Result<Self, Failure> {
        let [precision, h1, h0, w1, w0, count, components @ ..] = body else {
            return Err(malformed("the JPEG's frame header is cut short"));
        };
        if *precision != 8 {
            return Err(unsupported(format!("the JPEG has {precision} bits a sample; 8 are supported")));
        }
        if !matches!(count, 1 | 3 | 4) {
            return Err(unsupported(format!("the JPEG has {count} components; 1, 3 and 4 are supported")));
        }
        let sampling: Vec<_> = components
            .chunks_exact(3)
            .map(|c| (u32::from(c[1] >> 4), u32::from(c[1] & 15)))
            .take(usize::from(*count))
            .collect();
        let valid = |factor| (1..=4).contains(&factor);
        if sampling.len() != usize::from(*count) || !sampling.iter().all(|(h, v)| valid(*h) && valid(*v)) {
            return Err(malformed("the JPEG's frame header contradicts itself"));
        }
        let size = Size::new(u16::from_be_bytes([*w1, *w0]).into(), u16::from_be_bytes([*h1, *h0]).into());
        check_size(size, u64::from(*count), limits)?;
        Ok(Self { size, progressive: marker == 0xc2, sampling })
    }

    pub(super) fn components(&self) -> usize {
        self.sampling.len()
    }

    /// 8 × 8 blocks in all components.
    pub(super) fn blocks(&self) -> u64 {
        let widest = self.sampling.iter().map(|s| s.0).max().unwrap_or(1);
        let highest = self.sampling.iter().map(|s| s.1).max().unwrap_or(1);
        let across = |side: u32, factor: u32, largest: u32| u64::from((side * factor).div_ceil(largest).div_ceil(8));
        self.sampling
            .iter()
            .map(|(h, v)| across(self.size.width, *h, widest) * across(self.size.height, *v, highest))
            .sum()
    }

    /// Bytes that decoding holds at once: the pixels, and, unless one scan brings everything, all coefficients of the
    /// picture until the last scan is read (a 1 MB file of 16,000 × 16,000 pixels took 737 MiB so).
    pub(super) fn working_bytes(&self, first_scan: &[u8]) -> u64 {
        let pixels = u64::from(self.size.width) * u64::from(self.size.height) * self.sampling.len() as u64;
        let in_first_scan = first_scan.first().copied().unwrap_or(0);
        let buffered = self.progressive || usize::from(in_first_scan) < self.sampling.len();
        if buffered { pixels + self.blocks() * BLOCK_BYTES } else { pixels }
    }
}
