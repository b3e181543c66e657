//! The rows: a copy of the SQLite file, or what `pg_dump` makes of a PostgreSQL database.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Output};

use strongroom_catalog::Catalog;

use crate::maintenance::MaintenanceError;

/// The copy of an SQLite catalog.
const SQLITE: &str = "catalog.db";
/// The copy of a PostgreSQL catalog, in the archive format of `pg_dump`.
const POSTGRES: &str = "catalog.pgdump";

/// Copies all rows, as they are at one moment, into `snapshot`.
pub(super) async fn dump(catalog: &Catalog, url: Option<&str>, snapshot: &Path) -> Result<(), MaintenanceError> {
    let Some(url) = url else {
        let to = snapshot.join(SQLITE);
        // SQLite would make it readable for whoever the umask lets.
        super::files::create(&to)?;
        catalog.copy_into(&to).await?;
        // SQLite does not sync what it copies.
        return File::open(&to).and_then(|file| file.sync_all()).map_err(MaintenanceError::at(&to));
    };
    let to = snapshot.join(POSTGRES);
    super::files::create(&to)?;
    let arguments = ["--format=custom", "--no-owner", "--no-privileges", "--file"];
    run("pg_dump", url, arguments.map(str::as_ref).into_iter().chain([to.as_os_str()])).await?;
    File::open(&to).and_then(|file| file.sync_all()).map_err(MaintenanceError::at(&to))
}

/// Puts the rows of a snapshot where this vault keeps its rows: all of them, or none.
pub(in crate::maintenance) async fn restore_dump(
    snapshot: &Path,
    url: Option<&str>,
    catalog: &Path,
) -> Result<(), MaintenanceError> {
    let name = if url.is_some() { POSTGRES } else { SQLITE };
    let from = snapshot.join(name);
    if !from.exists() {
        let (has, wants) = if url.is_some() { ("SQLite", "PostgreSQL") } else { ("PostgreSQL", "SQLite") };
        return Err(MaintenanceError::Refused(format!(
            "this backup is of a vault on {has}, and cannot be restored to {wants}: restore it as it was, then move it"
        )));
    }
    let Some(url) = url else {
        for ending in ["", "-wal", "-shm"] {
            let mut stale = catalog.as_os_str().to_owned();
            stale.push(ending);
            if Path::new(&stale).exists() {
                std::fs::remove_file(&stale).map_err(MaintenanceError::at(Path::new(&stale)))?;
            }
        }
        return super::files::copy_verified(&from, catalog, None).map(drop);
    };
    // No comments: the one on an extension takes its owner, who may be a superuser.
    let arguments = ["--no-owner", "--no-privileges", "--no-comments", "--exit-on-error", "--single-transaction"];
    run("pg_restore", url, arguments.map(str::as_ref).into_iter().chain([from.as_os_str()])).await
}

/// Runs a tool of PostgreSQL's on a database. Its password is told by the environment: other users can read command lines.
async fn run<'a>(
    tool: &'static str,
    url: &str,
    arguments: impl Iterator<Item = &'a std::ffi::OsStr>,
) -> Result<(), MaintenanceError> {
    let (url, password) = without_password(url);
    #[allow(
        clippy::disallowed_methods,
        reason = "no media is read here; a tool of the operator's, waited for to its end"
    )]
    let mut command = Command::new(tool);
    command.arg(format!("--dbname={url}")).args(arguments);
    if let Some(password) = password {
        command.env("PGPASSWORD", password);
    }
    let running = tokio::task::spawn_blocking(move || command.output());
    let ended = running.await.map_err(|error| MaintenanceError::Refused(error.to_string()))?;
    match ended {
        Ok(Output { status, .. }) if status.success() => Ok(()),
        Ok(Output { stderr, .. }) => {
            Err(MaintenanceError::Refused(format!("{tool}: {}", String::from_utf8_lossy(&stderr).trim())))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(MaintenanceError::Refused(format!(
            "{tool} is not installed: it is part of PostgreSQL's client, which should be as new as the server"
        ))),
        Err(error) => Err(MaintenanceError::Refused(format!("{tool}: {error}"))),
    }
}

/// The URL without its password, and that.
pub(in crate::maintenance) fn without_password(url: &str) -> (String, Option<String>) {
    let plain = || (url.to_owned(), None);
    let Some((scheme, rest)) = url.split_once("://") else { return plain() };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let Some(at) = rest.get(..end).and_then(|authority| authority.rfind('@')) else { return plain() };
    let Some((user, password)) = rest.get(..at).and_then(|who| who.split_once(':')) else { return plain() };
    (format!("{scheme}://{user}{}", rest.get(at..).unwrap_or_default()), Some(decode(password)))
}

/// Undoes the percent-encoding that a URL needs (RFC 3986, 2.1).
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let coded = after.get(..2).filter(|_| *first == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        match coded.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_taken_out_of_a_url() {
        let cases = [
            ("postgres://u:p%40ss@h:5/db?x=1", ("postgres://u@h:5/db?x=1", Some("p@ss"))),
            ("postgres://u@h/db", ("postgres://u@h/db", None)),
            ("postgres://h/db?options=a:b@c", ("postgres://h/db?options=a:b@c", None)),
        ];
        for (url, (plain, password)) in cases {
            assert_eq!(without_password(url), (plain.to_owned(), password.map(str::to_owned)), "{url}");
        }
    }
}
