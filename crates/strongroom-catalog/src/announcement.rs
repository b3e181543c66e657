//! What nodes tell one another.

use strongroom_core::id::BlobKey;

/// What another node has committed. A hint to look at once: whoever hears nothing has to look now and then all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Announcement {
    /// There is a job that was not there before.
    Jobs,
    /// The renditions of this blob can be shown, or have failed.
    Settled(BlobKey),
    /// Any of the others may have been missed: this node listens from here on.
    Listening,
}

impl Announcement {
    /// Reads what the triggers of `migrations/postgres` send. What a newer node says in other words is nothing.
    pub(crate) fn read(payload: &str) -> Option<Self> {
        match payload.split_once(' ') {
            None if payload == "jobs" => Some(Self::Jobs),
            Some(("settled", key)) => key.parse().ok().map(Self::Settled),
            _ => None,
        }
    }
}
