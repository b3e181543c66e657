//! `GET /people/{personId}/{file}`: an avatar, to whoever holds a good URL.

use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderValue;
use axum::response::Response;
use strongroom_core::id::PersonId;
use strongroom_core::signed_url::{Subject, path_number};

use super::deliver::refused;
use crate::app::App;
use crate::delivery::disposition;
use crate::delivery::entity::{Entity, Fetch, serve};
use crate::delivery::urls::parse_file_name;
use crate::problem::{Kind, Problem};

/// Serves an avatar in one of its sizes.
pub(super) async fn avatar(
    State(app): State<App>,
    Path((person, file)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    fetch: Fetch,
) -> Result<Response, Problem> {
    let now = app.clock.now();
    let id = PersonId::new(path_number(&person).map_err(refused)?);
    let query = query.as_deref().unwrap_or_default();
    let grant = app.urls.verify(Subject::Person(id), &file, query, now).await.map_err(refused)?;
    let unknown = || Problem::new(Kind::NotFound, "this avatar no longer exists");
    let (name, extension) = parse_file_name(&file).ok_or_else(unknown)?;
    let found = app.catalog.avatar(id, name).await?.ok_or_else(unknown)?;
    if found.url_version != grant.version {
        return Err(Problem::new(Kind::UrlExpired, "this URL was withdrawn; ask for the person again"));
    }
    let format = found.rendition.format;
    if extension != format.extension() {
        return Err(unknown());
    }
    let reader = app.store.open_rendition(found.blob, name, format).await?;
    let cache_control = format!("private, max-age={}", grant.expires.saturating_sub(now.as_seconds()));
    let entity = Entity {
        etag: format!("\"{}-{name}-{:x}\"", found.blob, found.published_at.as_millis()),
        content_type: format.content_type(),
        disposition: disposition::inline(&format!("{id}-{file}")),
        cache_control: HeaderValue::from_str(&cache_control).map_err(|error| Problem::internal(error.to_string()))?,
    };
    serve(&reader, &entity, &fetch)
}
