//! What the program talks to: the database, the store, the clock, the network.

use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use rustix::process::{Resource, getrlimit};
use strongroom_core::clock::Timestamp;

use super::Finding;
use crate::app::{open_catalog, open_store};
use crate::config::Config;

/// Before the first line of this program was written, and when its links and forms are hardly meant.
const SANE_TIMES: std::ops::Range<i64> = 1_735_689_600_000..4_102_444_800_000;

/// A lease lasts for twelve seconds: machines that differ by more take jobs from one another.
const MOST_SKEW: Duration = Duration::from_secs(10);

/// What ought not be, and harms nothing yet.
const SOME_SKEW: Duration = Duration::from_secs(1);

/// Files that are open beside connections and what they read.
const OTHER_FILES: u64 = 256;

pub(super) async fn database(data_dir: &Path, config: &Config, now: Timestamp) -> Vec<Finding> {
    let mut findings = vec![Finding::judge(
        "clock",
        SANE_TIMES.contains(&now.as_millis()),
        now.to_rfc3339(),
        "set it, and keep it right with chrony or systemd-timesyncd",
    )];
    let about = match open_catalog(data_dir, &config.database).await {
        Err(error) => {
            findings.push(Finding::fail("catalog", error.to_string(), "without its catalog the server does not start"));
            return findings;
        }
        Ok(catalog) => catalog.about().await,
    };
    let about = match about {
        Err(error) => {
            findings.push(Finding::fail("catalog", error.to_string(), "the database has to answer"));
            return findings;
        }
        Ok(about) => about,
    };
    findings.push(Finding::ok("catalog", about.engine));
    for (complaint, remedy) in about.complaints {
        findings.push(Finding::warn("catalog", complaint, remedy));
    }
    findings.extend(about.now.map(|theirs| skew(now, theirs)));
    findings
}

fn skew(ours: Timestamp, theirs: Timestamp) -> Finding {
    let skew = Duration::from_millis(ours.as_millis().abs_diff(theirs.as_millis()));
    let detail = format!("the database's clock differs by {skew:?}");
    let remedy = "keep the clocks of all machines right with chrony or systemd-timesyncd";
    match skew {
        _ if skew > MOST_SKEW => Finding::fail("clock", detail, remedy),
        _ if skew > SOME_SKEW => Finding::warn("clock", detail, remedy),
        _ => Finding::ok("clock", detail),
    }
}

/// Opening a bucket writes, reads, lists, begins a multipart upload and deletes.
pub(super) async fn store(data_dir: &Path, config: &Config) -> Finding {
    match (open_store(data_dir, &config.store).await, &config.store.bucket) {
        (Err(error), Some(_)) => {
            let remedy = "the key needs to put, get, list and delete objects, and to list and abort multipart uploads";
            Finding::fail("store", error.to_string(), remedy)
        }
        (Err(error), None) => Finding::fail("store", error.to_string(), "let this user write the data directory"),
        (Ok(_), None) => Finding::ok("store", "the data directory"),
        (Ok(_), Some(_)) => Finding::ok(
            "store",
            "the bucket: an object was put, read, listed and deleted, a multipart upload begun and aborted",
        ),
    }
}

pub(super) fn port(config: &Config) -> Finding {
    let address = config.server.listen;
    match TcpListener::bind(address) {
        Ok(_) => Finding::ok("port", format!("{address} is free")),
        Err(error) => {
            let remedy = "right where a server runs already; else set server.listen, or stop who has it";
            Finding::warn("port", format!("{address}: {error}"), remedy)
        }
    }
}

/// A connection is a file, and so is what it is sent.
pub(super) fn open_files(config: &Config) -> Finding {
    let wanted = config.server.max_connections as u64 * 2 + OTHER_FILES;
    let limit = getrlimit(Resource::Nofile).current;
    let detail =
        limit.map_or_else(|| "no limit".to_owned(), |limit| format!("{limit} may be open, {wanted} may be wanted"));
    if limit.is_none_or(|limit| limit >= wanted) {
        return Finding::ok("open files", detail);
    }
    Finding::warn(
        "open files",
        detail,
        "LimitNOFILE=65536 in the unit, or `ulimit -n`, or lower server.max_connections",
    )
}
