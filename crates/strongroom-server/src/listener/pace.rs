//! Where a connection stands, and how long it may stay there. The service tells when a request's head is whole and when its
//! answer is sent; the stream looks here for the deadline of its next byte.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::time::Instant;
use tower::Service;

use super::alarm::Alarm;
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
    /// When it began.
    since: Instant,
    /// Who waits for a byte, and what wakes it if none comes.
    reader: Option<Waker>,
    alarm: Alarm,
}

impl Pace {
    pub(super) fn new(deadlines: Deadlines) -> Self {
        let now = Now { phase: Phase::New, since: Instant::now(), reader: None, alarm: Alarm::default() };
        Self { now: Arc::new(Mutex::new(now)), deadlines, lending: Lending::default() }
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, phase: Phase) {
        let mut now = self.now();
        (now.phase, now.since) = (phase, Instant::now());
        // hyper begins to wait for the next request while this one is still being answered, and would not look again.
        if self.deadline(&now).is_some_and(|deadline| !now.alarm.will_ring_by(deadline))
            && let Some(reader) = now.reader.take()
        {
            reader.wake();
        }
    }

    /// By when the stream has to get a byte; `None` while the handler minds that.
    fn deadline(&self, now: &Now) -> Option<Instant> {
        let patience = match now.phase {
            Phase::New => self.deadlines.first_byte,
            Phase::Idle => self.deadlines.keep_alive,
            Phase::Head => self.deadlines.head,
            Phase::Request => return None,
        };
        Some(now.since + patience)
    }

    /// Whether the stream has waited too long for a byte. If it has not, it will be woken when it has.
    pub(super) fn is_too_late(&self, context: &mut Context<'_>) -> bool {
        let mut now = self.now();
        if !now.reader.as_ref().is_some_and(|reader| reader.will_wake(context.waker())) {
            now.reader = Some(context.waker().clone());
        }
        let deadline = self.deadline(&now);
        deadline.is_some_and(|deadline| now.alarm.rings(deadline, context))
    }

    /// A byte has come: if nothing was under way, a request's head is now.
    pub(super) fn heard(&self) {
        let mut now = self.now();
        if matches!(now.phase, Phase::New | Phase::Idle) {
            (now.phase, now.since) = (Phase::Head, Instant::now());
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
