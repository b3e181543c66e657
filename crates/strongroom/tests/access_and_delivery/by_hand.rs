//! The database, changed by hand: what operators will do with commands that do not exist yet.

use std::process::Command;

use crate::support::Server;

/// Runs statements, as another process that has opened the same file.
#[allow(clippy::disallowed_methods, reason = "starts no decoder: a test's own hand in its own database")]
pub(crate) fn by_hand(server: &Server, statements: &str) {
    // Python has SQLite in its standard library; a crate that speaks SQL may be linked by strongroom-catalog alone.
    const SCRIPT: &str = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=5).executescript(sys.argv[2])";
    let catalog = server.data().join("catalog.db");
    let status = Command::new("python3").args(["-c", SCRIPT]).arg(catalog).arg(statements).status().unwrap();
    assert!(status.success());
}
