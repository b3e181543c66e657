//! `GET /v2/access/self/release-forms/{id}/audit`: who did what to a form. Of one that was deleted, too.

use axum::Json as Answer;
use axum::extract::{Path, State};
use serde::Serialize;
use serde_json::Value;
use strongroom_catalog::records::AuditEntry;
use utoipa::ToSchema;

use super::form_id;
use super::view::hexadecimal;
use crate::app::App;
use crate::http::page::{Page, QueryPairs};
use crate::http::principal::{Access, ProfileRead};
use crate::problem::Problem;

/// A row of the audit log.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuditView {
    /// Its place in the log.
    pub(super) id: i64,
    /// Which form.
    pub(super) release_form_id: i64,
    /// When.
    pub(super) at: String,
    /// The id of the key that did it, or `system`.
    pub(super) actor: String,
    /// `created`, `changed`, `document_added`, `approved`, `revoked`, `expired`, `attached`, `detached` or `deleted`.
    pub(super) action: &'static str,
    /// SHA-256 of the document that was the newest then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) document_sha256: Option<String>,
    /// What changed.
    #[schema(value_type = Object)]
    pub(super) detail: Value,
}

/// A page of the audit log.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuditList {
    /// The rows, oldest first.
    list: Vec<AuditView>,
    /// Whether there are more.
    has_more: bool,
    /// What to send as `after` for the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_after: Option<i64>,
}

impl AuditView {
    pub(super) fn of(entry: &AuditEntry) -> Self {
        Self {
            id: entry.id,
            release_form_id: entry.form.number(),
            at: entry.at.to_rfc3339(),
            actor: entry.actor.to_string(),
            action: entry.action.as_str(),
            document_sha256: entry.document_sha256.map(|bytes| hexadecimal(&bytes)),
            // Written by us as an object; whatever else is there should be seen as it is.
            detail: serde_json::from_str(&entry.detail).unwrap_or_else(|_| Value::String(entry.detail.clone())),
        }
    }
}

/// Read a release form's audit log
#[utoipa::path(
    get, path = "/v2/access/self/release-forms/{releaseFormId}/audit", tag = "self", operation_id = "getReleaseFormAudit",
    params(
        ("releaseFormId" = String, Path, description = "A release form's id, also of one that was deleted"),
        ("limit" = Option<u32>, Query, description = "1 to 100; 50 unless given"),
        ("after" = Option<i64>, Query, description = "nextAfter of the page before"),
    ),
    responses((status = 200, body = AuditList)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn audit_of_form(
    State(app): State<App>,
    access: Access<ProfileRead>,
    Path(segment): Path<String>,
    query: QueryPairs,
) -> Result<Answer<AuditList>, Problem> {
    let (owner, id, page) = (access.connection.id, form_id(&segment)?, Page::read(&query, 50, 100)?);
    let after = query.word("after", "a row's id (a whole number)")?.unwrap_or(0);
    let rows = app.catalog.audit_of_form(owner, id, after, page.limit + 1).await?;
    // Every form has at least the row of its birth.
    if rows.is_empty() && after == 0 {
        return Err(Problem::not_found("release form", &segment));
    }
    let (rows, has_more) = page.cut(rows);
    let next_after = rows.last().filter(|_| has_more).map(|last| last.id);
    Ok(Answer(AuditList { list: rows.iter().map(AuditView::of).collect(), has_more, next_after }))
}
