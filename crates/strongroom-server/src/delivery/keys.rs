//! Where the signing keys are: in a file of the data directory, or, where several nodes sign and verify, in their catalog.

use std::io;
use std::path::PathBuf;
use std::time::SystemTime;

use strongroom_catalog::Catalog;
use strongroom_core::clock::Timestamp;
use strongroom_core::signed_url::{KeyRing, SigningKey};

use super::key_file;

/// How many keys are kept. URLs live for a day; whoever rotates more often than hourly ends them early.
pub(super) const MOST_KEYS: usize = 24;

/// Where the signing keys are.
#[derive(Clone)]
pub(crate) enum KeySource {
    /// Below this data directory.
    File(PathBuf),
    /// In the catalog.
    Catalog(Catalog),
}

impl KeySource {
    /// The keys; the first one is made if there is none.
    pub(crate) async fn load_or_create(&self, now: Timestamp) -> io::Result<KeyRing> {
        match self {
            Self::File(data_dir) => key_file::load_or_create(data_dir),
            Self::Catalog(catalog) => {
                let first = SigningKey::random();
                catalog
                    .first_signing_key(first.id().to_owned(), first.to_line(), now)
                    .await
                    .map_err(io::Error::other)?;
                self.load().await
            }
        }
    }

    /// The keys as they are now.
    pub(crate) async fn load(&self) -> io::Result<KeyRing> {
        match self {
            Self::File(data_dir) => key_file::load(data_dir),
            Self::Catalog(catalog) => {
                let lines = catalog.signing_keys().await.map_err(io::Error::other)?;
                ring(lines.iter().map(String::as_str), "the catalog")
            }
        }
    }

    /// Puts a new key first; the older ones go on verifying. Answers the new key's id.
    pub(crate) async fn rotate(&self, now: Timestamp) -> io::Result<String> {
        match self {
            Self::File(data_dir) => key_file::rotate(data_dir),
            Self::Catalog(catalog) => {
                let (key, most) = (SigningKey::random(), i64::try_from(MOST_KEYS).unwrap_or(i64::MAX));
                let added = catalog.add_signing_key(key.id().to_owned(), key.to_line(), now, most).await;
                added.map_err(io::Error::other)?;
                Ok(key.id().to_owned())
            }
        }
    }

    /// What has changed when the keys have, where that can be told without reading them.
    pub(super) fn stamp(&self) -> Option<SystemTime> {
        match self {
            Self::File(data_dir) => {
                std::fs::metadata(key_file::path(data_dir)).and_then(|metadata| metadata.modified()).ok()
            }
            Self::Catalog(_) => None,
        }
    }
}

/// The keys of `place`, a line each, the one that signs first.
pub(super) fn ring<'l>(lines: impl Iterator<Item = &'l str>, place: &str) -> io::Result<KeyRing> {
    let broken = || io::Error::other(format!("{place} holds a line that is no signing key"));
    let keys: Vec<SigningKey> = lines.map(SigningKey::from_line).collect::<Option<_>>().ok_or_else(broken)?;
    let mut keys = keys.into_iter();
    let active = keys.next().ok_or_else(|| io::Error::other(format!("{place} holds no signing key")))?;
    Ok(KeyRing::new(active, keys.collect()))
}
