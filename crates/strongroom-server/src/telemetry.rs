//! What the server tells its operator: metrics, logs and traces.
//!
//! Labels and fields come from fixed sets or are ids of our own making. Never a key, a signature, a header's value or a URL's
//! query; file names at `debug` at most.

mod counts;
mod exposition;
mod json_lines;
mod log;
mod metric;
mod process;
mod queues;
mod recorder;
mod requests;
mod spans;
#[cfg(feature = "otlp")]
mod traces;

pub(crate) use counts::{
    Counted, OpenConnection, attempt_ended, catalog_failed, connection_refused, part_taken, store_failed, sweep_failed,
    upload_completed,
};
pub(crate) use exposition::expose;
pub use log::{Telemetry, start};
pub use metric::metrics_page;
pub(crate) use requests::{Answering, DELIVERY, ORIGINAL, Route};
pub(crate) use spans::{job_span, request_span};
