//! Media: what kinds there are, what state one is in, why one failed, and what its first bytes say it is.

use crate::text_enum::text_enum;

text_enum! {
    /// What a media is to a viewer.
    MediaType {
        /// A still picture.
        Photo = "photo",
        /// A film with or without sound.
        Video = "video",
        /// Sound alone.
        Audio = "audio",
        /// A moving picture that loops without sound.
        Gif = "gif",
    }
}

text_enum! {
    /// How far a media has come.
    MediaStatus {
        /// Renditions are being made.
        Processing = "processing",
        /// A film whose first rung can be watched while the rest is made.
        Playable = "playable",
        /// Every rendition is there.
        Ready = "ready",
        /// It failed; the failure says why.
        Error = "error",
    }
}

text_enum! {
    /// Why no renditions could be made.
    FailureCode {
        /// The bytes are no picture, film or sound.
        NotMedia = "not_media",
        /// Media, but in a format that is not decoded here.
        UnsupportedCodec = "unsupported_codec",
        /// Media that breaks its own format's rules.
        Malformed = "malformed",
        /// More pixels, bytes or metadata than the limits allow.
        TooLarge = "too_large",
        /// Longer than the limits allow.
        TooLong = "too_long",
        /// The decoder took longer than it may.
        Timeout = "timeout",
        /// The decoder crashed or ran out of its memory.
        DecoderCrash = "decoder_crash",
        /// The store failed.
        Storage = "storage",
        /// The stored original was found lost or damaged, and is withheld.
        Damaged = "damaged",
        /// A fault of ours.
        Internal = "internal",
    }
}

impl FailureCode {
    /// Whether the same bytes may succeed at another time.
    #[must_use]
    pub const fn is_retryable(self) -> bool {
        matches!(self, Self::Timeout | Self::DecoderCrash | Self::Storage | Self::Internal)
    }
}

/// Why a media has no renditions, with a sentence that a person understands.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Failure {
    /// The class of failure.
    pub code: FailureCode,
    /// One sentence for a person: what was found, what is allowed.
    pub message: String,
}

impl Failure {
    /// A failure of class `code`, explained by `message`, which may quote a hostile file. U+0000 is replaced: not every catalog
    /// keeps it, and a job whose end cannot be written never ends.
    #[must_use]
    pub fn new(code: FailureCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into().replace('\0', "\u{fffd}") }
    }
}

text_enum! {
    /// A container or picture format, told from its first bytes.
    Format {
        /// JPEG.
        Jpeg = "jpeg",
        /// PNG, still or animated.
        Png = "png",
        /// WebP, still or animated.
        Webp = "webp",
        /// GIF, still or animated.
        Gif = "gif",
        /// HEIC and HEIF stills.
        Heif = "heif",
        /// AVIF stills.
        Avif = "avif",
        /// TIFF.
        Tiff = "tiff",
        /// Windows bitmap.
        Bmp = "bmp",
        /// PDF: no media, but signed documents may be.
        Pdf = "pdf",
        /// MP4 and its kin, and `QuickTime`.
        Mp4 = "mp4",
        /// Matroska and `WebM`.
        Matroska = "matroska",
        /// AVI.
        Avi = "avi",
        /// MPEG transport stream.
        MpegTs = "mpegts",
        /// MP3.
        Mp3 = "mp3",
        /// MPEG-4 audio.
        M4a = "m4a",
        /// FLAC.
        Flac = "flac",
        /// WAV.
        Wav = "wav",
        /// Ogg: Vorbis or Opus sound.
        Ogg = "ogg",
    }
}

impl Format {
    /// What a viewer will see, as far as the first bytes tell. A GIF of one frame turns out a photo later; of a PDF the first
    /// page is one.
    #[must_use]
    pub const fn media_type(self) -> MediaType {
        match self {
            Self::Jpeg | Self::Png | Self::Webp | Self::Heif | Self::Avif | Self::Tiff | Self::Bmp | Self::Pdf => {
                MediaType::Photo
            }
            Self::Gif => MediaType::Gif,
            Self::Mp4 | Self::Matroska | Self::Avi | Self::MpegTs => MediaType::Video,
            Self::Mp3 | Self::M4a | Self::Flac | Self::Wav | Self::Ogg => MediaType::Audio,
        }
    }

    /// The `Content-Type` under which the original may be served, as an attachment.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Gif => "image/gif",
            Self::Heif => "image/heic",
            Self::Avif => "image/avif",
            Self::Tiff => "image/tiff",
            Self::Bmp => "image/bmp",
            Self::Pdf => "application/pdf",
            Self::Mp4 => "video/mp4",
            Self::Matroska => "video/x-matroska",
            Self::Avi => "video/x-msvideo",
            Self::MpegTs => "video/mp2t",
            Self::Mp3 => "audio/mpeg",
            Self::M4a => "audio/mp4",
            Self::Flac => "audio/flac",
            Self::Wav => "audio/wav",
            Self::Ogg => "audio/ogg",
        }
    }
}

/// How many bytes of a file [`sniff`] wants to see: two MPEG-TS packets.
pub const SNIFF_LENGTH: usize = 4096;

/// Tells the format of a signed document, which may be a PDF (ISO 32000-1, 7.5.2) where media may not. Readers forgive bytes
/// before its signature; a document that somebody signed has none.
#[must_use]
pub fn sniff_document(head: &[u8]) -> Option<Format> {
    if head.starts_with(b"%PDF-") { Some(Format::Pdf) } else { sniff(head) }
}

/// Tells the format from a file's first bytes. Names and declared types are never asked: strangers choose them. Never a PDF:
/// see [`sniff_document`].
///
/// Signatures: the WHATWG MIME Sniffing standard, ISO/IEC 14496-12 (`ftyp`), RFC 9559 (EBML), and the formats' own
/// specifications.
#[must_use]
pub fn sniff(head: &[u8]) -> Option<Format> {
    let at = |offset: usize, magic: &[u8]| head.get(offset..).is_some_and(|rest| rest.starts_with(magic));
    match head {
        _ if at(0, b"\xff\xd8\xff") => Some(Format::Jpeg),
        _ if at(0, b"\x89PNG\r\n\x1a\n") => Some(Format::Png),
        _ if at(0, b"RIFF") && at(8, b"WEBP") => Some(Format::Webp),
        _ if at(0, b"GIF87a") || at(0, b"GIF89a") => Some(Format::Gif),
        _ if at(4, b"ftyp") => Some(sniff_brand(head)),
        _ if at(0, b"II*\0") || at(0, b"MM\0*") => Some(Format::Tiff),
        _ if at(0, b"BM") && at(6, &[0; 4]) => Some(Format::Bmp),
        _ if at(0, b"\x1a\x45\xdf\xa3") => Some(Format::Matroska),
        _ if at(0, b"RIFF") && at(8, b"AVI ") => Some(Format::Avi),
        _ if at(0, b"RIFF") && at(8, b"WAVE") => Some(Format::Wav),
        _ if at(0, b"fLaC") => Some(Format::Flac),
        _ if at(0, b"OggS") => Some(Format::Ogg),
        _ if at(0, b"ID3") => Some(Format::Mp3),
        // QuickTime before `ftyp` existed, and files whose first box is padding.
        _ if [b"moov", b"mdat", b"wide", b"skip"].iter().any(|kind| at(4, *kind)) => Some(Format::Mp4),
        _ if at(0, b"\x47") && at(188, b"\x47") && at(376, b"\x47") => Some(Format::MpegTs),
        // An MPEG audio frame: eleven sync bits, then a version, layer III and a bit rate that exist.
        [0xff, second, third, ..]
            if second & 0xe0 == 0xe0
                && second & 0x18 != 0x08
                && second & 0x06 == 0x02
                && third & 0xf0 != 0xf0
                && third & 0xf0 != 0 =>
        {
            Some(Format::Mp3)
        }
        _ => None,
    }
}

/// The major brand of a `ftyp` box; stills are told from films by it or by the compatible ones.
fn sniff_brand(head: &[u8]) -> Format {
    let length =
        head.get(..4).map_or(0, |b| usize::try_from(u32::from_be_bytes([b[0], b[1], b[2], b[3]])).unwrap_or(0));
    let brands = || {
        head.get(8..length.min(head.len()))
            .unwrap_or_default()
            .chunks_exact(4)
            .enumerate()
            .filter(|(i, _)| *i != 1)
            .map(|(_, b)| b)
    };
    let major = brands().next().unwrap_or_default();
    match major {
        b"avif" | b"avis" => Format::Avif,
        b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" => Format::Heif,
        b"mif1" | b"msf1" if brands().any(|brand| brand == b"avif") => Format::Avif,
        b"mif1" | b"msf1" => Format::Heif,
        b"M4A " | b"M4B " | b"M4P " => Format::M4a,
        _ => Format::Mp4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_by_their_bytes() {
        let cases: &[(&[u8], Option<Format>)] = &[
            (b"\xff\xd8\xff\xe0", Some(Format::Jpeg)),
            (b"\x89PNG\r\n\x1a\n", Some(Format::Png)),
            (b"RIFF\0\0\0\0WEBPVP8 ", Some(Format::Webp)),
            (b"RIFF\0\0\0\0AVI LIST", Some(Format::Avi)),
            (b"GIF89a", Some(Format::Gif)),
            (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", Some(Format::Heif)),
            (b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif", Some(Format::Avif)),
            (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", Some(Format::Mp4)),
            (b"\0\0\0\x14ftypM4A \0\0\0\0M4A ", Some(Format::M4a)),
            (b"\x1a\x45\xdf\xa3", Some(Format::Matroska)),
            (b"\xff\xfb\x90\x00", Some(Format::Mp3)),
            (b"<svg onload=alert(1)>", None),
            (b"#EXTM3U\nhttp://127.0.0.1/", None),
            (b"ffconcat version 1.0", None),
            (b"%PDF-1.4", None),
            (b"push graphic-context", None),
            (b"", None),
            (b"\xff", None),
        ];
        for (head, format) in cases {
            assert_eq!(sniff(head), *format, "{head:?}");
        }
    }

    #[test]
    fn only_a_document_may_be_a_pdf() {
        assert_eq!((sniff(b"%PDF-1.4"), sniff_document(b"%PDF-1.4")), (None, Some(Format::Pdf)));
        assert_eq!((sniff_document(b" %PDF-1.4"), sniff_document(b"GIF89a")), (None, Some(Format::Gif)));
    }
}
