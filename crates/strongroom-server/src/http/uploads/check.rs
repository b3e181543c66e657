//! `POST /v2/access/uploads/check`: whether bytes are in the vault already.

use axum::Json as Answer;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use strongroom_core::digest::Digest;
use utoipa::ToSchema;

use super::file_size;
use crate::app::App;
use crate::http::json::Json;
use crate::http::media_view::MediaView;
use crate::http::principal::{Access, VaultWrite};
use crate::problem::Problem;

/// The bytes that are asked for: by entity tag, or by SHA-256.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CheckRequest {
    /// BLAKE3 of the file, quoted or bare.
    #[schema(min_length = 1)]
    etag: Option<String>,
    /// SHA-256 of the file in hexadecimal.
    sha256: Option<String>,
    /// The file's size in bytes.
    #[schema(minimum = 1, value_type = u64)]
    size: serde_json::Number,
}

/// Whether they are there.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CheckResponse {
    /// Whether a media of this connection has these bytes.
    exists: bool,
    /// The newest of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    media: Option<MediaView>,
}

/// Check if media already exists in vault
#[utoipa::path(
    post, path = "/v2/access/uploads/check", tag = "uploads", operation_id = "checkUpload",
    request_body = CheckRequest,
    responses((status = 200, body = CheckResponse)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn check(
    State(app): State<App>,
    access: Access<VaultWrite>,
    Json(request): Json<CheckRequest>,
) -> Result<Answer<CheckResponse>, Problem> {
    let size = file_size(&request.size)?;
    let owner = access.connection.id.clone();
    let found = match (&request.etag, &request.sha256) {
        (Some(etag), _) if etag.is_empty() => return Err(Problem::field("etag", "", "an entity tag")),
        // An entity tag of another make is one that no media here has.
        (Some(etag), _) => match Digest::from_etag(etag) {
            Ok(digest) => app.catalog.media_by_etag(owner, digest, size).await?,
            Err(_) => None,
        },
        (None, Some(sha256)) => {
            // 64 hexadecimal digits, whichever hash they are of.
            let bytes: Digest =
                sha256.parse().map_err(|_| Problem::field("sha256", sha256, "64 hexadecimal digits"))?;
            app.catalog.media_by_sha256(owner, *bytes.as_bytes(), size).await?
        }
        (None, None) => return Err(Problem::missing("etag")),
    };
    let media = found.map(|media| MediaView::of(&app, &access.connection.settings, &media));
    Ok(Answer(CheckResponse { exists: media.is_some(), media }))
}
