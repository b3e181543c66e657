//! `GET /v2/access/vault/media/{id}/original`: the bytes as they were uploaded, as an attachment.

use axum::extract::{FromRequestParts as _, Path, Request, State};
use axum::http::{HeaderValue, Method, Uri};
use axum::response::{IntoResponse as _, Response};
use strongroom_core::media::FailureCode;
use strongroom_store::StoreError;

use super::find;
use crate::app::App;
use crate::delivery::consent::withheld;
use crate::delivery::disposition;
use crate::delivery::entity::{Entity, Fetch, serve_as_data};
use crate::http::principal::{Access, VaultRead};
use crate::problem::{Kind, Problem};

/// Download a media's original
#[utoipa::path(
    get, path = "/v2/access/vault/media/{mediaId}/original", tag = "vault", operation_id = "getOriginal",
    params(
        ("mediaId" = String, Path, description = "A media id, or `upload:<uuid>`"),
        ("Range" = Option<String>, Header, description = "RFC 9110 byte ranges"),
    ),
    responses(
        (status = 200, content_type = "application/octet-stream", body = Vec<u8>),
        (status = 206, content_type = "application/octet-stream", body = Vec<u8>),
        (status = 304, description = "The client's copy is current"),
    ),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn original(
    State(app): State<App>,
    access: Access<VaultRead>,
    Path(reference): Path<String>,
    fetch: Fetch,
) -> Result<Response, Problem> {
    let owner = access.connection.id;
    let media = find(&app, owner.clone(), &reference).await?;
    withheld(&access.connection.settings, media.consent(app.clock.now()))?;
    if media.failure.as_ref().is_some_and(|failure| failure.code == FailureCode::Damaged) {
        return Err(Problem::new(
            Kind::NotFound,
            "the stored original was found damaged and is withheld; send the file again",
        ));
    }
    let reader = match app.store.open_blob(media.blob).await {
        // Purged since the row was read: then it is not found any more. If it is, its bytes are lost, which is a fault.
        Err(StoreError::Missing) => {
            find(&app, owner, &reference).await?;
            return Err(StoreError::Missing.into());
        }
        opened => opened?,
    };
    let entity = Entity {
        etag: media.etag.to_etag(),
        // From the bytes, and never one that a browser would run; what is unknown is just bytes.
        content_type: media.format.map_or("application/octet-stream", |format| format.content_type()),
        disposition: disposition::attachment(&media.filename),
        cache_control: HeaderValue::from_static("private, no-store"),
    };
    serve_as_data(&reader, &entity, &fetch)
}

/// Whether a request is one that [`at_once`] answers: a `GET` of an original, with nothing in its path that is written in two ways.
pub(in crate::http) fn is_plain(request: &Request) -> bool {
    request.method() == Method::GET && name(request.uri()).is_some()
}

/// Serves an original past the router, as renditions are: of a large file's ranges there are as many.
pub(in crate::http) async fn at_once(app: App, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let access = match Access::from_request_parts(&mut parts, &app).await {
        Ok(access) => access,
        Err(problem) => return problem.into_response(),
    };
    // Without a name, which is no plain request, no media is found.
    let name = name(&parts.uri).unwrap_or_default().to_owned();
    original(State(app), access, Path(name), Fetch::of(parts)).await.into_response()
}

/// The media that the path of an original names. A path with a `%` is for the router, which reads it.
fn name(uri: &Uri) -> Option<&str> {
    let name = uri.path().strip_prefix("/v2/access/vault/media/")?.strip_suffix("/original")?;
    (!name.is_empty() && !name.contains(['/', '%'])).then_some(name)
}
