//! What log lines and traces belong to: a request, or an attempt at a job.
//!
//! Spans of the level `error`, so that a line has its request's id however little is logged.

use axum::http::HeaderMap;
use strongroom_catalog::records::ClaimedJob;
use tracing::Span;

use super::Answering;

/// A request's span. With traces, a child of the caller's (`traceparent`, www.w3.org/TR/trace-context).
pub(crate) fn request_span(id: &str, answering: &Answering, headers: &HeaderMap) -> Span {
    let (method, route) = (answering.method(), answering.route());
    let span = tracing::error_span!("request", request_id = id, method, route);
    #[cfg(feature = "otlp")]
    super::traces::continue_trace(&span, headers);
    #[cfg(not(feature = "otlp"))]
    let _ = headers;
    span
}

/// The span of an attempt at a job.
pub(crate) fn job_span(job: &ClaimedJob) -> Span {
    tracing::error_span!("job", job = job.id, kind = job.kind.as_str(), attempt = job.attempt)
}
