//! Makes films with the machine's ffmpeg, sends them through a renderer, and looks at what came out with ffprobe.
//!
//! Generators, not files. A missing ffmpeg fails these tests: that films are rendered is what they are for.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use strongroom_core::media::{Failure, FailureCode};
use strongroom_core::rendition::RenditionName;
use strongroom_render::{FilmDone, FilmFacts, FilmStep, Limits, RenderError, RenderedFile, Renderer, Sandbox};

pub(crate) const CHILD: &str = env!("CARGO_BIN_EXE_strongroom-render-child");

/// One second of moving pictures, and one of sound.
pub(crate) const CLIP: &str = "-f lavfi -i testsrc2=s=426x320:r=25:d=1";
pub(crate) const SOUND: &str = "-f lavfi -i sine=d=1";

/// A film before it is sent: a file in a directory of its own.
pub(crate) struct Film {
    pub(crate) file: PathBuf,
    _scratch: tempfile::TempDir,
}

impl Film {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let film = Self::nothing("original");
        std::fs::write(&film.file, bytes).unwrap();
        film
    }

    fn nothing(name: &str) -> Self {
        let scratch = tempfile::tempdir().unwrap();
        let file = scratch.path().join(name);
        Self { file, _scratch: scratch }
    }

    /// What ffmpeg makes of these arguments, as a file of this name.
    pub(crate) fn made(name: &str, arguments: &str) -> Self {
        let film = Self::nothing(name);
        let mut words = vec!["-v", "error", "-y"];
        words.extend(arguments.split_ascii_whitespace());
        let made = tool("ffmpeg", &words, &film.file);
        assert!(made.status.success(), "{arguments}: {}", String::from_utf8_lossy(&made.stderr));
        film
    }

    /// Like [`Self::made`], by a writer that cannot go back.
    pub(crate) fn piped(arguments: &str) -> Self {
        let mut words = vec!["-v", "error"];
        words.extend(arguments.split_ascii_whitespace());
        Self::of(&tool("ffmpeg", &words, "-".as_ref()).stdout)
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        std::fs::read(&self.file).unwrap()
    }

    pub(crate) fn times(&self) -> Vec<f64> {
        times(&self.file)
    }

    pub(crate) fn picture(&self) -> Vec<u8> {
        picture(&self.file)
    }

    pub(crate) fn packets(&self, kind: &str) -> Vec<String> {
        packets(&self.file, kind)
    }

    pub(crate) fn pictures(&self) -> Vec<String> {
        pictures(&self.file)
    }
}

/// What a run told and made, with the directory it lies in.
pub(crate) struct Rendered {
    pub(crate) done: FilmDone,
    pub(crate) steps: Vec<FilmStep>,
    _output: tempfile::TempDir,
}

impl Rendered {
    pub(crate) fn facts(&self) -> &FilmFacts {
        match &self.steps[0] {
            FilmStep::Facts(facts) => facts,
            other => panic!("told first: {other:?}"),
        }
    }

    pub(crate) fn files(&self) -> Vec<&RenderedFile> {
        self.steps
            .iter()
            .flat_map(|step| if let FilmStep::Made(files) = step { files.as_slice() } else { &[] })
            .collect()
    }

    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.files().iter().map(|file| file.name.as_str()).collect()
    }

    pub(crate) fn file(&self, name: RenditionName) -> &RenderedFile {
        self.files().into_iter().find(|file| file.name == name).unwrap_or_else(|| panic!("no {name}"))
    }

    pub(crate) fn bytes(&self, name: RenditionName) -> Vec<u8> {
        std::fs::read(&self.file(name).file).unwrap()
    }

    pub(crate) fn packets(&self, name: RenditionName, kind: &str) -> Vec<String> {
        packets(&self.file(name).file, kind)
    }

    pub(crate) fn pictures(&self, name: RenditionName) -> Vec<String> {
        pictures(&self.file(name).file)
    }

    /// When each picture is shown, in milliseconds.
    pub(crate) fn times(&self, name: RenditionName) -> Vec<f64> {
        times(&self.file(name).file)
    }

    /// When each key frame is shown, in milliseconds.
    pub(crate) fn key_times(&self, name: RenditionName) -> Vec<f64> {
        let words = ["-v", "error", "-select_streams", "v", "-skip_frame", "nokey", "-show_entries", "frame=pts_time"];
        milliseconds(&[&words[..], &["-of", "csv=p=0"]].concat(), &self.file(name).file)
    }

    /// How long it is silent at the beginning.
    pub(crate) fn silence_ms(&self, name: RenditionName) -> f64 {
        let after = ["-map", "0:a", "-ac", "1", "-ar", "8000", "-f", "u8", "-"];
        let samples = tool_between("ffmpeg", &["-v", "error", "-i"], &self.file(name).file, &after).stdout;
        samples.iter().position(|sample| sample.abs_diff(128) > 4).unwrap() as f64 / 8.0
    }

    /// How often the sound goes from below to above or back: twice for each swing of a tone.
    pub(crate) fn crossings_per_second(&self, name: RenditionName) -> f64 {
        let after = ["-map", "0:a", "-ac", "1", "-ar", "16000", "-f", "s8", "-"];
        let samples = tool_between("ffmpeg", &["-v", "error", "-i"], &self.file(name).file, &after).stdout;
        let crossings = samples.windows(2).filter(|pair| (pair[0] < 128) != (pair[1] < 128)).count();
        crossings as f64 * 16000.0 / samples.len() as f64
    }

    /// The first picture, as red, green and blue.
    pub(crate) fn picture(&self, name: RenditionName) -> Vec<u8> {
        picture(&self.file(name).file)
    }

    /// What ffprobe says of a rendition.
    pub(crate) fn probe(&self, name: RenditionName) -> Probe {
        Probe::of(&self.file(name).file)
    }
}

/// The hash of each packet of the first track of a kind.
fn packets(file: &Path, kind: &str) -> Vec<String> {
    let entries = ["-v", "error", "-select_streams", kind, "-show_packets", "-show_data_hash", "md5"];
    lines(&[&entries[..], &["-show_entries", "packet=data_hash", "-of", "csv=p=0"]].concat(), file)
}

/// The hash of each decoded picture.
fn pictures(file: &Path) -> Vec<String> {
    let made = tool_between("ffmpeg", &["-v", "error", "-i"], file, &["-map", "0:v:0", "-f", "framemd5", "-"]);
    let text = String::from_utf8(made.stdout).unwrap();
    let hash = |line: &str| line.rsplit(',').next().unwrap().trim().to_owned();
    text.lines().filter(|line| !line.starts_with('#')).map(hash).collect()
}

/// When each picture is shown, in milliseconds.
fn times(file: &Path) -> Vec<f64> {
    milliseconds(&["-v", "error", "-select_streams", "v", "-show_entries", "frame=pts_time", "-of", "csv=p=0"], file)
}

fn milliseconds(words: &[&str], file: &Path) -> Vec<f64> {
    lines(words, file).iter().map(|line| line.parse::<f64>().unwrap() * 1000.0).collect()
}

/// The first picture, as red, green and blue.
fn picture(file: &Path) -> Vec<u8> {
    let after = ["-frames:v", "1", "-pix_fmt", "rgb24", "-f", "rawvideo", "-"];
    tool_between("ffmpeg", &["-v", "error", "-i"], file, &after).stdout
}

fn lines(words: &[&str], file: &Path) -> Vec<String> {
    let probed = tool("ffprobe", words, file);
    assert!(probed.status.success(), "{}", String::from_utf8_lossy(&probed.stderr));
    String::from_utf8(probed.stdout)
        .unwrap()
        .lines()
        .map(|line| line.trim_end_matches(',').to_owned())
        .filter(|line| !line.is_empty())
        .collect()
}

/// ffprobe's report.
pub(crate) struct Probe(pub(crate) Value);

impl Probe {
    pub(crate) fn of(file: &Path) -> Self {
        let words = ["-v", "error", "-of", "json", "-show_format", "-show_streams", "-show_chapters", "-count_frames"];
        let probed = tool("ffprobe", &words, file);
        assert!(probed.status.success(), "{}", String::from_utf8_lossy(&probed.stderr));
        Self(serde_json::from_slice(&probed.stdout).unwrap())
    }

    pub(crate) fn streams(&self, kind: &str) -> Vec<&Value> {
        self.0["streams"].as_array().unwrap().iter().filter(|stream| stream["codec_type"] == kind).collect()
    }

    pub(crate) fn video(&self) -> &Value {
        self.streams("video")[0]
    }

    pub(crate) fn duration_ms(&self) -> f64 {
        self.0["format"]["duration"].as_str().unwrap().parse::<f64>().unwrap() * 1000.0
    }
}

pub(crate) async fn try_render(film: &Film, limits: Limits) -> Result<Rendered, RenderError> {
    try_render_with(CHILD.as_ref(), film, limits).await
}

pub(crate) async fn try_render_with(program: &Path, film: &Film, limits: Limits) -> Result<Rendered, RenderError> {
    render_rest(program, film, limits, &[]).await
}

/// What is made where an earlier attempt has made `kept`.
pub(crate) async fn render_rest(
    program: &Path,
    film: &Film,
    limits: Limits,
    kept: &[RenditionName],
) -> Result<Rendered, RenderError> {
    let output = tempfile::tempdir().unwrap();
    let renderer = Renderer::new(program.to_owned(), limits, Sandbox::Required);
    let (sender, mut receiver) = tokio::sync::mpsc::channel(64);
    let collect = async {
        let mut steps = Vec::new();
        while let Some(step) = receiver.recv().await {
            steps.push(step);
        }
        steps
    };
    let (done, steps) = tokio::join!(renderer.render_film(&film.file, output.path(), kept, sender), collect);
    Ok(Rendered { done: done?, steps, _output: output })
}

pub(crate) async fn render(film: &Film) -> Rendered {
    try_render(film, Limits::default()).await.unwrap_or_else(|error| panic!("{error}"))
}

/// Why `film` is refused; panics if it is not, or if that is not the file's own fault.
pub(crate) async fn refusal(film: &Film, limits: Limits) -> Failure {
    match try_render(film, limits).await {
        Err(RenderError::Failed(failure)) => failure,
        Err(error) => panic!("{error}"),
        Ok(rendered) => panic!("rendered: {:?}", rendered.names()),
    }
}

pub(crate) async fn assert_refused(film: &Film, code: FailureCode, words: &[&str]) {
    let failure = refusal(film, Limits::default()).await;
    assert_eq!(failure.code, code, "{failure}");
    for word in words {
        assert!(failure.message.contains(word), "{failure} does not say {word}");
    }
}

pub(crate) fn tool(name: &str, words: &[&str], file: &Path) -> Output {
    tool_between(name, words, file, &[])
}

#[allow(clippy::disallowed_methods, reason = "the tests' own films, made and looked at outside of any sandbox")]
fn tool_between(name: &str, before: &[&str], file: &Path, after: &[&str]) -> Output {
    Command::new(name).args(before).arg(file).args(after).output().unwrap()
}

/// The same numbers for the same seed (xorshift64*), each below a bound.
pub(crate) fn random(seed: u64) -> impl FnMut(usize) -> usize {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move |bound| {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % bound
    }
}
