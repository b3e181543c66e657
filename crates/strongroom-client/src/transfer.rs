//! One file on its way: find or open a session, send what is missing, complete, and compare the digests.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::stream::{self, TryStreamExt as _};
use strongroom_core::id::UploadId;
use strongroom_core::upload::PartRange;

use crate::body::Parcel;
use crate::content_type::guess_content_type;
use crate::error::Error;
use crate::journal::{Fingerprint, Journal};
use crate::media::Media;
use crate::progress::{Event, Progress, Stage};
use crate::retry::persevere;
use crate::session::Session;
use crate::source::{Source, blocking};
use crate::uploader::{UploadOptions, Uploaded, Uploader, Wait};
use crate::wire::MissingRange;

/// The longest that the contract lets `complete` wait for renditions.
const COMPLETE_WAIT: Duration = Duration::from_secs(25);

/// How often parts are sent that the server acknowledged and then calls missing.
const COMPLETE_ROUNDS: u32 = 3;

/// The upload of one file.
pub(crate) struct Transfer<'a> {
    uploader: &'a Uploader,
    source: Arc<Source>,
    options: &'a UploadOptions,
    progress: Arc<dyn Progress>,
    fingerprint: Fingerprint,
    /// The session that became the media, once known.
    finished: OnceLock<UploadId>,
}

impl<'a> Transfer<'a> {
    pub(crate) fn new(
        uploader: &'a Uploader,
        source: Arc<Source>,
        options: &'a UploadOptions,
        progress: Arc<dyn Progress>,
    ) -> Self {
        let fingerprint = Fingerprint::new(uploader.client.base(), uploader.client.connection(), &source);
        Self { uploader, source, options, progress, fingerprint, finished: OnceLock::new() }
    }

    pub(crate) fn progress(&self) -> &dyn Progress {
        &*self.progress
    }

    /// Brings the file to the server and answers once the server has exactly its bytes.
    pub(crate) async fn run(&self) -> Result<Uploaded, Error> {
        if self.options.skip_existing {
            let etag = self.source.blake3_hex().await?;
            let existing = self.uploader.client.check(etag, self.source.size_bytes(), self.progress()).await?;
            if let Some(media) = existing {
                return self.verify(media).await;
            }
        }
        if let Some(session) = self.find_session().await? {
            match self.finish(&session).await {
                // It went away between our question and now.
                Err(error) if error.is_session_gone() => self.forget().await,
                outcome => return outcome,
            }
        }
        let session = self.open_session().await?;
        self.finish(&session).await
    }

    /// Forgets the session: it is done, or of no use.
    pub(crate) async fn forget(&self) {
        let fingerprint = self.fingerprint.clone();
        self.journal(move |journal| journal.forget(&fingerprint)).await;
    }

    /// The media's current state. A key that may upload but not read the vault sees it through its session.
    pub(crate) async fn look(&self, media: &Media) -> Result<Media, Error> {
        let client = &self.uploader.client;
        match (client.media(id_of(media)?, self.progress()).await, self.finished.get()) {
            (Err(Error::Refused(refusal)), Some(id)) if refusal.status == 403 => {
                let state = client.session(*id, self.progress()).await?;
                state.media.ok_or(Error::Refused(refusal))
            }
            (outcome, _) => outcome,
        }
    }

    async fn find_session(&self) -> Result<Option<Session>, Error> {
        let fingerprint = self.fingerprint.clone();
        let Some(id) = self.journal(move |journal| journal.find(&fingerprint)).await.flatten() else {
            return Ok(None);
        };
        let session = Session::find(&self.uploader.client, id, self.source.size_bytes(), self.progress()).await?;
        tracing::debug!(%id, found = session.is_some(), "an earlier run began this upload");
        Ok(session)
    }

    async fn open_session(&self) -> Result<Session, Error> {
        let path = self.source.path();
        let filename = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        let content_type = self.options.content_type.as_deref().unwrap_or_else(|| guess_content_type(path));
        let size_bytes = self.source.size_bytes();
        let client = &self.uploader.client;
        let opened = client.init(&filename, size_bytes, content_type, self.options.direct, self.progress()).await?;
        let session = Session::opened(&opened, size_bytes)?;
        let (fingerprint, id) = (self.fingerprint.clone(), session.id);
        if let Some(Err(error)) = self.journal(move |journal| journal.record(&fingerprint, id)).await {
            // Worth a word, not the upload: only a kill from here on would cost more.
            tracing::warn!(%error, "this upload cannot be resumed: the journal cannot be written");
        }
        Ok(session)
    }

    /// Takes a session to its end.
    async fn finish(&self, session: &Session) -> Result<Uploaded, Error> {
        let outcome = self.send_complete_verify(session).await;
        match &outcome {
            Ok(_) => {
                self.finished.get_or_init(|| session.id);
            }
            // The session holds a mixture of two versions: of no use, and it should not eat quota until it expires.
            Err(Error::FileChanged) => {
                self.uploader.client.abort(session.id).await;
                self.forget().await;
            }
            Err(Error::DigestMismatch { .. }) => self.forget().await,
            Err(_) => {}
        }
        outcome
    }

    async fn send_complete_verify(&self, session: &Session) -> Result<Uploaded, Error> {
        let media = match &session.media {
            Some(media) => media.clone(),
            None => self.send_and_complete(session).await?,
        };
        self.verify(media).await
    }

    async fn send_and_complete(&self, session: &Session) -> Result<Media, Error> {
        let total_bytes = self.source.size_bytes();
        let already_bytes = total_bytes - sum_of_lengths(&session.missing).min(total_bytes);
        self.progress.event(Event::Started { total_bytes, already_bytes });
        self.progress.event(Event::Entered(Stage::Sending));
        // The digest is of a second reading, beside the one that sends: what differs between the two is found, too.
        tokio::try_join!(self.send(session, session.missing.clone()), self.source.blake3_hex())?;
        for _ in 0..COMPLETE_ROUNDS {
            self.source.ensure_unchanged()?;
            self.progress.event(Event::Entered(Stage::Completing));
            let wait = (self.options.wait != Wait::No).then_some(COMPLETE_WAIT);
            let refusal = match self.uploader.client.complete(session.id, wait, self.progress()).await {
                Ok(Some(media)) => return Ok(media),
                Ok(None) => return self.media_of(session.id).await,
                Err(Error::Refused(refusal)) => refusal,
                Err(error) => return Err(error),
            };
            let Some(ranges) = refusal.missing_parts() else { return Err(Error::Refused(refusal)) };
            let missing = named(&session.parts, &ranges);
            if missing.is_empty() {
                return Err(Error::Refused(refusal));
            }
            tracing::debug!(parts = missing.len(), "the server misses parts; they are sent again");
            self.progress.event(Event::TakenBack { bytes: sum_of_lengths(&missing) });
            self.progress.event(Event::Entered(Stage::Sending));
            self.send(session, missing).await?;
        }
        Err(Error::PartsKeepMissing { rounds: COMPLETE_ROUNDS })
    }

    /// Sends `parts`, several at a time; the first that fails for good ends the others.
    async fn send(&self, session: &Session, parts: Vec<PartRange>) -> Result<(), Error> {
        stream::iter(parts.into_iter().map(Ok))
            .try_for_each_concurrent(self.uploader.parallel, |part| self.send_part(session, part))
            .await
    }

    async fn send_part(&self, session: &Session, part: PartRange) -> Result<(), Error> {
        let client = &self.uploader.client;
        let (id, number) = (session.id.to_string(), part.number.to_string());
        let url = match session.is_single {
            true => client.url(&["uploads", &id]),
            false => client.url(&["uploads", &id, "parts", &number]),
        };
        let content_digest = match self.options.content_digest && !session.is_direct {
            true => self.source.content_digest(part).await?,
            false => None,
        };
        let parcel = Parcel { url, part, content_digest, is_direct: session.is_direct };
        let outcome = persevere(&client.retry, self.progress(), || async {
            // Per attempt, so that a part that waits for its next one gives its lane to another.
            let _lane = self.uploader.lanes.acquire().await.ok();
            if !session.is_direct {
                return client.put(&parcel, &self.source, &self.progress).await;
            }
            let url = client.direct_url(session.id, part, self.progress()).await?;
            client.put(&Parcel { url, content_digest: None, ..parcel }, &self.source, &self.progress).await
        })
        .await;
        match outcome {
            // Completed already: by our own single PUT whose answer was lost, or by another run. `complete` will tell.
            Err(error) if error.is_session_closed() => Ok(()),
            outcome => outcome,
        }
    }

    /// The media of a session whose `complete` was answered without one, which the contract allows.
    async fn media_of(&self, id: UploadId) -> Result<Media, Error> {
        let state = self.uploader.client.session(id, self.progress()).await?;
        state.media.ok_or_else(|| Error::Protocol("the upload is complete and has no media".to_owned()))
    }

    /// Compares the server's digest of the whole file with ours.
    async fn verify(&self, media: Media) -> Result<Uploaded, Error> {
        let media_id = id_of(&media)?;
        let local = self.source.blake3_hex().await?.to_owned();
        let remote = media.etag().ok_or_else(|| Error::Protocol("the media has no etag to compare".to_owned()))?;
        if !remote.eq_ignore_ascii_case(&local) {
            return Err(Error::DigestMismatch { media_id, local, remote: remote.to_owned() });
        }
        Ok(Uploaded { media, blake3: local })
    }

    /// Does something with the journal, if there is one, where blocking is allowed.
    async fn journal<T: Send + 'static>(&self, work: impl FnOnce(&Journal) -> T + Send + 'static) -> Option<T> {
        let journal = self.uploader.journal.clone()?;
        blocking(move || Ok(work(&journal))).await.ok()
    }
}

fn id_of(media: &Media) -> Result<i64, Error> {
    media.id().ok_or_else(|| Error::Protocol("the media has no id".to_owned()))
}

fn sum_of_lengths(parts: &[PartRange]) -> u64 {
    parts.iter().map(|part| part.length).sum()
}

/// The parts whose numbers are in one of `ranges`.
fn named(parts: &[PartRange], ranges: &[MissingRange]) -> Vec<PartRange> {
    let is_named = |part: &&PartRange| ranges.iter().any(|range| (range.from..=range.to).contains(&part.number));
    parts.iter().filter(is_named).copied().collect()
}
