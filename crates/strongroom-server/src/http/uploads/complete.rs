//! `POST /v2/access/uploads/complete`: finalizes an upload.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::HeaderMap;
use serde::Deserialize;
use tracing::Instrument as _;
use utoipa::ToSchema;

use super::named::Named;
use super::put_single::CompletedResponse;
use super::{preferred_wait, settled_media, upload_id};
use crate::app::App;
use crate::http::json::Json;
use crate::http::principal::{Access, VaultWrite};
use crate::problem::Problem;
use crate::services::completion::NamedPart;

/// Which upload to complete.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CompleteRequest {
    /// `upload:<uuid>`.
    #[schema(min_length = 1)]
    media_upload_id: String,
    /// The parts as the client knows them; verified if present.
    parts: Option<Vec<PartName>>,
    /// Release forms to attach to the media.
    #[schema(value_type = Option<Vec<i64>>)]
    release_form_ids: Option<Vec<serde_json::Value>>,
    /// Lists to put the media on.
    #[schema(value_type = Option<Vec<i64>>)]
    list_ids: Option<Vec<serde_json::Value>>,
}

/// A part as the client knows it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PartName {
    /// From 1.
    part_number: u32,
    /// The entity tag it was answered with.
    etag: String,
}

/// Finalize media upload
#[utoipa::path(
    post, path = "/v2/access/uploads/complete", tag = "uploads", operation_id = "completeUpload",
    params(("Prefer" = Option<String>, Header, description = "`wait=N`: wait up to N (≤ 25) seconds for the renditions")),
    request_body = CompleteRequest,
    responses((status = 200, body = CompletedResponse)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn complete(
    State(app): State<App>,
    access: Access<VaultWrite>,
    headers: HeaderMap,
    Json(request): Json<CompleteRequest>,
) -> Result<Answer<CompletedResponse>, Problem> {
    if request.media_upload_id.is_empty() {
        return Err(Problem::field("mediaUploadId", "", "an upload id (upload:<uuid>)"));
    }
    let id = upload_id(&request.media_upload_id)?;
    let owner = &access.connection.id;
    let (lists, forms) = (request.list_ids.as_ref(), request.release_form_ids.as_ref());
    Named::read(&app, owner, &access.key, lists, forms).await?.keep(&app, id).await?;
    let parts = request.parts.unwrap_or_default().into_iter();
    let parts = parts.map(|part| NamedPart { number: part.part_number, etag: part.etag }).collect();
    let media = app.completion.complete(owner, id, parts).instrument(tracing::debug_span!("complete")).await?;
    let media = settled_media(&app, &access.connection, media, preferred_wait(&headers)).await?;
    Ok(Answer(CompletedResponse { media_upload_id: id.to_string(), media: Some(media) }))
}
