//! The uploader against a small server of the tests that speaks the contract and breaks on request.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

mod faults;
mod http;
mod resume;
mod server;
mod whole;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use strongroom_client::{
    ApiKey, Client, ClientOptions, Error, Event, Journal, Progress, RetryPolicy, UploadOptions, Uploaded, Uploader,
};

use crate::server::Server;

/// The size of the test server's parts.
const PART_BYTES: usize = 64 << 10;

/// A server, a file and a state directory.
struct Bench {
    server: Server,
    scratch: tempfile::TempDir,
    bytes: Vec<u8>,
    progress: Arc<Ledger>,
}

impl Bench {
    /// A file of `size_bytes` that repeats nowhere.
    async fn with_file(size_bytes: usize) -> Self {
        let bench = Self {
            server: Server::start().await,
            scratch: tempfile::tempdir().unwrap(),
            bytes: (0_u32..).flat_map(u32::to_be_bytes).take(size_bytes).collect(),
            progress: Arc::default(),
        };
        std::fs::write(bench.file(), &bench.bytes).unwrap();
        bench
    }

    fn file(&self) -> PathBuf {
        self.scratch.path().join("film.mp4")
    }

    fn state_directory(&self) -> PathBuf {
        self.scratch.path().join("state")
    }

    fn journal_entries(&self) -> usize {
        std::fs::read_dir(self.state_directory()).map_or(0, Iterator::count)
    }

    fn digest(&self) -> String {
        strongroom_blake3(&self.bytes)
    }

    fn uploader(&self) -> Uploader {
        self.uploader_that_stalls_for(Duration::from_millis(400))
    }

    fn uploader_that_stalls_for(&self, stall_timeout: Duration) -> Uploader {
        let options = ClientOptions {
            retry: RetryPolicy {
                retries: 3,
                base_delay: Duration::from_millis(1),
                max_delay: Duration::from_millis(4),
            },
            stall_timeout,
            ..ClientOptions::new(&self.server.url(), ApiKey::new("sk_live_secret").unwrap(), "conn_test")
        };
        let journal = Journal::open(&self.state_directory()).unwrap();
        Uploader::new(Client::new(options).unwrap(), 3, Some(journal))
    }

    async fn upload(&self, options: &UploadOptions) -> Result<Uploaded, Error> {
        let progress: Arc<dyn Progress> = Arc::clone(&self.progress) as _;
        let uploader = self.uploader();
        let path = self.file();
        let upload = Box::pin(uploader.upload(&path, options, progress));
        tokio::time::timeout(Duration::from_secs(20), upload).await.expect("the upload ends in time")
    }
}

fn strongroom_blake3(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

/// Adds up what an upload tells about itself.
#[derive(Debug, Default)]
struct Ledger(std::sync::Mutex<Sums>);

#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Sums {
    total: u64,
    /// Already there, plus sent, minus taken back.
    done: u64,
    already: u64,
    retries: u32,
}

impl Ledger {
    fn sums(&self) -> Sums {
        self.0.lock().unwrap().clone()
    }
}

impl Progress for Ledger {
    fn event(&self, event: Event<'_>) {
        let mut sums = self.0.lock().unwrap();
        match event {
            Event::Started { total_bytes, already_bytes } => {
                *sums = Sums { total: total_bytes, done: already_bytes, already: already_bytes, retries: sums.retries };
            }
            Event::Sent { bytes } => sums.done += bytes,
            Event::TakenBack { bytes } => sums.done -= bytes,
            Event::Retrying { .. } => sums.retries += 1,
            Event::Entered(_) => {}
        }
    }
}
