//! `PUT` and `DELETE /v2/access/vault/media/{id}/preview`: a preview chosen by hand.

use axum::Json as Answer;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use strongroom_core::upload::AnnouncedLength;

use super::{find, show};
use crate::app::App;
use crate::http::body::{Bytestream, announced_length, refuse_encoding};
use crate::http::media_view::VaultMediaView;
use crate::http::principal::{Access, VaultWrite};
use crate::problem::{Kind, Problem};
use crate::services::previews;

/// Choose a media's preview
#[utoipa::path(
    put, path = "/v2/access/vault/media/{mediaId}/preview", tag = "vault", operation_id = "putPreview",
    params(("mediaId" = String, Path, description = "A media id, or `upload:<uuid>`")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "A picture of at most 64 MiB"),
    responses((status = 200, body = VaultMediaView)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn put_preview(
    State(app): State<App>,
    access: Access<VaultWrite>,
    Path(reference): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Answer<VaultMediaView>, Problem> {
    let owner = access.connection.id;
    let media = find(&app, owner.clone(), &reference).await?;
    refuse_encoding(&headers)?;
    let mut body = Bytestream::new(body, app.config.server.deadlines);
    previews::set(&app, &media, length(&headers)?, &mut body).await?;
    show(&app, owner, &reference).await
}

/// Undo the choice of a media's preview
#[utoipa::path(
    delete, path = "/v2/access/vault/media/{mediaId}/preview", tag = "vault", operation_id = "deletePreview",
    params(("mediaId" = String, Path, description = "A media id, or `upload:<uuid>`")),
    responses((status = 200, body = VaultMediaView)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn delete_preview(
    State(app): State<App>,
    access: Access<VaultWrite>,
    Path(reference): Path<String>,
) -> Result<Answer<VaultMediaView>, Problem> {
    let owner = access.connection.id;
    let media = find(&app, owner.clone(), &reference).await?;
    previews::unset(&app, &media).await?;
    show(&app, owner, &reference).await
}

/// The picture's length, which must be known before its first byte.
fn length(headers: &HeaderMap) -> Result<u64, Problem> {
    let limit = previews::LARGEST_BYTES;
    match announced_length(headers) {
        AnnouncedLength::Exactly(0) => Err(Problem::field("Content-Length", "0", "the length of a picture")),
        AnnouncedLength::Exactly(length) if length <= limit => Ok(length),
        AnnouncedLength::Exactly(length) => Err(Problem::new(
            Kind::TooLarge,
            format!("Content-Length: `{length}` is more than the {limit} bytes of a preview"),
        )),
        AnnouncedLength::Chunked | AnnouncedLength::Missing => {
            Err(Problem::new(Kind::LengthRequired, "a preview needs a Content-Length"))
        }
    }
}
