//! The filter graph of a film: decoded once, scaled once to the best rung, and from there to everything smaller.

use strongroom_core::rendition::Size;

use super::plan::{MOST_FRAMES_PER_SECOND, Plan};
use super::source::Picture;

/// The poster is the most typical of so many pictures, this many seconds apart, that are not black; of a film that is black,
/// of any. It is there after twelve seconds of film, not counting those that are black.
const POSTER_CANDIDATES: u32 = 24;
const POSTER_SECONDS_APART: f64 = 0.5;
/// A picture of which so many percent are no brighter than this (of 16 to 235) is black.
const BLACK_PERCENT: u32 = 95;
const BLACK_LUMA: u32 = 32;

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
    // `trim` ends each branch with its one picture: what nobody takes any more would pile up before `concat`.
    let typical = format!("thumbnail={POSTER_CANDIDATES},trim=end_frame=1");
    format!(
        "split[first_head][poster_candidates];[first_head]format=rgb24,trim=end_frame=1[first];\
         [poster_candidates]select='isnan(prev_selected_t)+gte(t-prev_selected_t,{POSTER_SECONDS_APART})',\
         blackframe=amount=0:threshold={BLACK_LUMA},format=rgb24,split[lit_head][any_head];\
         [lit_head]metadata=mode=select:key=lavfi.blackframe.pblack:value={BLACK_PERCENT}:function=less,{typical}[lit];\
         [any_head]{typical}[any];[first][lit][any]concat=n=3"
    )
}

/// From the decoder to the best rung: upright already (ffmpeg turns what the container says is turned), every picture
/// whole, square pixels, the tones and the samples that an H.264 of the web has.
fn trunk(picture: &Picture, best: Size) -> String {
    let mut steps: Vec<String> = guessed_matrix(picture).into_iter().collect();
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

/// What the samples of a film that does not say so are taken to mean: as players do, by its size. Said aloud, because the
/// smaller rung and the poster are of other sizes, and players would guess something else of them.
fn guessed_matrix(picture: &Picture) -> Option<String> {
    let is_told = !["", "unknown", "reserved"].contains(&picture.matrix.as_str());
    if is_told || picture.is_rgb() || picture.is_high_dynamic_range() {
        return None;
    }
    let is_high_definition = picture.width >= 1280 || picture.height > 576;
    Some(format!("setparams=colorspace={}", if is_high_definition { "bt709" } else { "smpte170m" }))
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

/// Scales, makes the light linear, brings it into the range of a screen, and writes BT.709. What the file does not tell, or
/// tells as nonsense, is taken to be what HDR films are: BT.2020, limited range. The pictures are told so themselves and not
/// only the filter, which else looks in vain for a way to what they were.
fn tone_map(picture: &Picture, Size { width, height }: Size) -> String {
    let transfer = known(&picture.transfer, &["arib-std-b67"], "smpte2084");
    let primaries = known(&picture.primaries, &["bt709", "smpte431", "smpte432"], "bt2020");
    let matrix = known(&picture.matrix, &["bt709", "bt470bg", "smpte170m"], "bt2020nc");
    let range = known(&picture.range, &["pc"], "tv");
    format!(
        "setparams=color_primaries={primaries}:color_trc={transfer}:colorspace={matrix}:range={range},\
         zscale=w={width}:h={height}:t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=hable:desat=0,\
         zscale=t=bt709:m=bt709:r=limited"
    )
}

/// Our own word for what the file tells, if it is one of these.
fn known(told: &str, words: &[&'static str], otherwise: &'static str) -> &'static str {
    words.iter().find(|word| **word == told).copied().unwrap_or(otherwise)
}
