//! `PUT` and `DELETE /v2/access/vault/media/{id}/preview`: a preview chosen by hand.

use axum::Json as Answer;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::HeaderMap;

use super::{find, show};
use crate::app::App;
use crate::http::body::{Bytestream, file_length, refuse_encoding};
use crate::http::media_view::VaultMediaView;
use crate::http::principal::{Access, VaultWrite};
use crate::problem::Problem;
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
    let owner = &access.connection.id;
    let media = find(&app, owner.clone(), &reference).await?;
    refuse_encoding(&headers)?;
    let mut body = Bytestream::new(body, app.config.server.deadlines);
    previews::set(&app, &media, file_length(&headers, "a preview")?, &mut body).await?;
    show(&app, &access.connection, &reference).await
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
    let owner = &access.connection.id;
    let media = find(&app, owner.clone(), &reference).await?;
    previews::unset(&app, &media).await?;
    show(&app, &access.connection, &reference).await
}
