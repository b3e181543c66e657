//! What every request meets first and last: its id, the one shape of errors, and the end of panics.

use std::panic::AssertUnwindSafe;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;
use serde_json::{Value, json};
use tracing::Instrument as _;

use super::rate_limit::Tally;
use super::{leftover, request_id};
use crate::problem::Problem;
use crate::telemetry::{self, Answering, Route};

/// A problem travels to the edge as an extension of an empty answer; there it meets the request's id and gets its body.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// The edge as a layer of the router.
pub(super) async fn edge(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned().map_or(Route::Unmatched, Route::Routed);
    around(request, route, |request| next.run(request)).await
}

/// Has `handle` answer one request, in a span that every line logged for it belongs to.
pub(super) async fn around<F: Future<Output = Response>>(
    request: Request,
    route: Route,
    handle: impl FnOnce(Request) -> F,
) -> Response {
    let id = request_id::of(request.headers());
    let answering = Answering::new(request.method(), route);
    let span = telemetry::request_span(&id, &answering, request.headers());
    answer(request, handle, id, answering).instrument(span).await
}

async fn answer<F: Future<Output = Response>>(
    request: Request,
    handle: impl FnOnce(Request) -> F,
    id: String,
    answering: Answering,
) -> Response {
    // Shares the request's own bytes.
    let uri = request.uri().clone();
    let path = uri.path();
    let (mut request, leftover) = leftover::lend(request);
    let tally = Tally::default();
    request.extensions_mut().insert(tally.clone());
    let outcome = AssertUnwindSafe(handle(request)).catch_unwind().await;
    let mut response = outcome.unwrap_or_else(|_| Problem::internal("a handler panicked").into_response());
    let problem = response.extensions_mut().remove::<Problem>();
    let kind = problem.as_ref().map(|problem| problem.kind.wire().1);
    if let Some(problem) = problem {
        let status = problem.kind.wire().0;
        // What the operator can do nothing about, such as a write while a vault moves, has nothing private to tell.
        if let Some(private) = problem.private.as_deref().filter(|_| status >= 500) {
            tracing::error!(path, status, kind, private, "request failed");
        } else {
            tracing::debug!(path, status, kind, reason = problem.message, "request refused");
        }
        let headers = std::mem::take(response.headers_mut());
        response = problem_response(problem, &id);
        for (name, value) in headers.iter().filter(|(name, _)| *name == header::ALLOW || *name == header::CONTENT_RANGE)
        {
            response.headers_mut().insert(name, value.clone());
        }
    }
    tally.tell(response.headers_mut());
    if let Some(value) = request_id::field(&id) {
        response.headers_mut().insert("x-request-id", value);
    }
    // Who was too slow has had its time.
    if response.status() != StatusCode::REQUEST_TIMEOUT {
        leftover.linger();
    }
    answering.answered(response.status(), kind);
    // The access log. Not at `info`: thousands of deliveries a second are counted at less cost than they are written down.
    let (status, seconds) = (response.status().as_u16(), answering.seconds());
    tracing::debug!(target: "access", path, status, seconds, "answered");
    response
}

fn problem_response(problem: Problem, id: &str) -> Response {
    let retry_after = problem.retry_after_seconds();
    let (status, kind) = problem.kind.wire();
    let mut body = json!({
        "error": problem.message, "message": problem.message, "type": kind, "code": kind, "requestId": id,
    });
    if let (Some(details), Value::Object(body)) = (problem.details, &mut body) {
        body.insert("details".to_owned(), details);
    }
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, axum::Json(body)).into_response();
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
