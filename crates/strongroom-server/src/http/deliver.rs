//! `GET /media/{mediaId}/{file}`: a rendition, to whoever holds a good URL.

use std::time::Duration;

use axum::extract::{Path, RawQuery, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use strongroom_catalog::records::{Deliverable, Rendition};
use strongroom_core::id::MediaId;
use strongroom_core::release_form::{Consent, ConsentPolicy};
use strongroom_core::signed_url::{Rejected, Subject, path_number};
use strongroom_store::StoreError;

use crate::app::App;
use crate::delivery::consent::withheld;
use crate::delivery::disposition;
use crate::delivery::entity::{Entity, Fetch, serve};
use crate::delivery::urls::parse_file_name;
use crate::http::cors;
use crate::problem::{Kind, Problem};

/// How long a URL of the bucket is good.
const REDIRECTED: Duration = Duration::from_secs(60);

/// Serves a rendition, as a route.
pub(super) async fn deliver(
    State(app): State<App>,
    Path((media, file)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    fetch: Fetch,
) -> Result<Response, Problem> {
    answer(&app, &media, &file, query.as_deref().unwrap_or_default(), &fetch).await
}

/// Whether a request is one that [`at_once`] answers: `GET /media/{media}/{file}`, with nothing in it that is written in two ways.
pub(super) fn is_plain(request: &Request) -> bool {
    request.method() == Method::GET && names(request.uri()).is_some()
}

/// Serves a rendition past the router, whose layers cost as much processor time as all that is looked up.
pub(super) async fn at_once(app: App, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let (uri, fetch) = (parts.uri.clone(), Fetch::of(parts));
    // Without names, which is no plain request, nothing has a signature.
    let (media, file) = names(&uri).unwrap_or_default();
    answer(&app, media, file, uri.query().unwrap_or_default(), &fetch).await.into_response()
}

/// The two names in the path of a delivery. A path with a `%` is for the router, which reads it.
fn names(uri: &Uri) -> Option<(&str, &str)> {
    let (media, file) = uri.path().strip_prefix("/media/")?.split_once('/')?;
    let is_plain = |name: &str| !name.is_empty() && !name.contains(['/', '%']);
    (is_plain(media) && is_plain(file)).then_some((media, file))
}

async fn answer(app: &App, media: &str, file: &str, query: &str, fetch: &Fetch) -> Result<Response, Problem> {
    let now = app.clock.now();
    // The signature first: to whoever cannot sign, a media that exists and one that does not look alike.
    let id = MediaId::new(path_number(media).map_err(refused)?);
    let grant = app.urls.verify(Subject::Media(id), file, query, now).await.map_err(refused)?;
    let unknown = || Problem::new(Kind::NotFound, "this media or rendition no longer exists");
    let (name, extension) = parse_file_name(file).ok_or_else(unknown)?;
    let found = app.catalog.deliverable(id, name).await?.ok_or_else(unknown)?;
    // Before the version: whoever holds a link should hear why, not just that it is old.
    withheld(&found.settings, Consent::of(found.release_forms.iter().map(|form| form.status(now))))?;
    if found.url_version != grant.version {
        return Err(Problem::new(Kind::UrlExpired, "this URL was withdrawn; ask for the media again"));
    }
    let format = found.rendition.format;
    if extension != format.extension() {
        return Err(unknown());
    }
    if app.config.store.redirect && found.settings.policy() != ConsentPolicy::Require {
        let disposition = disposition::inline(&format!("{id}-{file}"));
        if let Some(mut redirect) = to_bucket(app, &found, &disposition).await? {
            cors::delivered(app, &found.settings, &fetch.headers, &mut redirect);
            app.fetch_counts.count(&found.connection, id, name, now);
            return Ok(redirect);
        }
    }
    let reader = match app.store.open_rendition(found.blob, name, format).await {
        // Purged since the row was read, unless the row is still there: then bytes are lost, and that is ours to hear of.
        Err(StoreError::Missing) if app.catalog.deliverable(id, name).await?.is_none() => return Err(unknown()),
        opened => opened?,
    };
    if reader.len() != found.rendition.size_bytes {
        // Never half a picture: fsck mends it.
        let (blob, there) = (found.blob, reader.len());
        return Err(Problem::internal(format!(
            "{name} of {blob} has {there} bytes, not {}",
            found.rendition.size_bytes
        )));
    }
    // Where consent can be withdrawn, a browser asks each time whether it still may show what it has.
    let cache_control = match found.settings.policy() {
        ConsentPolicy::Require => "private, max-age=0, must-revalidate".to_owned(),
        ConsentPolicy::Off | ConsentPolicy::Warn => {
            format!("private, max-age={}", grant.expires.saturating_sub(now.as_seconds()))
        }
    };
    let cache_control = HeaderValue::from_str(&cache_control);
    let entity = Entity {
        etag: format!("\"{}-{name}-{:x}\"", found.blob, found.published_at.as_millis()),
        content_type: format.content_type(),
        disposition: disposition::inline(&format!("{id}-{file}")),
        cache_control: cache_control.map_err(|error| Problem::internal(error.to_string()))?,
    };
    let mut response = serve(&reader, &entity, fetch)?;
    cors::delivered(app, &found.settings, &fetch.headers, &mut response);
    if is_fetch(&fetch.method, &response) {
        app.fetch_counts.count(&found.connection, id, name, now);
    }
    Ok(response)
}

/// Sends whoever asks to the bucket itself, for a moment. Never where a form gates delivery: what it closes has to be closed at
/// once, and this URL would outlive it.
async fn to_bucket(app: &App, found: &Deliverable, disposition: &HeaderValue) -> Result<Option<Response>, Problem> {
    let Rendition { name, format, .. } = found.rendition;
    let disposition = disposition.to_str().unwrap_or("inline");
    let signed = app.store.presign_rendition(found.blob, name, format, REDIRECTED, format.content_type(), disposition);
    let Some(url) = signed.await? else { return Ok(None) };
    let location = HeaderValue::from_str(&url).map_err(|error| Problem::internal(error.to_string()))?;
    let headers = [(header::LOCATION, location), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok(Some((StatusCode::TEMPORARY_REDIRECT, headers).into_response()))
}

/// Whether an answer counts as a fetch: it has a file's first byte. A film that is watched is one fetch, however many ranges
/// of it a player asks for.
fn is_fetch(method: &Method, response: &Response) -> bool {
    let begins = |range: &HeaderValue| range.as_bytes().starts_with(b"bytes 0-");
    let has_first_byte = match response.status() {
        StatusCode::OK => true,
        StatusCode::PARTIAL_CONTENT => response.headers().get(header::CONTENT_RANGE).is_some_and(begins),
        _ => false,
    };
    method == Method::GET && has_first_byte
}

pub(super) fn refused(rejected: Rejected) -> Problem {
    match rejected {
        Rejected::Invalid | Rejected::UnknownKey => {
            Problem::new(Kind::SignatureInvalid, "the signature of this URL is not ours, or the URL was altered")
        }
        Rejected::Expired => Problem::new(Kind::UrlExpired, "this URL has expired; ask for the media again"),
    }
}
