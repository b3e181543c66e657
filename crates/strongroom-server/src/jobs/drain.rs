//! The end of the process in two steps: first nothing new is begun, then what still runs is cut off.

use tokio::sync::watch;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Running,
    Draining,
    Over,
}

/// Says how far the end has come. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Drain {
    phase: watch::Sender<Phase>,
}

impl Default for Drain {
    fn default() -> Self {
        Self { phase: watch::channel(Phase::Running).0 }
    }
}

impl Drain {
    /// Nothing new is begun from now on.
    pub(crate) fn begin(&self) {
        self.phase.send_replace(Phase::Draining);
    }

    /// What still runs is cut off now.
    pub(crate) fn end(&self) {
        self.phase.send_replace(Phase::Over);
    }

    /// Whether it has begun.
    pub(crate) fn is_draining(&self) -> bool {
        *self.phase.borrow() >= Phase::Draining
    }

    /// Resolves when it has begun.
    pub(crate) async fn begun(&self) {
        self.reached(Phase::Draining).await;
    }

    /// Resolves when it is over.
    pub(crate) async fn over(&self) {
        self.reached(Phase::Over).await;
    }

    async fn reached(&self, phase: Phase) {
        // The sender lives in `self`, so the wait cannot fail.
        drop(self.phase.subscribe().wait_for(|now| *now >= phase).await);
    }
}
