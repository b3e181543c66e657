//! `POST /v2/access/uploads/init`: opens a session.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use strongroom_catalog::records::Upload;
use utoipa::ToSchema;

use super::direct_parts::{DirectParts, USUAL};
use super::named::Named;
use super::{file_size, upload_type};
use crate::app::App;
use crate::http::body::digests;
use crate::http::json::Json;
use crate::http::principal::{Access, VaultWrite};
use crate::problem::Problem;
use crate::services::sessions::NewSession;

/// What is to be uploaded.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InitRequest {
    /// The file's name. Shown, never used as a path.
    #[schema(min_length = 1)]
    filename: Option<String>,
    /// The file's size in bytes.
    #[schema(minimum = 1, value_type = Option<u64>)]
    size: Option<serde_json::Number>,
    /// Alias of `size`.
    #[schema(minimum = 1, value_type = Option<u64>)]
    filesize: Option<serde_json::Number>,
    /// The declared type. What the file is, is told from its bytes.
    #[schema(min_length = 1)]
    content_type: Option<String>,
    /// Alias of `contentType`.
    mime_type: Option<String>,
    /// Accepted from clients of the compatible API; has no effect.
    #[schema(value_type = Option<Object>)]
    #[allow(dead_code, reason = "named so that its shape is documented")]
    vault_upload: Option<serde_json::Value>,
    /// Release forms to attach to the media.
    #[schema(value_type = Option<Vec<i64>>)]
    release_form_ids: Option<Vec<serde_json::Value>>,
    /// Lists to put the media on.
    #[schema(value_type = Option<Vec<i64>>)]
    list_ids: Option<Vec<serde_json::Value>>,
    /// Whether the bytes are to go to the object store itself. Has no effect where this server does not offer that: then the
    /// answer has no `directParts`, and the parts are sent here.
    direct_parts: Option<bool>,
}

/// The session, and how to send its parts.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InitResponse {
    /// `upload:<uuid>`.
    media_upload_id: String,
    /// `single` or `multipart`.
    upload_type: &'static str,
    /// How many parts there are.
    total_parts: u32,
    /// Bytes in every part but the last.
    part_size: u64,
    /// When the session expires unless a part arrives.
    expires_at: String,
    /// Every part's place; none where there are `directParts`.
    parts: Vec<PlannedPart>,
    /// Where to complete.
    complete_url: String,
    /// Where to send the first parts, past this server. `GET …/direct-parts` has the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    direct_parts: Option<DirectParts>,
}

/// One part's place.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PlannedPart {
    /// From 1.
    part_number: u32,
    /// Where to PUT it.
    upload_url: String,
    /// Which bytes.
    byte_range: ByteRange,
}

/// A range of bytes, both ends included.
#[derive(Debug, Serialize, ToSchema)]
struct ByteRange {
    /// The first.
    start: u64,
    /// The last.
    end: u64,
}

/// Initialize media upload
#[utoipa::path(
    post, path = "/v2/access/uploads/init", tag = "uploads", operation_id = "initUpload",
    params(("Repr-Digest" = Option<String>, Header, description = "RFC 9530 digest of the whole file, verified at complete")),
    request_body = InitRequest,
    responses((status = 200, body = InitResponse, headers(
        ("x-ofauth-upload-total-parts" = u32, description = "As `totalParts`"),
        ("x-ofauth-upload-part-size" = u64, description = "As `partSize`"),
    ))),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn init(
    State(app): State<App>,
    access: Access<VaultWrite>,
    headers: HeaderMap,
    Json(request): Json<InitRequest>,
) -> Result<([(HeaderName, HeaderValue); 2], Answer<InitResponse>), Problem> {
    let repr_digest = digests(&headers, "repr-digest", "Repr-Digest")?.to_digest_field();
    let (lists, forms) = (request.list_ids.as_ref(), request.release_form_ids.as_ref());
    let named = Named::read(&app, &access.connection.id, &access.key, lists, forms).await?;
    let new = request.check(repr_digest, app.direct.is_offered())?;
    let upload = app.sessions.open(&access.connection, new).await?;
    named.keep(&app, upload.id).await?;
    let direct_parts = offer(&app, &upload).await?;
    let headers = [
        (HeaderName::from_static("x-ofauth-upload-total-parts"), upload.plan.total_parts().into()),
        (HeaderName::from_static("x-ofauth-upload-part-size"), upload.plan.part_bytes().into()),
    ];
    Ok((headers, Answer(InitResponse { direct_parts, ..InitResponse::of(&app, &upload) })))
}

/// The first URLs of an upload that is direct. A session that gets none is given up: its client knows nothing of it.
async fn offer(app: &App, upload: &Upload) -> Result<Option<DirectParts>, Problem> {
    match app.direct.offer(upload, 1, USUAL).await {
        Ok(offer) => Ok(offer.map(DirectParts::of)),
        Err(problem) => {
            app.sessions.abort(&upload.connection, upload.id).await?;
            Err(problem)
        }
    }
}

impl InitRequest {
    fn check(self, repr_digest: Option<String>, is_direct_offered: bool) -> Result<NewSession, Problem> {
        let text = |name: &str, value: Option<String>| match value {
            Some(value) if !value.is_empty() => Ok(value),
            Some(_) => Err(Problem::field(name, "", "a text of at least one character")),
            None => Err(Problem::missing(name)),
        };
        let filename = text("filename", self.filename)?;
        let size = file_size(&self.size.or(self.filesize).ok_or_else(|| Problem::missing("size"))?)?;
        let content_type = text("contentType", self.content_type.or(self.mime_type))?;
        let is_direct = is_direct_offered && self.direct_parts == Some(true);
        Ok(NewSession { filename, size, content_type, repr_digest, is_direct })
    }
}

impl InitResponse {
    fn of(app: &App, upload: &Upload) -> Self {
        let base = format!("{}/v2/access/uploads", app.base_url());
        let is_single = upload.plan.total_parts() == 1;
        let part_url = |number: u32| match is_single {
            true => format!("{base}/{}", upload.id),
            false => format!("{base}/{}/parts/{number}", upload.id),
        };
        Self {
            media_upload_id: upload.id.to_string(),
            upload_type: upload_type(upload),
            total_parts: upload.plan.total_parts(),
            part_size: upload.plan.part_bytes(),
            expires_at: upload.expires_at.to_rfc3339(),
            parts: upload
                .plan
                .parts()
                .filter(|_| !upload.is_direct)
                .map(|part| PlannedPart {
                    part_number: part.number,
                    upload_url: part_url(part.number),
                    byte_range: ByteRange { start: part.offset, end: part.offset + part.length - 1 },
                })
                .collect(),
            complete_url: format!("{base}/complete"),
            direct_parts: None,
        }
    }
}
