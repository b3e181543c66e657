//! The S3 servers that the suite runs against: SeaweedFS always, and Garage in the long run, which names it in
//! `STRONGROOM_TEST_GARAGE` and asks for ignored tests.
//!
//! One SeaweedFS serves all tests of a run, each below a prefix of its own. Whoever needs it and finds none starts it; a
//! watchdog ends it half a minute after the last test. A machine without it fails: nothing is skipped.

mod garage;
mod weed;

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use strongroom_store::{BucketOptions, Store, StoreError};

#[allow(unused_imports, reason = "not every suite runs against it")]
pub use garage::garage;
pub use weed::weed;

/// A server, as a test needs to know it.
#[derive(Clone)]
pub struct Server {
    pub endpoint: String,
    pub key: String,
    pub secret: String,
    pub region: String,
    pub bucket: String,
}

impl Server {
    /// How to reach it, below a prefix that nobody else has.
    pub fn options(&self) -> BucketOptions {
        let prefix = strongroom_core::id::UploadId::random().uuid();
        BucketOptions {
            endpoint: Some(self.endpoint.clone()),
            access_key_id: Some(self.key.clone()),
            secret_access_key: Some(self.secret.clone()),
            path_style: true,
            ..BucketOptions::new(&format!("s3://{}/{prefix}", self.bucket), &self.region)
        }
    }

    /// Waits until it answers: it may have been started a moment ago.
    fn awaited(self) -> Self {
        let began = Instant::now();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let home = tempfile::tempdir().unwrap();
        loop {
            match runtime.block_on(Store::open_bucket(&self.options(), home.path())) {
                Ok(_) => return self,
                Err(error) => {
                    assert!(began.elapsed() < Duration::from_secs(60), "the S3 server does not come up: {error}")
                }
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

/// Opens a store of `server`, and tells where its scratch directories are.
pub fn open(server: Server) -> (tempfile::TempDir, Store) {
    let home = tempfile::tempdir().unwrap();
    // A thread, since the tests call this from within a runtime.
    let (options, root) = (server.options(), home.path().to_owned());
    (home, on_a_thread(move || block_on(Store::open_bucket(&options, &root)).unwrap()))
}

fn block_on<T>(future: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

pub fn on_a_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    std::thread::spawn(work).join().unwrap()
}

/// Where what the tests share lies.
fn shared_directory(name: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&directory).unwrap();
    directory
}

/// A port such that `count` from it on are free, and as many `and_beyond` them.
fn free_ports(count: u16, and_beyond: u16) -> u16 {
    let is_free = |port| TcpListener::bind(("127.0.0.1", port)).is_ok();
    let seed = std::process::id() as u16 % 1000 * 10;
    let mut bases = (0..1000).map(|step| 12_000 + (seed + step * 10) % 10_000);
    bases.find(|base| (*base..*base + count).all(|port| is_free(port) && is_free(port + and_beyond))).unwrap()
}
