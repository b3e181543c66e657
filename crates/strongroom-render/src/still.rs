//! HEIC and AVIF on the server's side: ffmpeg between the child that takes the file apart and the one that makes renditions.
//!
//! Why ffmpeg and not libheif: docs/adr/0010-heif-by-child.md.

use std::path::Path;

use strongroom_core::media::FailureCode;
use strongroom_core::rendition::Size;

use crate::coded::{ALPHA_CODED, ALPHA_DECODED, Codec, Coded, Nclx, PICTURE_CODED, PICTURE_DECODED, PROFILE, Plane};
use crate::film::{Run, Tool, run};
use crate::order::{Answer, Task};
use crate::renderer::{RenderError, Renderer, failed};

/// How much larger than its tile a coded picture may be, a side: codecs round sizes up to their blocks.
const PADDING_PIXELS: u64 = 128;

impl Renderer {
    /// Decodes what a child has written into `directory`, and has the renditions made there.
    pub(crate) async fn render_coded(&self, coded: Coded, directory: &Path) -> Result<Answer, RenderError> {
        self.decode(&coded.picture, &picture_filter(&coded), [PICTURE_CODED, PICTURE_DECODED, "ppm"], directory)
            .await?;
        if let Some(alpha) = &coded.alpha {
            self.decode(alpha, &alpha_filter(&coded, alpha), [ALPHA_CODED, ALPHA_DECODED, "pgm"], directory).await?;
        }
        let (limits, wall_seconds) = (self.limits().clone(), self.limits().wall_seconds);
        let answer = self.send(directory, directory, Task::Decoded(coded), limits, wall_seconds).await;
        for name in [PICTURE_CODED, PICTURE_DECODED, ALPHA_CODED, ALPHA_DECODED, PROFILE] {
            // Not all of them are there. One that stays is only in the way, and goes with its directory.
            std::fs::remove_file(directory.join(name)).ok();
        }
        answer
    }

    /// One run of ffmpeg: every tile decoded once, laid out, converted, cut.
    async fn decode(
        &self,
        plane: &Plane,
        filter: &str,
        [input, output, encoder]: [&str; 3],
        directory: &Path,
    ) -> Result<(), RenderError> {
        if Tool::Ffmpeg.find().is_none() {
            let message = "this server has no decoder for HEIC and AVIF: ffmpeg is not installed";
            return Err(failed(FailureCode::UnsupportedCodec, message));
        }
        let directory = std::path::absolute(directory).map_err(|error| RenderError::Broken(error.to_string()))?;
        let input = directory.join(input);
        let run_of = Run {
            tool: Tool::Ffmpeg,
            arguments: arguments(plane, filter, &input, &directory.join(output), encoder, self.limits().threads),
            input: &input,
            directory: &directory,
            seconds: self.limits().wall_seconds,
        };
        let ran = run(self, run_of, None).await?;
        if ran.is_success {
            return Ok(());
        }
        tracing::debug!(stderr = ran.stderr_tail, "a still was not decoded");
        Err(failed(FailureCode::Malformed, "the picture cannot be decoded"))
    }
}

/// One demuxer, one decoder, local files, and no more pixels than the boxes spoke of.
fn arguments(plane: &Plane, filter: &str, input: &Path, output: &Path, encoder: &str, threads: u8) -> Vec<String> {
    let (demuxer, decoder) = match plane.codec {
        Codec::Hevc => ("hevc", "hevc"),
        Codec::Av1 => ("ivf", "libdav1d"),
    };
    let side = |pixels: u32| u64::from(pixels) + PADDING_PIXELS;
    let most_pixels = (side(plane.tile.width) * side(plane.tile.height)).to_string();
    let file = |path: &Path| format!("file:{}", path.display());
    let (threads, input, output) = (threads.to_string(), file(input), file(output));
    let words = [
        ["-nostdin", "-hide_banner"],
        ["-v", "error"],
        // A tile that cannot be decoded must not be left out: all that follow would move up.
        ["-xerror", "-noautorotate"],
        ["-threads", &threads],
        ["-filter_threads", &threads],
        ["-protocol_whitelist", "file"],
        ["-format_whitelist", demuxer],
        ["-codec_whitelist", decoder],
        ["-max_pixels", &most_pixels],
        ["-f", demuxer],
        ["-c:v", decoder],
        ["-i", &input],
        ["-map", "0:v:0"],
        ["-vf", filter],
        ["-frames:v", "1"],
        ["-c:v", encoder],
        ["-f", "image2pipe"],
    ];
    words.as_flattened().iter().map(|word| (*word).to_owned()).chain([output]).collect()
}

/// Tones are mapped in floats. A picture larger than this is mapped in strips: a whole one of 48 megapixels would take
/// gigabytes.
const LARGEST_MAPPED_PIXELS: u64 = 4_000_000;
const STRIPS: u32 = 16;

/// Tiles side by side, then red, green and blue, then the part that is shown: a cut through halved colour would shift it.
fn picture_filter(coded: &Coded) -> String {
    let (tiles, cut) = (tiles(&coded.picture), cut(coded));
    match coded.colour {
        Some(colour) if colour.is_high_dynamic_range() => {
            format!("{}{tiles}{cut}", mapped_tile(&coded.picture, colour))
        }
        colour => {
            let pixels = if coded.is_deep() { "rgb48be" } else { "rgb24" };
            let samples = samples(colour);
            format!(
                "{tiles}scale={samples}flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp,format={pixels},{cut}"
            )
        }
    }
}

/// A tile with its tones mapped; a large one strip by strip, one after another.
fn mapped_tile(plane: &Plane, colour: Nclx) -> String {
    let (Size { width, height }, mapped) = (plane.tile, tone_map(colour));
    if u64::from(width) * u64::from(height) <= LARGEST_MAPPED_PIXELS {
        return format!("{mapped},format=rgb24,");
    }
    // Strips are of one height, and of an even one where colour is halved: what is missing is added, and cut off again.
    let step = STRIPS * 2;
    format!(
        "pad=iw:ceil(ih/{step})*{step},untile=1x{STRIPS},{mapped},format=rgb24,tile=1x{STRIPS},crop=iw:{height}:0:0:exact=1,"
    )
}

/// Alpha is its samples as they are, whatever they are said to mean.
fn alpha_filter(coded: &Coded, alpha: &Plane) -> String {
    format!("{}scale=in_range=pc:out_range=pc,format=gray,{}", tiles(alpha), cut(coded))
}

fn tiles(plane: &Plane) -> String {
    let Plane { columns, rows, .. } = plane;
    if columns * rows == 1 { String::new() } else { format!("tile={columns}x{rows},") }
}

fn cut(coded: &Coded) -> String {
    let window = coded.shown;
    format!("crop={}:{}:{}:{}:exact=1", window.size.width, window.size.height, window.left, window.top)
}

/// How red, green and blue became luma and chroma. The box overrules what the stream says of itself.
fn samples(colour: Option<Nclx>) -> String {
    let Some(Nclx { matrix, is_full_range, .. }) = colour else { return String::new() };
    let matrix = match matrix {
        1 => "bt709",
        4 => "fcc",
        5 | 6 => "bt601",
        7 => "smpte240m",
        9 | 10 => "bt2020",
        _ => "auto",
    };
    format!("in_color_matrix={matrix}:in_range={}:", if is_full_range { "pc" } else { "tv" })
}

/// Light beyond a screen's, brought into its range, as films' is (see `film::graph`).
fn tone_map(Nclx { primaries, transfer, matrix, is_full_range }: Nclx) -> String {
    let transfer = if transfer == 18 { "arib-std-b67" } else { "smpte2084" };
    let primaries = match primaries {
        1 => "bt709",
        12 => "smpte432",
        _ => "bt2020",
    };
    let matrix = match matrix {
        1 => "bt709",
        5 | 6 => "smpte170m",
        _ => "bt2020nc",
    };
    let range = if is_full_range { "pc" } else { "tv" };
    format!(
        "setparams=color_primaries={primaries}:color_trc={transfer}:colorspace={matrix}:range={range},\
         zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=hable:desat=0,\
         zscale=t=iec61966-2-1:r=full,format=gbrp,scale"
    )
}
