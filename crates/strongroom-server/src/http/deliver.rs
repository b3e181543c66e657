//! `GET /media/{mediaId}/{file}`: a rendition, to whoever holds a good URL.

use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::response::Response;
use strongroom_core::signed_url::Rejected;

use crate::app::App;
use crate::delivery::disposition;
use crate::delivery::entity::{Entity, serve};
use crate::delivery::urls::parse_file_name;
use crate::problem::{Kind, Problem};

/// Serves a rendition.
pub(super) async fn deliver(
    State(app): State<App>,
    Path((media, file)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let now = app.clock.now();
    // The signature first: to whoever cannot sign, a media that exists and one that does not look alike.
    let grant = app.urls.verify(&media, &file, query.as_deref().unwrap_or_default(), now).map_err(refused)?;
    let unknown = || Problem::new(Kind::NotFound, "this media or rendition no longer exists");
    let (name, extension) = parse_file_name(&file).ok_or_else(unknown)?;
    let found = app.catalog.deliverable(grant.media, name).await?.ok_or_else(unknown)?;
    if found.url_version != grant.version {
        return Err(Problem::new(Kind::UrlExpired, "this URL was withdrawn; ask for the media again"));
    }
    let format = found.rendition.format;
    if extension != format.extension() {
        return Err(unknown());
    }
    let reader = app.store.open_rendition(found.blob, name, format).await?;
    let remaining = grant.expires.saturating_sub(now.as_seconds());
    let cache_control = HeaderValue::from_str(&format!("private, max-age={remaining}"));
    let entity = Entity {
        etag: format!("\"{}-{name}-{:x}\"", found.blob, found.published_at.as_millis()),
        content_type: format.content_type(),
        disposition: disposition::inline(&format!("{}-{file}", grant.media)),
        cache_control: cache_control.map_err(|error| Problem::internal(error.to_string()))?,
    };
    serve(&reader, &entity, &method, &headers)
}

fn refused(rejected: Rejected) -> Problem {
    match rejected {
        Rejected::Invalid => {
            Problem::new(Kind::SignatureInvalid, "the signature of this URL is not ours, or the URL was altered")
        }
        Rejected::Expired => Problem::new(Kind::UrlExpired, "this URL has expired; ask for the media again"),
    }
}
