//! The URLs of renditions: made here, and checked here.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use strongroom_catalog::records::{Media, PersonName, Rendition};
use strongroom_core::clock::Timestamp;
use strongroom_core::rendition::{RenditionFormat, RenditionName};
use strongroom_core::settings::Settings;
use strongroom_core::signed_url::{Grant, KeyRing, Rejected, Subject, expiry_bucket};

use super::key_file;

/// Makes and checks signed URLs.
#[derive(Clone)]
pub(crate) struct Urls {
    base: Arc<str>,
    lifetime: Duration,
    data_dir: PathBuf,
    ring: Arc<RwLock<(KeyRing, Option<SystemTime>)>>,
}

impl Urls {
    /// Reads the signing keys below `data_dir`; URLs start with `base`.
    pub(crate) fn open(data_dir: &Path, base: &str, lifetime: Duration) -> io::Result<Self> {
        let ring = key_file::load_or_create(data_dir)?;
        let changed_at = changed_at(data_dir);
        let ring = Arc::new(RwLock::new((ring, changed_at)));
        Ok(Self { base: base.into(), lifetime, data_dir: data_dir.to_owned(), ring })
    }

    /// The base of every URL handed out.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Takes over keys that were rotated since. Called now and then; a key file that cannot be read changes nothing.
    pub(crate) fn reload(&self) {
        let changed_at = changed_at(&self.data_dir);
        if changed_at == self.ring.read().unwrap_or_else(PoisonError::into_inner).1 {
            return;
        }
        match key_file::load(&self.data_dir) {
            Ok(ring) => *self.ring.write().unwrap_or_else(PoisonError::into_inner) = (ring, changed_at),
            Err(error) => tracing::error!(%error, "the signing keys could not be read again; the old ones stay in use"),
        }
    }

    /// A maker of URLs for one media's renditions.
    pub(crate) fn signer(&self, settings: &Settings, media: &Media, now: Timestamp) -> Signer<'_> {
        self.signer_of(settings, Subject::Media(media.id), media.url_version, now)
    }

    /// A maker of URLs for someone's avatar.
    pub(crate) fn signer_of_person(&self, settings: &Settings, person: &PersonName, now: Timestamp) -> Signer<'_> {
        self.signer_of(settings, Subject::Person(person.id), person.url_version, now)
    }

    fn signer_of(&self, settings: &Settings, subject: Subject, version: i64, now: Timestamp) -> Signer<'_> {
        let own = settings.delivery_ttl_seconds.map(|seconds| Duration::from_secs(seconds.into()));
        Signer { urls: self, subject, version, expires: expiry_bucket(now, own.unwrap_or(self.lifetime)) }
    }

    /// What a URL grants.
    pub(crate) fn verify(&self, subject: Subject, file: &str, query: &str, now: Timestamp) -> Result<Grant, Rejected> {
        let ring = self.ring.read().unwrap_or_else(PoisonError::into_inner);
        ring.0.verify(subject, file, query, now)
    }
}

fn changed_at(data_dir: &Path) -> Option<SystemTime> {
    std::fs::metadata(key_file::path(data_dir)).and_then(|metadata| metadata.modified()).ok()
}

/// Makes URLs for the renditions of one media, or of one avatar.
pub(crate) struct Signer<'a> {
    urls: &'a Urls,
    subject: Subject,
    version: i64,
    expires: i64,
}

impl Signer<'_> {
    /// Until when its URLs are good.
    pub(crate) fn expires(&self) -> Timestamp {
        Timestamp::from_millis(self.expires.saturating_mul(1000))
    }

    /// The URL of one rendition.
    pub(crate) fn url(&self, rendition: &Rendition) -> String {
        self.url_of(rendition.name, rendition.format)
    }

    /// The URL of the rendition of this name and format.
    pub(crate) fn url_of(&self, name: RenditionName, format: RenditionFormat) -> String {
        let file = file_name(name, format);
        let grant = Grant { subject: self.subject, file, expires: self.expires, version: self.version };
        let ring = self.urls.ring.read().unwrap_or_else(PoisonError::into_inner);
        format!("{}{}", self.urls.base, ring.0.sign(&grant))
    }
}

fn file_name(name: RenditionName, format: RenditionFormat) -> String {
    format!("{name}.{}", format.extension())
}

/// The rendition that a file name in a URL names.
pub(crate) fn parse_file_name(file: &str) -> Option<(RenditionName, &str)> {
    let (name, extension) = file.rsplit_once('.')?;
    Some((name.parse().ok()?, extension))
}
