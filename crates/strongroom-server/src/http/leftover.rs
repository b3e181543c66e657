//! What is left of a request's body when its answer is made: read on for a while and thrown away, so that a client which
//! sends first and reads later meets the answer and not a reset connection.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::header;
use bytes::Bytes;
use futures_util::StreamExt as _;
use http_body::{Frame, SizeHint};

/// The most that is read of it, and for how long.
const MOST_BYTES: usize = 128 << 20;
const PATIENCE: Duration = Duration::from_secs(10);

/// Where the edge finds what nobody has read.
#[derive(Default)]
pub(super) struct Leftover(Arc<Mutex<Option<Body>>>);

/// A request's body, which comes back when whoever it was given to drops it before its end.
struct Lent {
    body: Option<Body>,
    /// A client that waits for `100 Continue` sends nothing until someone begins to read.
    is_coming: bool,
    back: Arc<Mutex<Option<Body>>>,
}

/// Gives a request's body to its handler, on terms.
pub(super) fn lend(request: Request) -> (Request, Leftover) {
    let leftover = Leftover::default();
    let is_coming = !request.headers().contains_key(header::EXPECT);
    let back = Arc::clone(&leftover.0);
    let lent = request.map(|body| match body.is_end_stream() {
        true => body,
        false => Body::new(Lent { body: Some(body), is_coming, back }),
    });
    (lent, leftover)
}

impl Leftover {
    /// Reads on in the background.
    pub(super) fn linger(self) {
        let Some(body) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        tokio::spawn(tokio::time::timeout(PATIENCE, async move {
            let (mut stream, mut left) = (body.into_data_stream(), MOST_BYTES);
            while let Some(Ok(bytes)) = stream.next().await {
                left = left.saturating_sub(bytes.len());
                if left == 0 {
                    break;
                }
            }
        }));
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if self.is_coming {
            *self.back.lock().unwrap_or_else(PoisonError::into_inner) = self.body.take();
        }
    }
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.is_coming = true;
        let Some(body) = self.body.as_mut() else { return Poll::Ready(None) };
        let frame = Pin::new(body).poll_frame(context);
        if matches!(frame, Poll::Ready(None | Some(Err(_)))) {
            self.body = None;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), HttpBody::size_hint)
    }
}
