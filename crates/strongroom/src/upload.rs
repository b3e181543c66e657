//! `strongroom upload FILE…`: sends files to a server and prints the media they became.
//!
//! Standard output holds the results and nothing else; bars, warnings and errors go to standard error.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::Value;
use strongroom_client::{
    ApiKey, Client, ClientOptions, Error, Event, Journal, Media, Progress, RetryPolicy, Stage, UploadOptions, Uploader,
    Wait, check_file,
};

/// Uploads files; an upload that was interrupted goes on where it ended.
#[derive(Debug, clap::Args)]
pub(crate) struct UploadArgs {
    /// The files to upload; each becomes a media.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// Where the server is [env: STRONGROOM_URL].
    #[arg(long)]
    url: Option<String>,

    /// The API key [env: STRONGROOM_API_KEY]. Other users of this machine can see arguments; the variable is safer.
    #[arg(long, value_name = "KEY")]
    api_key: Option<Secret>,

    /// The connection to upload to, conn_… [env: STRONGROOM_CONNECTION].
    #[arg(long, value_name = "ID")]
    connection: Option<String>,

    /// How many parts are sent at a time, over all files.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=64))]
    parallel: u8,

    /// How often a failed request is repeated.
    #[arg(long, value_name = "N", default_value_t = RetryPolicy::default().retries)]
    part_retries: u32,

    /// Print the media as JSON: one object for one file, else an array in the order of the files (null: failed).
    #[arg(long)]
    json: bool,

    /// Wait until the renditions are made, at most SECONDS if given; one that is not ready then counts as failed.
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, require_equals = true)]
    wait: Option<Option<u64>>,

    /// Take a media that already holds the same bytes instead of making another.
    #[arg(long)]
    skip_existing: bool,

    /// Send a SHA-256 with every part, so that the server refuses a bent one at once.
    #[arg(long)]
    part_digests: bool,

    /// Send the bytes to the server's bucket itself, where the server offers that; to the server otherwise.
    #[arg(long)]
    direct: bool,

    /// The content type to announce; guessed from the name otherwise.
    #[arg(long, value_name = "TYPE", value_parser = NonEmptyStringValueParser::new())]
    content_type: Option<String>,

    /// Where unfinished uploads are remembered, instead of under $XDG_STATE_HOME.
    #[arg(long, value_name = "DIRECTORY")]
    state_dir: Option<PathBuf>,
}

/// An argument that is never printed.
#[derive(Clone)]
struct Secret(String);

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Uploads the files. Success only if every one of them became a media without error, and a ready one with `--wait`;
/// 2 if nothing could even be tried.
pub(crate) async fn run(args: UploadArgs) -> ExitCode {
    let uploader = match prepare(&args) {
        Ok(uploader) => Arc::new(uploader),
        Err(complaints) => {
            complaints.iter().for_each(|complaint| eprintln!("strongroom: {complaint}"));
            return ExitCode::from(2);
        }
    };
    let options = Arc::new(args.options());
    let bars = args.bars();
    let uploads: Vec<_> = args
        .files
        .iter()
        .map(|path| tokio::spawn(upload(path.clone(), Arc::clone(&uploader), Arc::clone(&options), bars.clone())))
        .collect();

    let mut documents = Vec::new();
    let mut is_success = true;
    for (path, task) in args.files.iter().zip(uploads) {
        let media = match task.await {
            Ok(Ok(media)) => Some(media),
            Ok(Err(error)) => complain(&bars, path, &error.to_string()),
            Err(panic) => complain(&bars, path, &panic.to_string()),
        };
        if let Some(shortcoming) = media.as_ref().and_then(|media| shortcoming(media, options.wait)) {
            complain::<Media>(&bars, path, &shortcoming);
            is_success = false;
        }
        is_success &= media.is_some();
        if args.json {
            documents.push(media.map_or(Value::Null, |media| media.as_json().clone()));
        } else if let Some(media) = media {
            is_success &= bars.suspend(|| print(&line(path, &media)));
        }
    }
    if args.json {
        is_success &= json_document(documents).is_none_or(|document| print(&document));
    }
    if is_success { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Checks everything that can be checked before the first call.
fn prepare(args: &UploadArgs) -> Result<Uploader, Vec<String>> {
    let complaint = |path: &Path| check_file(path).err().map(|error| format!("{}: {error}", path.display()));
    let complaints: Vec<String> = args.files.iter().filter_map(|path| complaint(path)).collect();
    if !complaints.is_empty() {
        return Err(complaints);
    }
    let uploader = || {
        let client = Client::new(args.client_options()?).map_err(|error| error.to_string())?;
        Ok(Uploader::new(client, usize::from(args.parallel), args.journal()?))
    };
    uploader().map_err(|complaint| vec![complaint])
}

async fn upload(
    path: PathBuf,
    uploader: Arc<Uploader>,
    options: Arc<UploadOptions>,
    bars: MultiProgress,
) -> Result<Media, Error> {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let bar = Arc::new(Bar { name, bars, bar: OnceLock::new() });
    let outcome = Box::pin(uploader.upload(&path, &options, Arc::clone(&bar) as Arc<dyn Progress>)).await;
    if let Some(bar) = bar.bar.get() {
        bar.finish_and_clear();
    }
    outcome.map(|uploaded| uploaded.media)
}

impl UploadArgs {
    fn options(&self) -> UploadOptions {
        UploadOptions {
            content_type: self.content_type.clone(),
            wait: match self.wait {
                None => Wait::No,
                Some(None) => Wait::UntilSettled,
                Some(Some(seconds)) => Wait::AtMost(Duration::from_secs(seconds)),
            },
            skip_existing: self.skip_existing,
            content_digest: self.part_digests,
            direct: self.direct,
        }
    }

    fn client_options(&self) -> Result<ClientOptions, String> {
        let url = setting(self.url.as_deref(), "--url", "STRONGROOM_URL")?;
        let key = setting(self.api_key.as_ref().map(|key| key.0.as_str()), "--api-key", "STRONGROOM_API_KEY")?;
        let connection = setting(self.connection.as_deref(), "--connection", "STRONGROOM_CONNECTION")?;
        let api_key = ApiKey::new(&key).map_err(|error| error.to_string())?;
        let retry = RetryPolicy { retries: self.part_retries, ..RetryPolicy::default() };
        Ok(ClientOptions { retry, ..ClientOptions::new(&url, api_key, &connection) })
    }

    /// The journal. A place the user named must work; without the usual one an upload merely cannot be resumed.
    fn journal(&self) -> Result<Option<Journal>, String> {
        if let Some(directory) = &self.state_dir {
            let journal = Journal::open(directory).map_err(|error| format!("{}: {error}", directory.display()))?;
            return Ok(Some(journal));
        }
        let place = |name: &str| std::env::var_os(name).map(PathBuf::from);
        let directory = Journal::default_directory(place("XDG_STATE_HOME"), place("HOME"));
        let journal = directory.and_then(|directory| Journal::open(&directory).ok());
        if journal.is_none() {
            eprintln!("strongroom: no place to remember unfinished uploads; name one with --state-dir");
        }
        Ok(journal)
    }

    /// Where bars are drawn: nowhere under `--json`, or if standard error is not a terminal.
    fn bars(&self) -> MultiProgress {
        let target = if self.json { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        MultiProgress::with_draw_target(target)
    }
}

#[allow(clippy::disallowed_methods, reason = "the config is the server's; a client has these three settings only")]
fn setting(flag: Option<&str>, flag_name: &str, variable: &str) -> Result<String, String> {
    let environment = || std::env::var(variable).ok().filter(|value| !value.is_empty());
    flag.map(str::to_owned).or_else(environment).ok_or_else(|| format!("{flag_name} or {variable} is required"))
}

/// Why a media is not what was asked for, if it is not.
fn shortcoming(media: &Media, wait: Wait) -> Option<String> {
    if media.has_error() {
        let id = media.id().unwrap_or_default();
        let reason = media.error_message().unwrap_or("no reason was given");
        return Some(format!("uploaded as media {id}, but no renditions could be made of it: {reason}"));
    }
    (wait != Wait::No && !media.is_ready()).then(|| "uploaded, but not ready yet".to_owned())
}

/// Id, status, file and URLs, with tabs between.
fn line(path: &Path, media: &Media) -> String {
    let id = media.id().unwrap_or_default();
    let urls: String = media.urls().iter().map(|(name, url)| format!("\t{name}={url}")).collect();
    format!("{id}\t{}\t{}{urls}", media.status(), path.display())
}

/// The one document of `--json`. `None` if the only file failed: there is no media to print.
fn json_document(mut documents: Vec<Value>) -> Option<String> {
    let document = match documents.as_mut_slice() {
        [Value::Null] => return None,
        [only] => only.take(),
        _ => Value::Array(documents),
    };
    Some(format!("{document:#}"))
}

/// Prints a line to standard output; false if nobody takes it.
fn print(text: &str) -> bool {
    writeln!(std::io::stdout(), "{text}").is_ok()
}

fn complain<T>(bars: &MultiProgress, path: &Path, message: &str) -> Option<T> {
    bars.suspend(|| eprintln!("strongroom: {}: {message}", path.display()));
    None
}

/// One file's bar, drawn from when its first byte is due.
struct Bar {
    name: String,
    bars: MultiProgress,
    bar: OnceLock<ProgressBar>,
}

impl Bar {
    fn start(&self) -> &ProgressBar {
        const TEMPLATE: &str =
            "{prefix:.bold} {wide_bar} {bytes}/{total_bytes} {binary_bytes_per_sec} {eta} left  {msg}";
        self.bar.get_or_init(|| {
            let style = ProgressStyle::with_template(TEMPLATE).unwrap_or_else(|_| ProgressStyle::default_bar());
            self.bars.add(ProgressBar::no_length().with_style(style).with_prefix(self.name.clone()))
        })
    }
}

impl Progress for Bar {
    fn event(&self, event: Event<'_>) {
        let bar = self.start();
        match event {
            Event::Started { total_bytes, already_bytes } => {
                bar.set_length(total_bytes);
                bar.set_position(already_bytes);
                // What an earlier run sent says nothing of this run's speed.
                bar.reset_eta();
            }
            Event::Sent { bytes } => bar.inc(bytes),
            Event::TakenBack { bytes } => bar.dec(bytes),
            Event::Retrying { delay, reason } => {
                let seconds = delay.as_secs_f64();
                let line = format!("strongroom: {}: {reason}; trying again in {seconds:.1} s", self.name);
                self.bars.suspend(|| eprintln!("{line}"));
            }
            Event::Entered(Stage::Sending) => bar.set_message(""),
            Event::Entered(Stage::Completing) => bar.set_message("completing"),
            Event::Entered(Stage::Waiting) => bar.set_message("waiting for renditions"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use clap::Parser;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Parser)]
    struct Command {
        #[command(flatten)]
        upload: UploadArgs,
    }

    fn parse(arguments: &[&str]) -> Result<UploadArgs, clap::Error> {
        Command::try_parse_from([&["upload"], arguments].concat()).map(|command| command.upload)
    }

    #[test]
    fn wait_takes_seconds_only_after_an_equals_sign() {
        let waits = |arguments: &[&str]| parse(arguments).unwrap().options().wait;
        assert_eq!(waits(&["a.jpg"]), Wait::No);
        assert_eq!(waits(&["--wait", "60"]), Wait::UntilSettled);
        assert_eq!(waits(&["--wait=60", "a.jpg"]), Wait::AtMost(Duration::from_secs(60)));
        assert!(parse(&[]).is_err());
    }

    #[test]
    fn the_key_is_not_in_the_debug_output() {
        let args = parse(&["--api-key", "sk_live_secret", "a.jpg"]).unwrap();
        assert!(!format!("{args:?}").contains("secret"));
        assert_eq!(args.api_key.unwrap().0, "sk_live_secret");
    }

    #[test]
    fn json_is_one_document_in_the_order_of_the_files() {
        let read = |documents| json_document(documents).map(|text| serde_json::from_str::<Value>(&text).unwrap());
        assert_eq!(read(vec![json!({"id": 1})]), Some(json!({"id": 1})));
        assert_eq!(read(vec![json!({"id": 2}), Value::Null]), Some(json!([{"id": 2}, null])));
        assert_eq!(read(vec![Value::Null]), None);
    }

    #[test]
    fn a_media_falls_short_when_it_has_an_error_or_is_waited_for_in_vain() {
        let media = |is_ready: bool, has_error: bool| Media::from(json!({"isReady": is_ready, "hasError": has_error}));
        assert!(shortcoming(&media(false, false), Wait::No).is_none());
        assert!(shortcoming(&media(true, false), Wait::UntilSettled).is_none());
        assert!(shortcoming(&media(false, false), Wait::AtMost(Duration::ZERO)).is_some());
        assert!(shortcoming(&media(false, true), Wait::No).is_some());
    }
}
