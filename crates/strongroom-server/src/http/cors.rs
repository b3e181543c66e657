//! Which pages of other origins a browser lets at us: those that a connection lists may read what is delivered, those that
//! the operator lists may upload. The rest of the API is not for browsers.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use strongroom_core::settings::Settings;

use crate::app::App;

/// How long a browser may go by a preflight; Chromium cuts this off at two hours.
const PREFLIGHT_SECONDS: &str = "7200";

/// What a page may read of an answer with a rendition.
const DELIVERY_FIELDS: &str = "Accept-Ranges, Content-Length, Content-Range, ETag";

/// What a page that uploads may read of an answer, beside what is always readable.
const UPLOAD_FIELDS: &str = "ETag, Retry-After, X-Request-Id, x-ofauth-upload-total-parts, x-ofauth-upload-part-size, \
                             X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset";

/// What a page that uploads may send.
const UPLOAD_REQUEST_FIELDS: &str =
    "apiKey, Authorization, x-connection-id, Content-Type, Content-Digest, Content-MD5, Repr-Digest, Prefer";

/// Lets pages read a rendition whose connection lists their origin.
pub(super) fn delivered(app: &App, settings: &Settings, request: &HeaderMap, response: &mut Response) {
    let listed = settings.cors_origins.as_ref().or(app.config.settings.cors_origins.as_ref());
    allow(listed.map_or(&[], Vec::as_slice), request.get(header::ORIGIN), DELIVERY_FIELDS, response.headers_mut());
}

/// Answers the preflight of a rendition, to any origin and without looking anything up: whether the page may then read the
/// rendition is said with that.
pub(super) async fn preflight_of_delivery() -> Response {
    preflight("GET, HEAD", "Range, If-Range, If-None-Match", HeaderValue::from_static("*"))
}

/// Lets pages upload whose origin the operator lists. A preflight has no key, so that no connection can be asked.
pub(super) async fn uploads(State(app): State<App>, request: Request, next: Next) -> Response {
    let listed = &app.config.server.cors_origins;
    if listed.is_empty() || !request.uri().path().starts_with("/v2/access/uploads") {
        return next.run(request).await;
    }
    let origin = request.headers().get(header::ORIGIN).cloned();
    let allowed = allowed(listed, origin.as_ref());
    let is_preflight =
        request.method() == Method::OPTIONS && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    match allowed {
        Some(origin) if is_preflight => preflight("GET, POST, PUT, DELETE", UPLOAD_REQUEST_FIELDS, origin),
        _ => {
            let mut response = next.run(request).await;
            allow(listed, origin.as_ref(), UPLOAD_FIELDS, response.headers_mut());
            response
        }
    }
}

/// What a browser is told: `*` where every origin is listed, its own where that one is.
fn allowed(listed: &[String], origin: Option<&HeaderValue>) -> Option<HeaderValue> {
    if listed.iter().any(|listed| listed == "*") {
        return Some(HeaderValue::from_static("*"));
    }
    origin.filter(|origin| listed.iter().any(|listed| listed.as_bytes() == origin.as_bytes())).cloned()
}

fn allow(listed: &[String], origin: Option<&HeaderValue>, fields: &'static str, headers: &mut HeaderMap) {
    if listed.is_empty() {
        return;
    }
    // Also where this request is none of a listed page: a browser that has shown the picture before must not take its copy
    // from then, which allows nothing.
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = allowed(listed, origin) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(fields));
    }
}

fn preflight(methods: &'static str, fields: &'static str, origin: HeaderValue) -> Response {
    let fixed = |name: HeaderName, value: &'static str| (name, HeaderValue::from_static(value));
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, origin),
        fixed(header::ACCESS_CONTROL_ALLOW_METHODS, methods),
        fixed(header::ACCESS_CONTROL_ALLOW_HEADERS, fields),
        fixed(header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_SECONDS),
        fixed(header::VARY, "Origin"),
    ];
    headers.into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_listed_as_it_is_or_not_at_all() {
        let listed = ["https://example.com".to_owned(), "http://localhost:5173".to_owned()];
        let told = |origin: &'static str| allowed(&listed, Some(&HeaderValue::from_static(origin)));
        assert_eq!(told("https://example.com").unwrap(), "https://example.com");
        for other in ["https://example.com.evil.example", "https://Example.com", "http://example.com", "null", "*", ""]
        {
            assert_eq!(told(other), None, "{other}");
        }
        assert_eq!(allowed(&listed, None), None);
        assert_eq!(allowed(&["*".to_owned()], None).unwrap(), "*");
    }
}
