//! `/v2/access/uploads`: sessions, parts, complete.

pub(super) mod abort;
pub(super) mod check;
pub(super) mod complete;
pub(super) mod direct_parts;
pub(super) mod init;
pub(super) mod list;
mod named;
pub(super) mod put_part;
pub(super) mod put_single;
pub(super) mod status;

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use serde_json::Number;
use strongroom_catalog::records::{Connection, Media, Upload};
use strongroom_core::digest::Digest;
use strongroom_core::id::{MediaId, UploadId};
use strongroom_core::media::MediaType;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::http::media_view::MediaView;
use crate::problem::Problem;

/// The longest that a complete may wait for renditions, and how long it does for photos unless told.
const LONGEST_WAIT: Duration = Duration::from_secs(25);
const PHOTO_WAIT: Duration = Duration::from_secs(5);

/// An upload id in a path or body. What is no such id is an upload that does not exist.
fn upload_id(text: &str) -> Result<UploadId, Problem> {
    text.parse().map_err(|_| Problem::not_found("upload", text))
}

/// The size of a file as clients print it: `123`, or `123.0`.
fn file_size(number: &Number) -> Result<u64, Problem> {
    let exact = number.as_u64();
    let float = number.as_f64().filter(|f| f.fract() == 0.0 && (1.0..9e15).contains(f));
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole and in range, checked above")]
    let size = exact.or(float.map(|f| f as u64)).filter(|size| *size > 0);
    size.ok_or_else(|| Problem::field("size", &number.to_string(), "a whole number above 0"))
}

/// How a file is sent. Directly, even one part is that of a multipart upload, and has to be completed.
fn upload_type(upload: &Upload) -> &'static str {
    if upload.plan.total_parts() == 1 && !upload.is_direct { "single" } else { "multipart" }
}

/// A part's or file's digest as an `ETag` header.
fn etag_header(digest: Digest) -> [(HeaderName, HeaderValue); 1] {
    let value = HeaderValue::from_str(&digest.to_etag()).unwrap_or(HeaderValue::from_static("\"\""));
    [(header::ETAG, value)]
}

/// `Prefer: wait=N` (RFC 7240), in seconds.
fn preferred_wait(headers: &HeaderMap) -> Option<Duration> {
    let preferences = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    let seconds = preferences
        .flat_map(|value| value.split([',', ';']))
        .filter_map(|preference| preference.trim().split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("wait"))
        .and_then(|(_, value)| value.trim().trim_matches('"').parse().ok())?;
    Some(Duration::from_secs(seconds).min(LONGEST_WAIT))
}

/// The media of a completed upload, after as much waiting as was asked for.
async fn settled_media(
    app: &App,
    connection: &Connection,
    media: MediaId,
    wait: Option<Duration>,
) -> Result<MediaView, Problem> {
    let patience = |media: &Media| match media.media_type {
        MediaType::Photo | MediaType::Gif => wait.unwrap_or(PHOTO_WAIT),
        MediaType::Video | MediaType::Audio => wait.unwrap_or_default(),
    };
    let found = app.settled.wait(&app.catalog, &connection.id, media, patience).await?;
    let found = found.ok_or_else(|| Problem::not_found("media", &media.to_string()))?;
    Ok(MediaView::of(app, &connection.settings, &found))
}

/// The operations of this family.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(init::init))
        .routes(routes!(check::check))
        .routes(routes!(complete::complete))
        .routes(routes!(list::list))
        .routes(routes!(put_single::put_single, status::status, abort::abort))
        .routes(routes!(put_part::put_part))
        .routes(routes!(direct_parts::direct_parts))
}
