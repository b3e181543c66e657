//! One server, one connection, one key: how a request is made, and what its answer means.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{RequestBuilder, Response, StatusCode, Url};
use serde::de::DeserializeOwned;

use crate::error::{Error, Refusal, chain};
use crate::progress::Progress;
use crate::retry::{Failure, RetryPolicy, persevere};

/// A key to the API. It is sent, and never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(HeaderValue);

impl ApiKey {
    /// Takes the key as it was handed out.
    ///
    /// # Errors
    /// Where it is empty or holds what cannot be sent in a header.
    pub fn new(key: &str) -> Result<Self, Error> {
        let mut value = header_value("API key", key)?;
        value.set_sensitive(true);
        Ok(Self(value))
    }
}

impl std::fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ApiKey(…)")
    }
}

fn header_value(what: &str, text: &str) -> Result<HeaderValue, Error> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::Setup(format!("the {what} is empty")));
    }
    HeaderValue::from_str(text).map_err(|_| Error::Setup(format!("the {what} holds characters that cannot be sent")))
}

/// What a [`Client`] is made from.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// Where the server is, such as `https://vault.example`; a path in front of `/v2` may follow.
    pub url: String,
    /// The key; it needs `vault:write`.
    pub api_key: ApiKey,
    /// The connection's id, `conn_…`.
    pub connection: String,
    /// How failed requests are repeated.
    pub retry: RetryPolicy,
    /// How long a request may stand still, neither a byte taken nor an answer given, before it is given up.
    pub stall_timeout: Duration,
}

impl ClientOptions {
    /// The usual patience: the default retries, and two minutes of standing still.
    #[must_use]
    pub fn new(url: &str, api_key: ApiKey, connection: &str) -> Self {
        let (url, connection, retry) = (url.to_owned(), connection.to_owned(), RetryPolicy::default());
        Self { url, api_key, connection, retry, stall_timeout: Duration::from_mins(2) }
    }
}

/// A server and the connection to work in. Cloning shares the sockets.
#[derive(Debug, Clone)]
pub struct Client {
    pub(crate) http: reqwest::Client,
    pub(crate) retry: RetryPolicy,
    pub(crate) stall_timeout: Duration,
    /// For the server's bucket, once it is needed.
    pub(crate) bucket: Arc<OnceLock<reqwest::Client>>,
    base: Url,
    connection: String,
}

impl Client {
    /// Prepares to speak to a server; nothing is sent yet.
    ///
    /// # Errors
    /// Where the URL, the key or the connection cannot be used.
    pub fn new(options: ClientOptions) -> Result<Self, Error> {
        let base = parse_base(&options.url)?;
        let mut headers = HeaderMap::new();
        headers.insert("apikey", options.api_key.0);
        headers.insert("x-connection-id", header_value("connection id", &options.connection)?);
        let builder = Self::builder(base.scheme()).default_headers(headers);
        let http = builder.build().map_err(|error| Error::Setup(chain(&error)))?;
        let ClientOptions { retry, stall_timeout, connection, .. } = options;
        Ok(Self { http, retry, stall_timeout, bucket: Arc::default(), base, connection })
    }

    /// What all our requests have in common.
    pub(crate) fn builder(scheme: &str) -> reqwest::ClientBuilder {
        let builder = reqwest::Client::builder()
            .user_agent(concat!("strongroom/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            // Parallel parts want sockets of their own: over HTTP/2 they would share one, and its one window.
            .http1_only()
            .connect_timeout(Duration::from_secs(15))
            .pool_idle_timeout(Duration::from_secs(30));
        // Else a machine without CA certificates, a small container say, could not even speak plain HTTP.
        if scheme == "http" { builder.tls_certs_only([]) } else { builder }
    }

    pub(crate) fn base(&self) -> &str {
        self.base.as_str()
    }

    pub(crate) fn connection(&self) -> &str {
        &self.connection
    }

    /// The URL of a call in the connection, each segment percent-encoded as needed.
    pub(crate) fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.base.clone();
        // Err for URLs without a path only; `parse_base` lets none of these in.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["v2", "access"]).extend(segments);
        }
        url
    }

    /// Makes a small request, repeats it as the policy says, and reads its answer.
    pub(crate) async fn ask<T: DeserializeOwned>(
        &self,
        progress: &dyn Progress,
        build: impl Fn() -> RequestBuilder,
    ) -> Result<T, Error> {
        persevere(&self.retry, progress, || async {
            let response = build().send().await.map_err(lost)?;
            read_answer(response).await
        })
        .await
    }
}

fn parse_base(text: &str) -> Result<Url, Error> {
    let base = Url::parse(text).map_err(|error| Error::Setup(format!("`{text}` is not a URL: {error}")))?;
    let is_plain = base.query().is_none() && base.fragment().is_none();
    let is_anonymous = base.username().is_empty() && base.password().is_none();
    match base.scheme() {
        "http" | "https" if is_plain && is_anonymous => Ok(base),
        "http" | "https" => Err(Error::Setup("the URL must have no user, query or fragment".to_owned())),
        _ => Err(Error::Setup(format!("`{text}` is not an http:// or https:// URL"))),
    }
}

/// A request without an answer: the connection, not the request, was at fault, so another attempt may do.
pub(crate) fn lost(error: reqwest::Error) -> Failure {
    // The URL would be most of the text, and it is the user's own.
    let (is_builder, reason) = (error.is_builder(), chain(&error.without_url()));
    match is_builder {
        true => Failure::Final(Error::Setup(reason)),
        false => Failure::Passing { reason, retry_after: None },
    }
}

/// Reads an answer; what is not a success becomes the right kind of failure.
pub(crate) async fn read_answer<T: DeserializeOwned>(response: Response) -> Result<T, Failure> {
    let status = response.status();
    if status.is_redirection() {
        let target = response.headers().get("location").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let message = format!("the server answers from another place ({target}); use its URL");
        return Err(Error::Refused(Box::new(Refusal { status: status.as_u16(), message, ..Refusal::default() })).into());
    }
    let retry_after = retry_after(response.headers());
    let body = response.bytes().await.map_err(lost)?;
    if status.is_success() {
        return serde_json::from_slice(&body).map_err(|error| Error::Protocol(error.to_string()).into());
    }
    let refusal = Refusal { retry_after, ..Refusal::read(status.as_u16(), &body) };
    Err(if may_pass(status) {
        Failure::Passing { reason: refusal.to_string(), retry_after }
    } else {
        Failure::Final(Error::Refused(Box::new(refusal)))
    })
}

fn may_pass(status: StatusCode) -> bool {
    status.is_server_error()
        || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS)
}

/// `Retry-After` in seconds, which is what the contract's servers send; a date is left to the policy's own waits.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn client(url: &str) -> Result<Client, Error> {
        Client::new(ClientOptions::new(url, ApiKey::new("sk_live_secret")?, "conn_a"))
    }

    #[test]
    fn a_key_is_never_printed() {
        let options = ClientOptions::new("http://localhost", ApiKey::new("sk_live_secret").unwrap(), "conn_a");
        let printed = format!("{options:?} {:?}", Client::new(options.clone()).unwrap());
        assert!(!printed.contains("secret"), "{printed}");
    }

    #[test]
    fn urls_keep_the_servers_prefix() {
        for base in ["http://localhost/vault", "http://localhost/vault/"] {
            let url = client(base).unwrap().url(&["uploads", "upload:1/2", "parts", "3"]);
            assert_eq!(url.as_str(), "http://localhost/vault/v2/access/uploads/upload:1%2F2/parts/3");
        }
    }

    #[test]
    fn what_cannot_be_used_is_said_before_anything_is_sent() {
        for url in ["vault.example", "ftp://vault.example", "http://me:pw@vault.example", "http://vault.example/?a=1"] {
            assert!(matches!(client(url), Err(Error::Setup(_))), "{url}");
        }
        assert!(ApiKey::new(" ").is_err());
        assert!(ApiKey::new("line\nbreak").is_err());
    }
}
