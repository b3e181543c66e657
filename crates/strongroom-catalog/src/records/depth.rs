//! How much waits.

use strongroom_core::clock::Timestamp;
use strongroom_core::job::JobKind;

/// The jobs of one kind that have not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobDepth {
    /// Which kind.
    pub kind: JobKind,
    /// Those that wait, for a worker or for their time.
    pub ready: u64,
    /// Those under a lease, whether it holds or not.
    pub running: u64,
    /// Those that have used up their attempts.
    pub dead: u64,
    /// Those of the running ones whose lease ran out long ago.
    pub overdue: u64,
    /// When the one became due that has waited the longest, if one waits that may be begun.
    pub due: Option<Timestamp>,
}
