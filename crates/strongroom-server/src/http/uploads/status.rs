//! `GET /v2/access/uploads/{id}`: all that is needed to go on with an upload.

use axum::Json as Answer;
use axum::extract::{Path, State};
use serde::Serialize;
use strongroom_catalog::records::{Part, Upload};
use strongroom_core::upload::UploadState;
use utoipa::ToSchema;

use super::{upload_id, upload_type};
use crate::app::App;
use crate::http::media_view::MediaView;
use crate::http::principal::{Access, VaultWrite};
use crate::problem::Problem;
use crate::services::direct::Landed;

/// A session.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionView {
    /// `upload:<uuid>`.
    media_upload_id: String,
    /// `open`, `completing`, `completed`, `aborted` or `expired`.
    state: &'static str,
    /// The name given at init.
    filename: String,
    /// The file's size in bytes.
    size: u64,
    /// The type declared at init.
    content_type: String,
    /// `single` or `multipart`.
    upload_type: &'static str,
    /// Whether its parts go to the object store itself.
    #[serde(skip_serializing_if = "is_false")]
    is_direct: bool,
    /// How many parts there are.
    total_parts: u32,
    /// Bytes in every part but the last.
    part_size: u64,
    /// When it was opened.
    created_at: String,
    /// When it expires unless a part arrives.
    expires_at: String,
    /// The parts that are on stable storage.
    #[serde(skip_serializing_if = "Option::is_none")]
    received_parts: Option<Vec<ReceivedPart>>,
    /// Their bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    received_bytes: Option<u64>,
    /// The media that it became.
    #[serde(skip_serializing_if = "Option::is_none")]
    media: Option<MediaView>,
}

/// A part that is on stable storage.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ReceivedPart {
    /// From 1.
    part_number: u32,
    /// Its bytes.
    size: u64,
    /// Its entity tag.
    etag: String,
}

impl SessionView {
    /// A session without its parts, as in a list.
    pub(super) fn of(upload: &Upload) -> Self {
        Self {
            media_upload_id: upload.id.to_string(),
            state: upload.state.as_str(),
            filename: upload.filename.clone(),
            size: upload.plan.size(),
            content_type: upload.content_type.clone(),
            upload_type: upload_type(upload),
            is_direct: upload.is_direct,
            total_parts: upload.plan.total_parts(),
            part_size: upload.plan.part_bytes(),
            created_at: upload.created_at.to_rfc3339(),
            expires_at: upload.expires_at.to_rfc3339(),
            received_parts: None,
            received_bytes: None,
            media: None,
        }
    }

    fn with_parts(mut self, parts: Vec<ReceivedPart>) -> Self {
        self.received_bytes = Some(parts.iter().map(|part| part.size).sum());
        self.received_parts = Some(parts);
        self
    }
}

impl From<&Part> for ReceivedPart {
    fn from(part: &Part) -> Self {
        Self { part_number: part.number, size: part.size_bytes, etag: part.digest.to_etag() }
    }
}

impl From<&Landed> for ReceivedPart {
    fn from(part: &Landed) -> Self {
        Self { part_number: part.number, size: part.size_bytes, etag: format!("\"{}\"", part.tag) }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// Look at an upload session
#[utoipa::path(
    get, path = "/v2/access/uploads/{mediaUploadId}", tag = "uploads", operation_id = "getUpload",
    params(("mediaUploadId" = String, Path, description = "`upload:<uuid>`, raw or percent-encoded")),
    responses((status = 200, body = SessionView)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn status(
    State(app): State<App>,
    access: Access<VaultWrite>,
    Path(id): Path<String>,
) -> Result<Answer<SessionView>, Problem> {
    let owner = &access.connection.id;
    let (upload, parts) = app.sessions.find_with_parts(owner, upload_id(&id)?).await?;
    let parts = match upload.state {
        UploadState::Open if app.direct.is_direct(&upload) => {
            app.direct.received(&upload).await?.iter().map(ReceivedPart::from).collect()
        }
        _ => parts.iter().map(ReceivedPart::from).collect(),
    };
    let mut view = SessionView::of(&upload).with_parts(parts);
    if let Some(media) = upload.media {
        let media = app.catalog.media(owner.clone(), media).await?;
        view.media = media.map(|media| MediaView::of(&app, &access.connection.settings, &media));
    }
    Ok(Answer(view))
}
