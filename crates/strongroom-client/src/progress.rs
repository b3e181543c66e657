//! What an upload tells about itself while it runs.

use std::sync::Mutex;
use std::time::Duration;

/// Something that happened to one upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'a> {
    /// A session is open. Sent again, from the beginning, if the session has to be replaced.
    Started {
        /// The size of the file.
        total_bytes: u64,
        /// What the server has from an earlier run and is not sent again.
        already_bytes: u64,
    },
    /// Bytes went to the network.
    Sent {
        /// How many more.
        bytes: u64,
    },
    /// Bytes counted as sent did not arrive and will be sent again.
    TakenBack {
        /// How many fewer.
        bytes: u64,
    },
    /// A request failed and will be repeated.
    Retrying {
        /// After this wait.
        delay: Duration,
        /// How it failed.
        reason: &'a str,
    },
    /// The upload is at another stage.
    Entered(Stage),
}

/// What an upload is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The bytes are on their way.
    Sending,
    /// All bytes were sent; the server makes a media of them.
    Completing,
    /// The media exists; its renditions are being made.
    Waiting,
}

/// A listener to uploads. It is called from any thread and must return at once.
pub trait Progress: Send + Sync {
    /// Takes notice of one event.
    fn event(&self, event: Event<'_>);
}

/// A listener that does not care.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn event(&self, _event: Event<'_>) {}
}

/// Counts the bytes of one attempt, so that they can be taken back as a whole when it fails.
#[derive(Debug, Default)]
pub(crate) struct Meter(Mutex<Count>);

#[derive(Debug, Default)]
struct Count {
    bytes: u64,
    is_closed: bool,
}

impl Meter {
    /// Counts `bytes` as sent. After [`Meter::take_back`] this does nothing: the connection's task may still pull a
    /// block or two after the attempt was given up.
    pub(crate) fn sent(&self, bytes: u64, progress: &dyn Progress) {
        let mut count = self.lock();
        if !count.is_closed {
            count.bytes += bytes;
            progress.event(Event::Sent { bytes });
        }
    }

    /// Undoes everything counted so far, for good.
    pub(crate) fn take_back(&self, progress: &dyn Progress) {
        let mut count = self.lock();
        count.is_closed = true;
        if count.bytes > 0 {
            progress.event(Event::TakenBack { bytes: count.bytes });
        }
    }

    /// What was counted so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.lock().bytes
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Count> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
