//! Answering with a file: conditional requests, ranges, and headers that leave a browser nothing to guess.

use std::convert::Infallible;
use std::ops::Range;

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use strongroom_store::{BlobReader, Piece, StoreError};

use super::ranges::{Wanted, wanted};
use crate::listener::Lending;
use crate::problem::{Kind, Problem};

/// What is said of a file beside its bytes.
pub(crate) struct Entity {
    /// Strong, in quotes.
    pub(crate) etag: String,
    /// Of what we made, never of what the client said.
    pub(crate) content_type: &'static str,
    pub(crate) disposition: HeaderValue,
    pub(crate) cache_control: HeaderValue,
}

/// What a client wants of a file.
pub(crate) struct Fetch {
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
    /// The connection, where it takes files as they are.
    lending: Option<Lending>,
}

impl<S: Sync> FromRequestParts<S> for Fetch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let lending = parts.extensions.get().cloned();
        Ok(Self { method: parts.method.clone(), headers: parts.headers.clone(), lending })
    }
}

impl Fetch {
    /// Of a whole request.
    pub(crate) fn of(mut parts: Parts) -> Self {
        Self { lending: parts.extensions.remove(), method: parts.method, headers: parts.headers }
    }

    /// The bytes of `range`: those in memory as blanks, which the connection fills in.
    fn read(
        &self,
        reader: &BlobReader,
        range: Range<u64>,
    ) -> impl Stream<Item = Result<Bytes, StoreError>> + Send + 'static {
        let Some(lending) = self.lending.clone() else { return reader.read(range).left_stream() };
        let pieces = reader.read_pieces(range).map(move |piece| {
            Ok(match piece? {
                Piece::Bytes(bytes) => bytes,
                Piece::Cached { file, range } => lending.lend(file, range),
            })
        });
        pieces.right_stream()
    }
}

/// Answers a `GET` or `HEAD` with `reader`'s bytes.
pub(crate) fn serve(reader: &BlobReader, entity: &Entity, fetch: &Fetch) -> Result<Response, Problem> {
    let mut response = if is_current(&fetch.headers, &entity.etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        content(reader, entity, fetch)?
    };
    let headers = response.headers_mut();
    let etag = HeaderValue::from_str(&entity.etag).map_err(|error| Problem::internal(error.to_string()))?;
    headers.insert(header::ETAG, etag);
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CACHE_CONTROL, entity.cache_control.clone());
    headers.insert(header::CONTENT_DISPOSITION, entity.disposition.clone());
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    Ok(response)
}

/// Answers with bytes that a stranger made and nobody cleaned. Opened by itself, even a polyglot is data then, and not a page.
pub(crate) fn serve_as_data(reader: &BlobReader, entity: &Entity, fetch: &Fetch) -> Result<Response, Problem> {
    let mut response = serve(reader, entity, fetch)?;
    let sandbox = HeaderValue::from_static("default-src 'none'; sandbox");
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, sandbox);
    Ok(response)
}

/// `If-None-Match` (RFC 9110 §13.1.2): the client's copy is this one.
fn is_current(request: &HeaderMap, etag: &str) -> bool {
    let fields = request.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    fields
        .flat_map(|field| field.split(','))
        .map(str::trim)
        .any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
}

fn content(reader: &BlobReader, entity: &Entity, fetch: &Fetch) -> Result<Response, Problem> {
    let (length, request) = (reader.len(), &fetch.headers);
    let is_head = fetch.method == Method::HEAD;
    // `If-Range` (§13.1.5) needs a strong match; a date or a weak tag is none. A range is for GET alone (§14.2).
    let range = request.get(header::RANGE).and_then(|value| value.to_str().ok()).filter(|_| !is_head);
    let if_range = request.get(header::IF_RANGE).map(|value| value.to_str().is_ok_and(|tag| tag.trim() == entity.etag));
    let range = range.filter(|_| if_range.unwrap_or(true));
    match range.map_or(Wanted::Whole, |field| wanted(field, length)) {
        Wanted::NotSatisfiable => {
            let message =
                format!("Range: nothing of that is in the file's {length} bytes, or it is in too many pieces");
            let mut response = Problem::new(Kind::RangeNotSatisfiable, message).into_response();
            insert_text(response.headers_mut(), header::CONTENT_RANGE, &format!("bytes */{length}"));
            Ok(response)
        }
        Wanted::Whole => {
            let body = if is_head { Body::empty() } else { Body::from_stream(fetch.read(reader, 0..length)) };
            Ok(answer(StatusCode::OK, entity.content_type, length, body))
        }
        Wanted::Ranges(ranges) if ranges.len() == 1 => {
            let range = ranges[0].clone();
            let body = Body::from_stream(fetch.read(reader, range.clone()));
            let mut response = answer(StatusCode::PARTIAL_CONTENT, entity.content_type, range.end - range.start, body);
            insert_text(response.headers_mut(), header::CONTENT_RANGE, &content_range(&range, length));
            Ok(response)
        }
        Wanted::Ranges(ranges) => Ok(multipart(reader, entity, fetch, &ranges)),
    }
}

/// Several ranges as `multipart/byteranges` (§14.6).
fn multipart(reader: &BlobReader, entity: &Entity, fetch: &Fetch, ranges: &[Range<u64>]) -> Response {
    const BOUNDARY: &str = "strongroom-byteranges-7d1fb0c6a95e";
    let head = |range: &Range<u64>| {
        let (content_type, content_range) = (entity.content_type, content_range(range, reader.len()));
        format!("\r\n--{BOUNDARY}\r\nContent-Type: {content_type}\r\nContent-Range: {content_range}\r\n\r\n")
    };
    let tail = format!("\r\n--{BOUNDARY}--\r\n");
    let length = ranges.iter().map(|range| head(range).len() as u64 + range.end - range.start).sum::<u64>();
    let length = length + tail.len() as u64;
    let pieces: Vec<_> = ranges
        .iter()
        .map(|range| {
            let head = Bytes::from(head(range));
            stream::once(async { Ok::<_, StoreError>(head) }).chain(fetch.read(reader, range.clone())).boxed()
        })
        .collect();
    let tail = stream::once(async { Ok(Bytes::from(tail)) });
    let body = Body::from_stream(stream::iter(pieces).flatten().chain(tail));
    let content_type = format!("multipart/byteranges; boundary={BOUNDARY}");
    answer(StatusCode::PARTIAL_CONTENT, &content_type, length, body)
}

fn content_range(range: &Range<u64>, length: u64) -> String {
    format!("bytes {}-{}/{length}", range.start, range.end - 1)
}

fn answer(status: StatusCode, content_type: &str, length: u64, body: Body) -> Response {
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    insert_text(headers, header::CONTENT_TYPE, content_type);
    headers.insert(header::CONTENT_LENGTH, length.into());
    response
}

/// Inserts a value that we made from words and numbers; one that is no header value is left out.
fn insert_text(headers: &mut HeaderMap, name: header::HeaderName, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        headers.insert(name, value);
    }
}
