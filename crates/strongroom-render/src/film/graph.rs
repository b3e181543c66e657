//! The filter graph of a film: decoded once, scaled once to the best rung, and from there to everything smaller.

use strongroom_core::rendition::Size;

use super::plan::{MOST_FRAMES_PER_SECOND, Plan};
use super::source::Picture;

/// The poster is the most typical of so many pictures, this many seconds apart: it is not black unless the film is, and
/// it is there after twelve seconds of film.
const POSTER_CANDIDATES: u32 = 24;
const POSTER_SECONDS_APART: f64 = 0.5;

/// What stands at the end of the graph.
pub(super) const BEST: &str = "[best]";
pub(super) const SMALL: &str = "[small]";
pub(super) const POSTER: &str = "[poster]";

/// The whole graph, in ffmpeg's words. All numbers are ours.
pub(super) fn graph(picture: &Picture, plan: &Plan) -> String {
    let trunk = trunk(picture, plan.best);
    let mut ends = vec![POSTER_HEAD];
    if !plan.copies_picture {
        ends.push(BEST);
    }
    if plan.small.is_some() {
        ends.push(SMALL_HEAD);
    }
    let mut graph = format!("[0:{}]{trunk},split={}{}", picture.index, ends.len(), ends.concat());
    if let Some(Size { width, height }) = plan.small {
        graph.push_str(&format!(";{SMALL_HEAD}scale={width}:{height},setsar=1{SMALL}"));
    }
    graph.push_str(&format!(";{POSTER_HEAD}{}{POSTER}", poster()));
    graph
}

const SMALL_HEAD: &str = "[small_head]";
const POSTER_HEAD: &str = "[poster_head]";

/// The first picture, for ffmpeg to begin its reports with, and then the poster.
fn poster() -> String {
    // `select` keeps the first picture and then one whenever enough time has gone by, whatever the film's own rate is.
    format!(
        "format=rgb24,split[first_head][poster_candidates];[first_head]trim=end_frame=1[first];\
         [poster_candidates]select='isnan(prev_selected_t)+gte(t-prev_selected_t,{POSTER_SECONDS_APART})',\
         thumbnail={POSTER_CANDIDATES}[typical];[first][typical]concat"
    )
}

/// From the decoder to the best rung: upright already (ffmpeg turns what the container says is turned), every picture
/// whole, square pixels, the tones and the samples that an H.264 of the web has.
fn trunk(picture: &Picture, best: Size) -> String {
    let mut steps: Vec<String> = Vec::new();
    if picture.is_interlaced() {
        steps.push("bwdif=mode=send_frame:deint=all".to_owned());
    }
    if picture.frames_per_second > MOST_FRAMES_PER_SECOND {
        steps.push("fps=60".to_owned());
    }
    if picture.is_high_dynamic_range() {
        steps.push(tone_map(picture, best));
    } else if loses_only_odd_pixels(picture.upright(), best) && picture.aspect == (1, 1) {
        // Sharper than scaling by a thousandth.
        steps.push(format!("crop={}:{}:0:0", best.width, best.height));
        steps.push(scale(picture, best));
    } else {
        steps.push(scale(picture, best));
    }
    steps.push("format=yuv420p".to_owned());
    steps.push("setsar=1".to_owned());
    steps.join(",")
}

fn loses_only_odd_pixels(upright: Size, best: Size) -> bool {
    upright != best && (upright.width & !1, upright.height & !1) == (best.width, best.height)
}

fn scale(picture: &Picture, Size { width, height }: Size) -> String {
    // Pictures of red, green and blue get the matrix of high definition, and say so; others keep their own.
    let matrix = if picture.is_rgb() {
        ":out_color_matrix=bt709,setparams=colorspace=bt709:color_primaries=bt709:color_trc=iec61966-2-1:range=tv"
    } else {
        ""
    };
    format!("scale={width}:{height}:out_range=tv{matrix}")
}

/// Scales, makes the light linear, brings it into the range of a screen, and writes BT.709. Every property that the file
/// does not tell is taken to be what HDR films are: BT.2020, limited range.
fn tone_map(picture: &Picture, Size { width, height }: Size) -> String {
    let transfer = if picture.transfer == "arib-std-b67" { "arib-std-b67" } else { "smpte2084" };
    let primaries = if picture.primaries == "smpte432" { "smpte432" } else { "bt2020" };
    let matrix = if picture.matrix == "bt709" { "bt709" } else { "bt2020nc" };
    let range = if picture.range == "pc" { "full" } else { "limited" };
    format!(
        "zscale=w={width}:h={height}:tin={transfer}:pin={primaries}:min={matrix}:rin={range}:t=linear:npl=100,\
         format=gbrpf32le,zscale=p=bt709,tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=limited"
    )
}
