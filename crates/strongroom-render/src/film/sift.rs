//! A film without the tracks that nobody needs: a sound track in DTS beside one in AAC, a cover that is a GIF.
//!
//! ffprobe opens the decoder of every track before it tells of any, and gives up at the first that is not allowed. ffmpeg opens
//! none for a track that it only counts, or that it copies: so it says what there is, and copies the best picture and sound
//! track that are decoded here into a file of their own, which ffprobe can look at. No decoder touches the others. Rare, and
//! it costs a copy of the film: that is why it is not the usual way.

use std::path::{Path, PathBuf};

use strongroom_core::media::{FailureCode, Format, MediaType};

use super::allowed::{demuxer, input_guards, is_decodable};
use super::arguments::{anonymous, file_url, words};
use super::source::unknown_codec;
use super::tool::{Run, Tool, run};
use super::{Work, broken};
use crate::renderer::{RenderError, failed};

/// How fast a disk is at the least.
const SLOWEST_BYTES_PER_SECOND: u64 = 50_000_000;

/// The tracks of a file that are seen or heard, codecs in the file's order. Covers are none.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tracks {
    pictures: Vec<String>,
    sounds: Vec<String>,
}

/// Writes the film without its needless tracks beside the work's other directories, and answers where.
pub(super) async fn sift(work: &Work<'_>, format: Format) -> Result<PathBuf, RenderError> {
    let directory = work.pictures.with_file_name("sifted");
    std::fs::create_dir(&directory).map_err(broken)?;
    let tracks = list(work, format, &directory).await?;
    let allowed = work.renderer.limits().film.max_streams;
    let found = tracks.pictures.len() + tracks.sounds.len();
    if found > allowed {
        return Err(failed(FailureCode::TooLarge, format!("the file has {found} tracks; {allowed} are allowed")));
    }
    let kept = tracks.choose(format)?;
    let file = directory.join("film");
    let mut arguments = beginning(format, work.input)?;
    for (kind, track) in [("V", kept.picture), ("a", kept.sound)] {
        if let Some(track) = track {
            arguments.extend(words(&format!("-map 0:{kind}:{track}")));
        }
    }
    arguments.extend(words("-c copy"));
    arguments.extend(anonymous());
    arguments.extend(words(&format!("-write_tmcd 0 -f {}", kept.muxer)));
    arguments.push(file_url(&file)?);
    execute(work, arguments, &directory, format).await?;
    Ok(file)
}

/// What ffmpeg calls the tracks: the head of a list of packets, which it writes before it has read any but the first.
async fn list(work: &Work<'_>, format: Format, directory: &Path) -> Result<Tracks, RenderError> {
    let mut arguments = beginning(format, work.input)?;
    arguments.extend(words("-map 0:V? -map 0:a? -c copy -frames:v 1 -frames:a 1 -f framecrc -"));
    let stdout = execute(work, arguments, directory, format).await?;
    Ok(Tracks::read(&String::from_utf8_lossy(&stdout)))
}

fn beginning(format: Format, input: &Path) -> Result<Vec<String>, RenderError> {
    let mut arguments = words("-nostdin -hide_banner -v error -nostats -y");
    arguments.extend(input_guards(demuxer(format)?));
    arguments.extend(["-i".to_owned(), file_url(input)?]);
    Ok(arguments)
}

async fn execute(
    work: &Work<'_>,
    arguments: Vec<String>,
    directory: &Path,
    format: Format,
) -> Result<Vec<u8>, RenderError> {
    let bytes = std::fs::metadata(work.input).map_err(broken)?.len();
    let seconds = work.renderer.limits().film.base_seconds + bytes / SLOWEST_BYTES_PER_SECOND;
    let errand = Run { tool: Tool::Ffmpeg, arguments, input: work.input, directory, seconds };
    let ran = run(work.renderer, errand, None).await?;
    if ran.is_success {
        return Ok(ran.stdout);
    }
    Err(failed(FailureCode::Malformed, format!("this {format} file is damaged, or ends before it should")))
}

/// What is kept of a film: numbers among its picture and its sound tracks, and the container that takes both.
#[derive(Debug, PartialEq, Eq)]
struct Kept {
    picture: Option<usize>,
    sound: Option<usize>,
    muxer: &'static str,
}

impl Tracks {
    /// Reads lines like `#media_type 0: video` and `#codec_id 0: h264`.
    fn read(head: &str) -> Self {
        let mut tracks = Self::default();
        let mut is_sound = false;
        for line in head.lines() {
            let Some((key, value)) = line.split_once(": ") else { continue };
            match key.split(' ').next() {
                Some("#media_type") => is_sound = value == "audio",
                Some("#codec_id") if is_sound => tracks.sounds.push(value.to_owned()),
                Some("#codec_id") => tracks.pictures.push(value.to_owned()),
                _ => {}
            }
        }
        tracks
    }

    /// The first of each kind that is decoded here. A film whose sound is not is shown without: most of it is there.
    fn choose(&self, format: Format) -> Result<Kept, RenderError> {
        let first_known = |codecs: &[String]| codecs.iter().position(|codec| is_decodable(codec));
        // What looks like a film in a sound file is its cover.
        let may_show = format.media_type() == MediaType::Video;
        let (picture, sound) = (first_known(&self.pictures).filter(|_| may_show), first_known(&self.sounds));
        if picture.is_none() && (sound.is_none() || (may_show && !self.pictures.is_empty())) {
            return Err(match (&*self.pictures, &*self.sounds) {
                ([codec, ..], _) if may_show => unknown_codec("picture track", codec),
                (_, [codec, ..]) => unknown_codec("sound track", codec),
                ([codec, ..], []) => unknown_codec("picture track", codec),
                ([], []) => failed(FailureCode::Malformed, format!("this {format} file has no tracks")),
            });
        }
        let codecs = [picture.map(|track| &self.pictures[track]), sound.map(|track| &self.sounds[track])];
        let is_modern = codecs.iter().flatten().any(|codec| ["av1", "vp9", "opus", "flac"].contains(&codec.as_str()));
        let muxer = match demuxer(format)? {
            // QuickTime's own brand has no place for the web's codecs, MP4's none for QuickTime's.
            "mov" if is_modern => "mp4",
            same => same,
        };
        Ok(Kept { picture, sound, muxer })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "#extradata 0:       39, 0xf69a0bb6\n#software: Lavf59.27.100\n#tb 0: 1/1000\n#media_type 0: video\n\
                        #codec_id 0: h264\n#dimensions 0: 426x320\n#media_type 1: audio\n#codec_id 1: dts\n#sample_rate 1: 44100\n\
                        #media_type 2: audio\n#codec_id 2: aac\n0, 0, 0, 40, 12611, 0xceb9c73f\n";

    #[test]
    fn keeps_what_is_decoded() {
        let tracks = Tracks::read(HEAD);
        let kept = Kept { picture: Some(0), sound: Some(1), muxer: "matroska" };
        assert_eq!(tracks.choose(Format::Matroska).unwrap(), kept);
        let silent = Tracks::read(&HEAD.replace("aac", "dts"));
        assert_eq!(silent.choose(Format::Mp4).unwrap(), Kept { picture: Some(0), sound: None, muxer: "mov" });
        let modern = Tracks::read(&HEAD.replace("h264", "av1"));
        assert_eq!(modern.choose(Format::Mp4).unwrap(), Kept { picture: Some(0), sound: Some(1), muxer: "mp4" });
        let song = Kept { picture: None, sound: Some(1), muxer: "flac" };
        assert_eq!(tracks.choose(Format::Flac).unwrap(), song, "pictures of a sound are covers");
    }

    #[test]
    fn names_what_is_not() {
        let unknown = Tracks::read(&HEAD.replace("h264", "magicyuv"));
        assert!(unknown.choose(Format::Matroska).unwrap_err().to_string().contains("magicyuv"));
        let song = Tracks::read(&HEAD.replace("aac", "dts").replace("video", "subtitle?"));
        assert!(song.choose(Format::M4a).unwrap_err().to_string().contains("dts"));
    }
}
