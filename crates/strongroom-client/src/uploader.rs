//! Uploads: how many at once, with which options, and what comes of them.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::client::Client;
use crate::error::Error;
use crate::journal::Journal;
use crate::media::Media;
use crate::progress::{Event, Progress, Stage};
use crate::source::Source;
use crate::transfer::Transfer;

/// How one file is uploaded.
#[derive(Debug, Clone, Default)]
pub struct UploadOptions {
    /// The content type to announce; guessed from the file's name if `None`.
    pub content_type: Option<String>,
    /// How long to wait for the renditions.
    pub wait: Wait,
    /// Whether a media that already holds these bytes is the answer. Otherwise each upload makes a media of its own.
    pub skip_existing: bool,
    /// Whether each part carries a SHA-256, so that the server finds a bent part at once and not only at the end.
    /// Every part is read twice for it.
    pub content_digest: bool,
    /// Whether to send the bytes to the server's bucket itself, where the server offers that.
    pub direct: bool,
}

/// How long an upload waits for its media's renditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wait {
    /// Not at all: the answer is the media as the server has it when the bytes are complete.
    #[default]
    No,
    /// Until they are made or have failed, however long it takes.
    UntilSettled,
    /// The same, but at most this long.
    AtMost(Duration),
}

/// A finished upload.
#[derive(Debug, Clone, PartialEq)]
pub struct Uploaded {
    /// The media. It may not be ready, and it may have an error: that no media could be made of the bytes.
    pub media: Media,
    /// The BLAKE3 of the file in hex, which is what the server has, too.
    pub blake3: String,
}

/// Sends files to one server. What runs at the same time on one uploader shares its limits.
#[derive(Debug)]
pub struct Uploader {
    pub(crate) client: Client,
    pub(crate) journal: Option<Journal>,
    /// One permit per part on its way.
    pub(crate) lanes: Semaphore,
    /// One permit per file being sent; more than lanes would only open files early.
    slots: Semaphore,
    /// One permit per media being asked after. Without this bound a thousand uploads would be a thousand polls.
    waiters: Semaphore,
    pub(crate) parallel: usize,
}

impl Uploader {
    /// An uploader that sends at most `parallel` parts (at least one) at a time, over all its files, and that
    /// remembers sessions in `journal`; without one, an upload that is killed starts over.
    #[must_use]
    pub fn new(client: Client, parallel: usize, journal: Option<Journal>) -> Self {
        let parallel = parallel.clamp(1, Semaphore::MAX_PERMITS);
        let permits = || Semaphore::new(parallel);
        Self { client, journal, parallel, lanes: permits(), slots: permits(), waiters: permits() }
    }

    /// Uploads one file. Call it for many files at once: they wait for one another as the limits demand.
    ///
    /// # Errors
    /// Where the file cannot be read or changes, the server refuses or cannot be reached, or holds other bytes than
    /// the file's at the end. After any of these, and after a kill, the same call goes on where it ended.
    pub async fn upload(
        &self,
        path: &Path,
        options: &UploadOptions,
        progress: Arc<dyn Progress>,
    ) -> Result<Uploaded, Error> {
        // A slot is held while bytes are sent, and not while renditions are made: a film in the works must not keep
        // the line idle. A semaphore that is never closed always gives its permit.
        let slot = self.slots.acquire().await.ok();
        let source = Arc::new(Source::open(path).await?);
        let transfer = Transfer::new(self, source, options, progress);
        let uploaded = Box::pin(transfer.run()).await?;
        drop(slot);
        let media = match options.wait {
            Wait::No => uploaded.media,
            Wait::UntilSettled => self.wait(uploaded.media, None, &transfer).await?,
            Wait::AtMost(limit) => self.wait(uploaded.media, Some(limit), &transfer).await?,
        };
        // Only now: a run that is killed while it waits goes on waiting for this media instead of making another.
        transfer.forget().await;
        Ok(Uploaded { media, blake3: uploaded.blake3 })
    }

    /// Asks after a media, ever more slowly, until it is settled or the limit has passed.
    async fn wait(&self, mut media: Media, limit: Option<Duration>, transfer: &Transfer<'_>) -> Result<Media, Error> {
        const FIRST_PAUSE: Duration = Duration::from_millis(500);
        const LONGEST_PAUSE: Duration = Duration::from_secs(5);
        if media.is_settled() {
            return Ok(media);
        }
        transfer.progress().event(Event::Entered(Stage::Waiting));
        // Without a limit: as long as a duration can be.
        let polls = tokio::time::timeout(limit.unwrap_or(Duration::MAX), async {
            let _turn = self.waiters.acquire().await.ok();
            let mut pause = FIRST_PAUSE;
            while !media.is_settled() {
                tokio::time::sleep(pause).await;
                media = transfer.look(&media).await?;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            Ok::<(), Error>(())
        });
        // Past the limit the answer is the media as it was last seen.
        polls.await.unwrap_or(Ok(()))?;
        Ok(media)
    }
}
