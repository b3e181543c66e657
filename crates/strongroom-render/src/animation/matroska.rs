//! The smallest Matroska (RFC 9559) that carries raw pictures with a time each.
//!
//! Matroska, because it is the simplest container that both gives every picture its own time and is among the demuxers that
//! ffmpeg is allowed anyway. Times are in milliseconds, which is finer than any GIF's.

use std::io::{self, Write};

use strongroom_core::rendition::Size;

const EBML: u32 = 0x1a45_dfa3;
const DOC_TYPE: u32 = 0x4282;
const SEGMENT: u32 = 0x1853_8067;
const INFO: u32 = 0x1549_a966;
const TIMESTAMP_SCALE: u32 = 0x2a_d7b1;
const TRACKS: u32 = 0x1654_ae6b;
const TRACK_ENTRY: u32 = 0xae;
const TRACK_NUMBER: u32 = 0xd7;
const TRACK_UID: u32 = 0x73c5;
const TRACK_TYPE: u32 = 0x83;
const CODEC_ID: u32 = 0x86;
const VIDEO: u32 = 0xe0;
const PIXEL_WIDTH: u32 = 0xb0;
const PIXEL_HEIGHT: u32 = 0xba;
const UNCOMPRESSED_FOURCC: u32 = 0x2e_b524;
const CLUSTER: u32 = 0x1f43_b675;
const TIMESTAMP: u32 = 0xe7;
const BLOCK_GROUP: u32 = 0xa0;
const BLOCK: u32 = 0xa1;
const BLOCK_DURATION: u32 = 0x9b;

/// A size that is not known yet: the element goes on to the end of the file.
const TO_THE_END: [u8; 8] = [0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
const NANOSECONDS_PER_MILLISECOND: u64 = 1_000_000;
const VIDEO_TRACK: u64 = 1;
/// Track 1, at its cluster's own time, no flags.
const BLOCK_HEADER: [u8; 4] = [0x81, 0, 0, 0];
/// Red, green and blue, a byte each.
const RGB24: &[u8] = b"RGB\x18";

/// Everything before the first picture.
pub(super) fn begin(out: &mut impl Write, size: Size) -> io::Result<()> {
    let video = [
        number(PIXEL_WIDTH, size.width.into()),
        number(PIXEL_HEIGHT, size.height.into()),
        element(UNCOMPRESSED_FOURCC, RGB24),
    ];
    let track = [
        number(TRACK_NUMBER, 1),
        number(TRACK_UID, 1),
        number(TRACK_TYPE, VIDEO_TRACK),
        element(CODEC_ID, b"V_UNCOMPRESSED"),
        element(VIDEO, &video.concat()),
    ];
    out.write_all(&element(EBML, &element(DOC_TYPE, b"matroska")))?;
    out.write_all(&id(SEGMENT))?;
    out.write_all(&TO_THE_END)?;
    out.write_all(&element(INFO, &number(TIMESTAMP_SCALE, NANOSECONDS_PER_MILLISECOND)))?;
    out.write_all(&element(TRACKS, &element(TRACK_ENTRY, &track.concat())))
}

/// One picture, shown from `start_ms` for `duration_ms`.
pub(super) fn picture(out: &mut impl Write, start_ms: u64, duration_ms: u64, rgb: &[u8]) -> io::Result<()> {
    let (timestamp, duration) = (number(TIMESTAMP, start_ms), number(BLOCK_DURATION, duration_ms));
    let block_length = BLOCK_HEADER.len() + rgb.len();
    let group_length = 1 + 8 + block_length + duration.len();
    let cluster_length = timestamp.len() + 1 + 8 + group_length;
    let head = [
        id(CLUSTER),
        length(cluster_length).to_vec(),
        timestamp,
        id(BLOCK_GROUP),
        length(group_length).to_vec(),
        id(BLOCK),
        length(block_length).to_vec(),
        BLOCK_HEADER.to_vec(),
    ];
    out.write_all(&head.concat())?;
    out.write_all(rgb)?;
    out.write_all(&duration)
}

fn element(id_number: u32, body: &[u8]) -> Vec<u8> {
    [&id(id_number), &length(body.len())[..], body].concat()
}

fn number(id_number: u32, value: u64) -> Vec<u8> {
    element(id_number, &value.to_be_bytes())
}

/// An identifier carries its own length in its first bits: written without leading zeroes it is itself.
fn id(number: u32) -> Vec<u8> {
    number.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect()
}

/// A length in the longest form there is: a marker bit, then 56 bits.
fn length(bytes: usize) -> [u8; 8] {
    let mut length = (bytes as u64).to_be_bytes();
    length[0] = 0x01;
    length
}
