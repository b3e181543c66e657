//! Requests to the object store: signed, with an end to every wait, and small ones tried again.
//!
//! `object_store` finds the credentials and computes the signatures. The requests are our own, since a part has to be
//! streamed, and its interface takes a part only as a whole, in memory.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method};
use object_store::aws::{AmazonS3, AwsAuthorizer, AwsCredential};
use object_store::client::{HttpRequest, HttpRequestBody};
use reqwest::Url;
use tokio::time::{Instant, sleep, timeout};

use super::address::Address;
use super::credentials::signer;
use super::failure::Failure;
use super::options::BucketOptions;
use crate::error::StoreError;

/// How long an unused connection is kept. Shorter than any server keeps it, so that a part is never sent down a connection
/// which is being closed at the other end.
const POOL_IDLE: Duration = Duration::from_secs(5);
/// The first pause between two tries; each further one is twice as long, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// More than any document that S3 answers has: a list of 1000 objects is some 400 KiB.
const MAX_DOCUMENT_BYTES: usize = 16 << 20;

/// The way to one bucket.
pub(crate) struct Client {
    http: reqwest::Client,
    address: Address,
    region: String,
    signer: AmazonS3,
    idle_timeout: Duration,
    retry_for: Duration,
}

/// A small request: its body is in memory, and so is its answer.
#[derive(Default)]
pub(crate) struct Call<'c> {
    pub(crate) method: Method,
    /// Of the object; empty for the bucket itself.
    pub(crate) key: &'c str,
    pub(crate) query: &'c [(&'c str, &'c str)],
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// A successful answer.
pub(crate) struct Answer {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Client {
    pub(crate) fn new(options: &BucketOptions) -> Result<Self, StoreError> {
        let address = Address::new(options)?;
        let http = reqwest::Client::builder()
            .connect_timeout(options.connect_timeout)
            .pool_idle_timeout(POOL_IDLE)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            // One stream a connection: a part that is slow holds up no other, and memory is what the blocks take.
            .http1_only()
            .build()
            .map_err(|error| StoreError::Io(format!("no client for the object store: {error}")))?;
        let signer = signer(options, &address)?;
        let (region, idle_timeout, retry_for) = (options.region.clone(), options.idle_timeout, options.retry_for);
        Ok(Self { http, address, region, signer, idle_timeout, retry_for })
    }

    pub(crate) const fn address(&self) -> &Address {
        &self.address
    }

    pub(crate) const fn idle_timeout(&self) -> Duration {
        self.idle_timeout
    }

    pub(crate) fn region(&self) -> &str {
        &self.region
    }

    /// Who asks. One that the environment lends is renewed as it runs out.
    pub(crate) async fn credential(&self) -> Result<Arc<AwsCredential>, Failure> {
        self.signer.credentials().get_credential().await.map_err(Failure::silent)
    }

    /// Asks until there is an answer that trying again would not change, or the time for trying is over.
    pub(crate) async fn ask(&self, call: &Call<'_>) -> Result<Answer, Failure> {
        let deadline = Instant::now() + self.retry_for;
        let mut pause = FIRST_PAUSE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.ask_once(call, left).await {
                Err(failure) if failure.is_passing() && Instant::now() + pause < deadline => {
                    tracing::debug!(method = %call.method, key = call.key, %failure, "asking the object store again");
                    sleep(scattered(pause)).await;
                    pause = LONGEST_PAUSE.min(pause * 2);
                }
                outcome => return outcome,
            }
        }
    }

    /// Asks once, for as long as `patience`.
    pub(crate) async fn ask_once(&self, call: &Call<'_>, patience: Duration) -> Result<Answer, Failure> {
        let asking = async {
            let url = self.url(call.key, call.query)?;
            let headers = self.sign(&call.method, &url, call.headers.clone(), Some(call.body.clone())).await?;
            let request = self.http.request(call.method.clone(), url).headers(headers).body(call.body.clone());
            let mut response = succeeded(request.send().await.map_err(Failure::of_request)?).await?;
            let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
            let body = collect(response).await?;
            // CompleteMultipartUpload and CopyObject may answer 200 before they know that they will fail.
            if is_error_document(&body) { Err(Failure::refused(status, &body)) } else { Ok(Answer { headers, body }) }
        };
        timeout(patience, asking).await.unwrap_or_else(|_| Err(Failure::silent("no answer in time")))
    }

    /// A signed request whose body is not signed: it is streamed, and not known yet.
    pub(crate) async fn stream(
        &self,
        method: Method,
        key: &str,
        query: &[(&str, &str)],
        headers: HeaderMap,
    ) -> Result<reqwest::RequestBuilder, Failure> {
        let url = self.url(key, query)?;
        let headers = self.sign(&method, &url, headers, None).await?;
        Ok(self.http.request(method, url).headers(headers))
    }

    fn url(&self, key: &str, query: &[(&str, &str)]) -> Result<Url, Failure> {
        self.address.url(key, query).map_err(Failure::silent)
    }

    async fn sign(
        &self,
        method: &Method,
        url: &Url,
        headers: HeaderMap,
        body: Option<Bytes>,
    ) -> Result<HeaderMap, Failure> {
        let credential = self.credential().await?;
        let is_body_signed = body.is_some();
        let body = body.map_or_else(HttpRequestBody::empty, HttpRequestBody::from);
        let mut request = HttpRequest::new(body);
        *request.method_mut() = method.clone();
        *request.uri_mut() = url.as_str().parse().map_err(Failure::silent)?;
        *request.headers_mut() = headers;
        AwsAuthorizer::new(&credential, "s3", &self.region)
            .with_sign_payload(is_body_signed)
            .try_authorize(&mut request, None)
            .map_err(Failure::silent)?;
        Ok(std::mem::take(request.headers_mut()))
    }
}

/// The answer, where it is a success; otherwise what it says.
pub(crate) async fn succeeded(response: reqwest::Response) -> Result<reqwest::Response, Failure> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    // An answer that breaks off is an answer still: the status is enough to decide on.
    let body = collect(response).await.unwrap_or_default();
    Err(Failure::refused(status, &body))
}

async fn collect(mut response: reqwest::Response) -> Result<Bytes, Failure> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(Failure::of_request)? {
        if body.len() + chunk.len() > MAX_DOCUMENT_BYTES {
            return Err(Failure::silent("an answer longer than any of S3's"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// Whether the document's root is `Error`. AWS sends white space before it while it works.
fn is_error_document(body: &[u8]) -> bool {
    let mut text = body.trim_ascii_start();
    if text.starts_with(b"<?xml") {
        let end = text.windows(2).position(|pair| pair == b"?>").map_or(text.len(), |at| at + 2);
        text = text.get(end..).unwrap_or_default().trim_ascii_start();
    }
    text.starts_with(b"<Error>") || text.starts_with(b"<Error ")
}

/// Between half and all of `pause`, so that nodes which failed together do not come back together.
fn scattered(pause: Duration) -> Duration {
    let mut byte = [0];
    strongroom_core::id::fill_random(&mut byte);
    pause.mul_f64(0.5 + f64::from(byte[0]) / 512.0)
}

#[cfg(test)]
mod tests {
    use super::is_error_document;

    #[test]
    fn an_error_is_seen_behind_a_success() {
        for body in ["<Error><Code>x</Code></Error>", "  \n<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\n<Error><Code>"]
        {
            assert!(is_error_document(body.as_bytes()), "{body}");
        }
        for body in ["", "<?xml", "<Errors>", "<CompleteMultipartUploadResult><Error></Error>"] {
            assert!(!is_error_document(body.as_bytes()), "{body}");
        }
    }
}
