//! How much waits, for metrics.

use strongroom_core::clock::Timestamp;

use super::{Catalog, methods};
use crate::CatalogError;
use crate::records::JobDepth;

methods! {
    /// How many jobs of each kind wait, run, or are dead; kinds without any are left out. Those whose lease ran out before
    /// `overdue` are told apart.
    read depth::job_depths(now: Timestamp, overdue: Timestamp) -> Vec<JobDepth>;
}
