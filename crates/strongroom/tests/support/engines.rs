//! Which engine a test's server runs on. TEST_POSTGRES is the URL of a PostgreSQL in which every server gets a database of its own,
//! without a name at its end; unset, the catalog is SQLite.

use std::process::Command;

use strongroom_core::id::UploadId;

/// What a new server is told beside what its test wants.
#[allow(clippy::disallowed_methods, reason = "a setting of the tests, not of the server")]
pub(crate) fn settings() -> Option<(String, String)> {
    let server = std::env::var("TEST_POSTGRES").ok()?;
    let name = format!("test_{}", UploadId::random().uuid().to_string().replace('-', ""));
    let created = Command::new("psql")
        .args(["-X", "-q", "-d", &format!("{server}/postgres"), "-c", &format!("create database {name}")])
        .status();
    assert!(created.expect("psql runs").success(), "the database {name} could not be made");
    Some(("STRONGROOM_DATABASE__URL".to_owned(), format!("{server}/{name}")))
}
