//! What the tools may read at all (T12 to T14): one demuxer, named by our own sniffing, of the few that are here; the
//! decoders that the formats of the contract need, of the five hundred that a distribution builds in; local files alone.

use strongroom_core::media::{FailureCode, Format};

use crate::renderer::{RenderError, failed};

/// Decoders of pictures. AV1 is dav1d's: ffmpeg's own needs hardware.
const PICTURE_DECODERS: [&str; 10] =
    ["h264", "hevc", "vp8", "vp9", "libdav1d", "mpeg4", "mpeg2video", "prores", "mjpeg", "rawvideo"];
/// Decoders of sound: what cameras, phones, recorders and the web write.
const SOUND_DECODERS: [&str; 24] = [
    "aac",
    "mp3float",
    "mp3",
    "mp2float",
    "mp2",
    "opus",
    "vorbis",
    "flac",
    "alac",
    "ac3",
    "eac3",
    "amrnb",
    "amrwb",
    "pcm_s16le",
    "pcm_s16be",
    "pcm_s24le",
    "pcm_s24be",
    "pcm_s32le",
    "pcm_s32be",
    "pcm_f32le",
    "pcm_f64le",
    "pcm_u8",
    "pcm_alaw",
    "pcm_mulaw",
];
/// Decoders of what is left out most often. ffprobe opens every track's before it tells of any: with these, a film with a
/// cover or with subtitles need not be copied without them first (see `sift`).
const OTHER_DECODERS: [&str; 12] =
    ["png", "mov_text", "subrip", "srt", "ass", "ssa", "webvtt", "text", "pgssub", "dvbsub", "dvdsub", "cc_dec"];
/// The most memory one allocation may ask for: a picture of the largest size at 16 bits, and room besides.
const ALLOCATION_BYTES: u64 = 512 << 20;

/// The one demuxer for files of this format.
pub(super) fn demuxer(format: Format) -> Result<&'static str, RenderError> {
    match format {
        Format::Mp4 | Format::M4a => Ok("mov"),
        Format::Matroska => Ok("matroska"),
        Format::Avi => Ok("avi"),
        Format::MpegTs => Ok("mpegts"),
        Format::Mp3 => Ok("mp3"),
        Format::Flac => Ok("flac"),
        Format::Wav => Ok("wav"),
        Format::Ogg => Ok("ogg"),
        other => Err(failed(FailureCode::UnsupportedCodec, format!("{other} files are no films that are known here"))),
    }
}

/// The options that stand before an input.
pub(super) fn input_guards(demuxer: &str) -> Vec<String> {
    let decoders = [&PICTURE_DECODERS[..], &SOUND_DECODERS, &OTHER_DECODERS].concat().join(",");
    let allocation = ALLOCATION_BYTES.to_string();
    let guards: [&str; 10] = [
        "-max_alloc",
        &allocation,
        "-protocol_whitelist",
        "file",
        "-format_whitelist",
        demuxer,
        "-codec_whitelist",
        &decoders,
        "-f",
        demuxer,
    ];
    guards.map(str::to_owned).to_vec()
}

/// Whether a track of this codec can be decoded; ffprobe names the codec, the lists above the decoders.
pub(super) fn is_decodable(codec: &str) -> bool {
    codec == "av1"
        || codec == "amr_nb"
        || codec == "amr_wb"
        || PICTURE_DECODERS.contains(&codec)
        || SOUND_DECODERS.contains(&codec)
}
