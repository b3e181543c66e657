//! The filter graph of a run: decoded once, scaled to the largest rung that is made, and from there to the smaller one.

use strongroom_core::rendition::Size;

use super::passes::Pass;
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

/// The whole graph of a run that decodes, in ffmpeg's words. All numbers are ours.
pub(super) fn graph(picture: &Picture, plan: &Plan, pass: Pass, skips_filters: bool) -> String {
    let is_best_encoded = pass.makes_best && !plan.copies_picture;
    let mut trunk = prepared(picture);
    if is_best_encoded {
        trunk.extend(sized(picture, plan.best));
    }
    let small = plan.small.filter(|_| pass.makes_small);
    let heads = [(pass.makes_poster, POSTER_HEAD), (is_best_encoded, BEST), (small.is_some(), SMALL_HEAD)];
    let heads: Vec<&str> = heads.iter().filter(|(is_made, _)| *is_made).map(|(_, head)| *head).collect();
    trunk.push(format!("split={}{}", heads.len(), heads.concat()));
    let mut graph = format!("[0:{}]{}", picture.index, trunk.join(","));
    if let Some(small @ Size { width, height }) = small {
        let steps = if is_best_encoded {
            format!("scale={width}:{height}{},setsar=1", quality(plan.best, small))
        } else {
            sized(picture, small).join(",")
        };
        graph.push_str(&format!(";{SMALL_HEAD}{steps}{SMALL}"));
    }
    if pass.makes_poster {
        let steps = if is_best_encoded { Vec::new() } else { sized(picture, plan.best) };
        graph.push_str(&format!(";{POSTER_HEAD}{}{POSTER}", poster(&steps, skips_filters)));
    }
    graph
}

const SMALL_HEAD: &str = "[small_head]";
const POSTER_HEAD: &str = "[poster_head]";

/// The first picture, for ffmpeg to begin its reports with, and then the poster; `steps` bring each to its size. Where
/// pictures that no other one is made from are not filtered (see `arguments`), none of those is a candidate.
fn poster(steps: &[String], skips_filters: bool) -> String {
    // `select` keeps the first picture and then one whenever enough time has gone by, whatever the film's own rate is.
    // `trim` ends each branch with its one picture: what nobody takes any more would pile up before `concat`.
    let typical = format!("thumbnail={POSTER_CANDIDATES},trim=end_frame=1");
    let sized: String = steps.iter().map(|step| format!("{step},")).collect();
    let is_filtered = if skips_filters { "not(eq(pict_type,B))*" } else { "" };
    format!(
        "split[first_head][poster_candidates];[first_head]trim=end_frame=1,{sized}format=rgb24[first];\
         [poster_candidates]select='{is_filtered}(isnan(prev_selected_t)+gte(t-prev_selected_t,{POSTER_SECONDS_APART}))',\
         {sized}blackframe=amount=0:threshold={BLACK_LUMA},format=rgb24,split[lit_head][any_head];\
         [lit_head]metadata=mode=select:key=lavfi.blackframe.pblack:value={BLACK_PERCENT}:function=less,{typical}[lit];\
         [any_head]{typical}[any];[first][lit][any]concat=n=3"
    )
}

/// From the decoder on, whatever the size: every picture whole, and no more of them than anybody sees.
fn prepared(picture: &Picture) -> Vec<String> {
    let mut steps: Vec<String> = guessed_matrix(picture).into_iter().collect();
    if picture.is_interlaced() {
        steps.push("bwdif=mode=send_frame:deint=all".to_owned());
    }
    if picture.frames_per_second > MOST_FRAMES_PER_SECOND {
        steps.push("fps=60".to_owned());
    }
    steps
}

/// To a rung's size: upright already (ffmpeg turns what the container says is turned), square pixels, the tones and the
/// samples that an H.264 of the web has.
fn sized(picture: &Picture, size: Size) -> Vec<String> {
    let mut steps = Vec::new();
    if picture.is_high_dynamic_range() {
        steps.push(tone_map(picture, size));
    } else if loses_only_odd_pixels(picture.upright(), size) && picture.aspect == (1, 1) {
        // Sharper than scaling by a thousandth.
        steps.push(format!("crop={}:{}:0:0", size.width, size.height));
        steps.push(scale(picture, size));
    } else {
        steps.push(scale(picture, size));
    }
    steps.push("format=yuv420p".to_owned());
    steps.push("setsar=1".to_owned());
    steps
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
    let quality = quality(picture.upright(), Size { width, height });
    format!("scale={width}:{height}{quality}:out_range=tv{matrix}")
}

/// How to scale, as an option. Made a third smaller or more, a picture needs no sharper filter: swscale widens this one until
/// every pixel counts. From 1080 lines to 720 it takes 0.4 of the time that bicubic takes, and the film that is encoded of it is as
/// near to one scaled by Lanczos' filter (SSIM 0.910 and 0.909; to 240 lines 0.932 and 0.931), of 5 to 15 % fewer bytes.
fn quality(from: Size, to: Size) -> &'static str {
    if u64::from(to.width) * 3 <= u64::from(from.width) * 2 { ":flags=bilinear" } else { "" }
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
