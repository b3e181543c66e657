//! The URLs of renditions: made here, and checked here.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use strongroom_catalog::records::{Media, PersonName, Rendition};
use strongroom_core::clock::Timestamp;
use strongroom_core::rendition::{RenditionFormat, RenditionName};
use strongroom_core::settings::Settings;
use strongroom_core::signed_url::{Grant, KeyRing, Rejected, Subject, expiry_bucket};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::keys::KeySource;

/// How long at least between two looks for keys that other nodes have made.
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// Makes and checks signed URLs.
#[derive(Clone)]
pub(crate) struct Urls {
    base: Arc<str>,
    lifetime: Duration,
    source: KeySource,
    ring: Arc<RwLock<Known>>,
    looks: Arc<Looks>,
}

/// The keys as they were last read.
struct Known {
    keys: KeyRing,
    stamp: Option<SystemTime>,
}

/// Looks for keys that are not known.
#[derive(Default)]
struct Looks {
    begun: AtomicU64,
    last: Mutex<Option<Instant>>,
}

impl Urls {
    /// Reads the signing keys; URLs start with `base`.
    pub(crate) async fn open(source: KeySource, base: &str, lifetime: Duration, now: Timestamp) -> io::Result<Self> {
        let (keys, stamp) = (source.load_or_create(now).await?, source.stamp());
        let ring = Arc::new(RwLock::new(Known { keys, stamp }));
        Ok(Self { base: base.into(), lifetime, source, ring, looks: Arc::default() })
    }

    /// The base of every URL handed out.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Takes over keys that were rotated since. Called now and then; keys that cannot be read change nothing.
    pub(crate) async fn reload(&self) {
        let stamp = self.source.stamp();
        if stamp.is_some() && stamp == self.ring.read().unwrap_or_else(PoisonError::into_inner).stamp {
            return;
        }
        match self.source.load().await {
            Ok(keys) => {
                *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Known { keys, stamp };
            }
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

    /// What a URL grants. One that is signed with a key that we do not know may come from another node that just rotated.
    pub(crate) async fn verify(
        &self,
        subject: Subject,
        file: &str,
        query: &str,
        now: Timestamp,
    ) -> Result<Grant, Rejected> {
        let looks = self.looks.begun.load(Ordering::Acquire);
        match self.verify_with_known(subject, file, query, now) {
            Err(Rejected::UnknownKey) => {}
            verified => return verified,
        }
        self.look_again(looks).await;
        self.verify_with_known(subject, file, query, now)
    }

    /// Reads the keys again, unless somebody has begun to since there were `looks` of it. One at a time and not too often, whoever
    /// invents names of keys; those who ask meanwhile wait for the same look.
    async fn look_again(&self, looks: u64) {
        let mut last = self.looks.last.lock().await;
        if self.looks.begun.load(Ordering::Acquire) != looks {
            return;
        }
        if let Some(last) = *last {
            tokio::time::sleep_until(last + BETWEEN_LOOKS).await;
        }
        self.looks.begun.fetch_add(1, Ordering::AcqRel);
        self.reload().await;
        *last = Some(Instant::now());
    }

    fn verify_with_known(&self, subject: Subject, file: &str, query: &str, now: Timestamp) -> Result<Grant, Rejected> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner).keys.verify(subject, file, query, now)
    }
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
        format!("{}{}", self.urls.base, ring.keys.sign(&grant))
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
