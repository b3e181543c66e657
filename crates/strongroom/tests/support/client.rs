//! Requests as clients send them, and what was answered.

use std::net::SocketAddr;

use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder, Url};
use serde_json::Value;
use strongroom_core::id::ConnectionId;

/// Someone with a key and a connection. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    /// The API key.
    pub(crate) key: String,
    /// The connection.
    pub(crate) connection: ConnectionId,
}

impl Client {
    /// A client of the server at `address`.
    pub(crate) fn new(address: SocketAddr, key: &str, connection: ConnectionId) -> Self {
        let http = reqwest::Client::builder().no_proxy().timeout(super::PATIENCE).build().unwrap();
        Self { http, base: format!("http://{address}"), key: key.to_owned(), connection }
    }

    /// A request with key and connection, not sent yet. `path` may be a whole URL that the server handed out.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.bare(method, path).header("apiKey", &self.key).header("x-connection-id", self.connection.as_str())
    }

    /// A request without key and connection, not sent yet.
    pub(crate) fn bare(&self, method: Method, path: &str) -> RequestBuilder {
        let base = Url::parse(&self.base).unwrap();
        self.http.request(method, base.join(path).unwrap())
    }

    /// GET.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::to(self.request(Method::GET, path)).await
    }

    /// POST of a JSON document.
    pub(crate) async fn post_json(&self, path: &str, body: &Value) -> Answer {
        Answer::to(self.request(Method::POST, path).json(body)).await
    }

    /// PUT of bytes, with more headers.
    pub(crate) async fn put_bytes(&self, path: &str, bytes: &[u8], headers: &[(&str, &str)]) -> Answer {
        let request = self.request(Method::PUT, path).body(bytes.to_vec());
        Answer::to(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
    }

    /// DELETE.
    pub(crate) async fn delete(&self, path: &str) -> Answer {
        Answer::to(self.request(Method::DELETE, path)).await
    }

    /// A request's head as it goes over the wire, with key and connection and the empty line at its end.
    pub(crate) fn head(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> String {
        let always = [("Host", "localhost"), ("apiKey", &self.key), ("x-connection-id", self.connection.as_str())];
        let fields = always.iter().chain(headers).map(|(name, value)| format!("{name}: {value}\r\n"));
        format!("{method} {path} HTTP/1.1\r\n{}\r\n", fields.collect::<String>())
    }
}

/// What was answered.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: u16,
    /// The header fields.
    pub(crate) headers: HeaderMap,
    /// The body.
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    /// Sends a request and reads all of the answer.
    pub(crate) async fn to(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, bytes: response.bytes().await.unwrap().to_vec() }
    }

    /// A header field's text; empty where it is missing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The JSON body.
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), "application/json", "{}", self.text());
        serde_json::from_slice(&self.bytes).unwrap()
    }

    /// The JSON body of a success.
    pub(crate) fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text());
        self.json()
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// A refusal as one text for snapshots, `status type: message` and the details below it, with ids masked. Checks on
    /// the way that it has the one shape of errors.
    pub(crate) fn refusal(&self) -> String {
        let body = self.json();
        assert_eq!(body["error"], body["message"]);
        assert_eq!(body["type"], body["code"]);
        assert_eq!(body["requestId"], self.header("x-request-id"));
        let line = format!("{} {}: {}", self.status, text(&body["type"]), text(&body["message"]));
        let details = body.get("details").map(|details| format!("\n{details}")).unwrap_or_default();
        masked(&format!("{line}{details}"))
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// `text` with `upload:[id]` in the place of every upload id.
pub(crate) fn masked(text: &str) -> String {
    const ID_LENGTH: usize = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx".len();
    let mut pieces = text.split("upload:");
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |masked, piece| match piece.split_at_checked(ID_LENGTH) {
        Some((id, rest)) if id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-') => {
            format!("{masked}upload:[id]{rest}")
        }
        _ => format!("{masked}upload:{piece}"),
    })
}
