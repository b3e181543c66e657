//! Where a connection stands, and how long it may stay there. The service tells when a request's head is whole and when its
//! answer is sent; the stream looks here for the deadline of its next byte.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tower::Service;

use super::lending::Lending;
use crate::config::Deadlines;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nothing has come yet on a new connection.
    New,
    /// Between two requests.
    Idle,
    /// A request's head is coming.
    Head,
    /// A request is being served; its body has its own deadlines.
    Request,
}

/// Where a connection stands. Shared by its stream and its service.
#[derive(Clone)]
pub(super) struct Pace {
    now: Arc<Mutex<Now>>,
    pub(super) deadlines: Deadlines,
    /// What bodies of this connection have lent it.
    pub(super) lending: Lending,
}

struct Now {
    phase: Phase,
    /// How many phases there were before this one: two waits of the same kind have a deadline each.
    number: u64,
    /// Who waits for a byte, to be told when its deadline is another.
    reader: Option<Waker>,
}

impl Pace {
    pub(super) fn new(deadlines: Deadlines) -> Self {
        let now = Now { phase: Phase::New, number: 0, reader: None };
        Self { now: Arc::new(Mutex::new(now)), deadlines, lending: Lending::default() }
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, phase: Phase) {
        let mut now = self.now();
        (now.phase, now.number) = (phase, now.number + 1);
        // hyper begins to wait for the next request while this one is still being answered, and would not look again.
        if let Some(reader) = now.reader.take() {
            reader.wake();
        }
    }

    /// How long the stream may wait for a byte now, counted from when it began to; `None` while the handler minds that.
    /// The second value tells one wait from the next. Who asks is woken when the answer is another.
    pub(super) fn patience(&self, context: &Context<'_>) -> Option<(Duration, u64)> {
        let mut now = self.now();
        now.reader = Some(context.waker().clone());
        let patience = match now.phase {
            Phase::New => self.deadlines.first_byte,
            Phase::Idle => self.deadlines.keep_alive,
            Phase::Head => self.deadlines.head,
            Phase::Request => return None,
        };
        Some((patience, now.number))
    }

    /// A byte has come: if nothing was under way, a request's head is now.
    pub(super) fn heard(&self) {
        let mut now = self.now();
        if matches!(now.phase, Phase::New | Phase::Idle) {
            (now.phase, now.number) = (Phase::Head, now.number + 1);
        }
    }
}

/// The service of one connection, which keeps its [`Pace`].
#[derive(Clone)]
pub(super) struct Paced<S> {
    inner: S,
    pace: Pace,
}

impl<S> Paced<S> {
    pub(super) fn new(inner: S, pace: Pace) -> Self {
        Self { inner, pace }
    }
}

impl<S, B> Service<Request<B>> for Paced<S>
where
    S: Service<Request<B>, Response = Response>,
    S::Future: Send + 'static,
    S::Error: 'static,
{
    type Response = Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        self.pace.enter(Phase::Request);
        request.extensions_mut().insert(self.pace.lending.clone());
        let (answering, pace) = (self.inner.call(request), self.pace.clone());
        Box::pin(async move {
            let sent = Sent(pace);
            Ok(answering.await?.map(|inner| Body::new(PacedBody { inner, _sent: sent })))
        })
    }
}

/// An answer's body. When it is dropped it has been sent, or never will be.
struct PacedBody {
    inner: Body,
    _sent: Sent,
}

struct Sent(Pace);

impl Drop for Sent {
    fn drop(&mut self) {
        self.0.enter(Phase::Idle);
    }
}

impl HttpBody for PacedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.inner).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
