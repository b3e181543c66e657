//! Wakes idle workers of this process the moment a job is committed.

use tokio::sync::watch;

/// The bell. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Wake {
    sender: watch::Sender<u64>,
}

/// A worker's ear: hears every ring since it last listened, also those while it was busy.
pub(crate) struct Ear {
    receiver: watch::Receiver<u64>,
}

impl Default for Wake {
    fn default() -> Self {
        Self { sender: watch::channel(0).0 }
    }
}

impl Wake {
    /// Rings.
    pub(crate) fn wake(&self) {
        self.sender.send_modify(|rings| *rings = rings.wrapping_add(1));
    }

    /// A new ear.
    pub(crate) fn ear(&self) -> Ear {
        Ear { receiver: self.sender.subscribe() }
    }
}

impl Ear {
    /// Resolves at the next ring. Never, once nobody can ring any more.
    pub(crate) async fn listen(&mut self) {
        if self.receiver.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
