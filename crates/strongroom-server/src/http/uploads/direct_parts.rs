//! `GET /v2/access/uploads/{id}/direct-parts`: URLs of the object store by which parts are sent past this server.

use axum::Json as Answer;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::upload_id;
use crate::app::App;
use crate::http::page::{Page, QueryPairs};
use crate::http::principal::{Access, VaultWrite};
use crate::problem::Problem;
use crate::services::direct::Offer;

/// URLs that one answer has, unless told otherwise, and at most. A URL is some 500 bytes long, and is good for an hour: more than
/// can be used in that time are of no use.
pub(super) const USUAL: u32 = 100;
const MOST: u32 = 1000;

/// Where to send parts of an upload whose bytes go past this server.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DirectParts {
    /// When these URLs end. A PUT that has begun by then goes on. Absent where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    /// None where the parts are to be sent to this server.
    parts: Vec<DirectPart>,
}

/// Where to send one part.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct DirectPart {
    /// From 1.
    part_number: u32,
    /// Where to PUT it, without any other credential.
    #[schema(
        example = "https://s3.example.com/strongroom/blobs/6f/6f1c1d1e…?partNumber=1&uploadId=…&X-Amz-Signature=…"
    )]
    url: String,
    /// Its bytes: no other `Content-Length` is taken.
    size: u64,
}

impl DirectParts {
    /// What init answers.
    pub(super) fn of(offer: Offer) -> Self {
        let part = |(part, url): (strongroom_core::upload::PartRange, String)| DirectPart {
            part_number: part.number,
            url,
            size: part.length,
        };
        Self { expires_at: Some(offer.expires_at.to_rfc3339()), parts: offer.places.into_iter().map(part).collect() }
    }
}

/// Get URLs for sending parts to the object store
#[utoipa::path(
    get, path = "/v2/access/uploads/{mediaUploadId}/direct-parts", tag = "uploads", operation_id = "getDirectParts",
    params(
        ("mediaUploadId" = String, Path, description = "`upload:<uuid>`, raw or percent-encoded"),
        ("fromPart" = Option<u32>, Query, description = "The first part's number; 1 unless given"),
        ("limit" = Option<u32>, Query, description = "1 to 1000; 100 unless given"),
    ),
    responses((status = 200, body = DirectParts)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn direct_parts(
    State(app): State<App>,
    access: Access<VaultWrite>,
    Path(id): Path<String>,
    query: QueryPairs,
) -> Result<Answer<DirectParts>, Problem> {
    let upload = app.sessions.find(&access.connection.id, upload_id(&id)?).await?;
    let total = upload.plan.total_parts();
    let from =
        match query.get("fromPart") {
            None => 1,
            Some(text) => text.parse().ok().filter(|number| (1..=total).contains(number)).ok_or_else(|| {
                Problem::field("fromPart", text, &format!("a part of this upload: it has 1 to {total}"))
            })?,
        };
    let limit = Page::read(&query, USUAL, MOST)?.limit;
    let offer = app.direct.offer(&upload, from, limit).await?;
    Ok(Answer(offer.map_or_else(|| DirectParts { expires_at: None, parts: Vec::new() }, DirectParts::of)))
}
