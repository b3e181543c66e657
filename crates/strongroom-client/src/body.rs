//! One attempt to send one part: its bytes as a stream, counted, and given up when they stand still.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::stream::{self, Stream};
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE};
use reqwest::{Body, Response, Url};
use strongroom_core::upload::PartRange;

use crate::client::{Client, lost, read_answer};
use crate::direct::read_bucket_answer;
use crate::error::Error;
use crate::progress::{Meter, Progress};
use crate::retry::Failure;
use crate::source::Source;
use crate::wire::Accepted;

/// How much is read and handed on at a time: memory in use is this, times a small number, per part in flight.
const BLOCK_BYTES: u64 = 256 << 10;

/// What is sent, and where to.
#[derive(Debug)]
pub(crate) struct Parcel {
    pub(crate) url: Url,
    pub(crate) part: PartRange,
    pub(crate) content_digest: Option<String>,
    /// Whether it goes to the server's bucket.
    pub(crate) is_direct: bool,
}

/// The failure of a local read inside a body. The HTTP client would report it as its own and we would retry it.
type LocalFailure = Arc<Mutex<Option<Error>>>;

impl Client {
    /// Puts one part, once. Bytes of an attempt that fails are taken back from `progress`.
    pub(crate) async fn put(
        &self,
        parcel: &Parcel,
        source: &Arc<Source>,
        progress: &Arc<dyn Progress>,
    ) -> Result<(), Failure> {
        let meter = Arc::new(Meter::default());
        let failure = LocalFailure::default();
        let blocks = blocks(parcel.part, Arc::clone(source), Arc::clone(&meter), Arc::clone(progress), &failure);
        let outcome = self.put_blocks(parcel, blocks, &meter).await;
        if outcome.is_err() {
            meter.take_back(&**progress);
        }
        let local_failure = failure.lock().unwrap_or_else(PoisonError::into_inner).take();
        match (outcome, local_failure) {
            (Err(_), Some(error)) => Err(Failure::Final(error)),
            // The bytes were bent on the way; the part was discarded and its session is as it was.
            (Err(Failure::Final(Error::Refused(refusal))), _) if refusal.code == "DIGEST_MISMATCH" => {
                Err(Failure::Passing { reason: refusal.to_string(), retry_after: None })
            }
            (outcome, _) => outcome,
        }
    }

    async fn put_blocks(
        &self,
        parcel: &Parcel,
        blocks: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
        meter: &Meter,
    ) -> Result<(), Failure> {
        if parcel.is_direct {
            let request = self.put_to_bucket(&parcel.url, parcel.part)?.body(Body::wrap_stream(blocks));
            let exchange = async { read_bucket_answer(request.send().await.map_err(lost)?).await };
            return self.unless_stalled(exchange, meter).await;
        }
        let mut request = self
            .http
            .put(parcel.url.clone())
            .header(CONTENT_TYPE, "application/octet-stream")
            .header(CONTENT_LENGTH, parcel.part.length)
            // A single PUT completes, too; that it is ready is for `complete` to wait for.
            .header("prefer", "wait=0")
            .body(Body::wrap_stream(blocks));
        if let Some(content_digest) = &parcel.content_digest {
            request = request.header("content-digest", content_digest);
        }
        let exchange = async {
            let response: Response = request.send().await.map_err(lost)?;
            read_answer::<Accepted>(response).await.map(|_| ())
        };
        self.unless_stalled(exchange, meter).await
    }

    /// What comes of `exchange`, unless nothing moves any more.
    async fn unless_stalled(
        &self,
        exchange: impl Future<Output = Result<(), Failure>>,
        meter: &Meter,
    ) -> Result<(), Failure> {
        tokio::select! {
            answer = exchange => answer,
            () = self.stalled(meter) => {
                let reason = format!("nothing moved for {:?}", self.stall_timeout);
                Err(Failure::Passing { reason, retry_after: None })
            }
        }
    }

    /// Returns once `meter` has stood still for the stall timeout (at the latest for twice that).
    ///
    /// The HTTP client's own timeouts run from the start of a request whatever is sent meanwhile: they would end every
    /// part on a slow line.
    async fn stalled(&self, meter: &Meter) {
        let mut seen = None;
        while seen != Some(meter.bytes()) {
            seen = Some(meter.bytes());
            tokio::time::sleep(self.stall_timeout).await;
        }
    }
}

/// The bytes of a part, block by block; a local failure ends them and is left in `failure`.
fn blocks(
    part: PartRange,
    source: Arc<Source>,
    meter: Arc<Meter>,
    progress: Arc<dyn Progress>,
    failure: &LocalFailure,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    let failure = Arc::clone(failure);
    let end = part.offset + part.length;
    stream::try_unfold(part.offset, move |offset| {
        let (source, meter, progress, failure) =
            (Arc::clone(&source), Arc::clone(&meter), Arc::clone(&progress), Arc::clone(&failure));
        async move {
            if offset == end {
                return Ok(None);
            }
            let length = BLOCK_BYTES.min(end - offset);
            match source.read(offset, length).await {
                Ok(block) => {
                    meter.sent(length, &*progress);
                    Ok(Some((block, offset + length)))
                }
                Err(error) => {
                    *failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                    Err(io::Error::other("the file cannot be read"))
                }
            }
        }
    })
}
