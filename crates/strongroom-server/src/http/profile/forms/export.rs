//! `GET /v2/access/self/release-forms/audit`: the whole log, as a file.

use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use strongroom_catalog::CatalogError;
use strongroom_core::id::ConnectionId;

use super::audit::AuditView;
use crate::app::App;
use crate::http::page::QueryPairs;
use crate::http::principal::{Access, ProfileRead};
use crate::problem::Problem;

/// Rows read at a time: what is in memory does not grow with the log.
const ROWS: u32 = 500;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    JsonLines,
    Csv,
}

/// Export the audit log of all release forms
#[utoipa::path(
    get, path = "/v2/access/self/release-forms/audit", tag = "self", operation_id = "exportReleaseFormAudit",
    params(("format" = Option<String>, Query, description = "jsonl (a JSON document a line; the default) or csv")),
    responses((status = 200, content((String = "application/x-ndjson"), (String = "text/csv")))),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn export_audit(
    State(app): State<App>,
    access: Access<ProfileRead>,
    query: QueryPairs,
) -> Result<Response, Problem> {
    let (form, content_type, name) = match query.get("format") {
        None | Some("jsonl") => (Form::JsonLines, "application/x-ndjson", "release-forms-audit.jsonl"),
        Some("csv") => (Form::Csv, "text/csv; charset=utf-8", "release-forms-audit.csv"),
        Some(other) => return Err(Problem::field("format", other, "jsonl or csv")),
    };
    let headers = [
        (header::CONTENT_TYPE, content_type.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    let first = if form == Form::Csv { CSV_HEAD } else { "" };
    let owner = access.connection.id;
    let pages = stream::try_unfold(0, move |after| page(app.clone(), owner.clone(), form, after));
    let body = stream::iter([Ok(Bytes::from_static(first.as_bytes()))]).chain(pages);
    Ok((headers, Body::from_stream(body)).into_response())
}

/// The rows from behind `after`, and behind which the next page begins; nothing at the end.
async fn page(app: App, owner: ConnectionId, form: Form, after: i64) -> Result<Option<(Bytes, i64)>, CatalogError> {
    let rows = app.catalog.audit_of_connection(owner, after, ROWS).await?;
    let text: String = rows.iter().map(AuditView::of).map(|row| line(form, &row)).collect();
    Ok(rows.last().map(|last| (Bytes::from(text), last.id)))
}

const CSV_HEAD: &str = "id,releaseFormId,at,actor,action,documentSha256,detail\r\n";

fn line(form: Form, row: &AuditView) -> String {
    match form {
        Form::JsonLines => serde_json::to_string(row).unwrap_or_default() + "\n",
        Form::Csv => {
            let AuditView { id, release_form_id, at, actor, action, document_sha256, detail } = row;
            let document = document_sha256.as_deref().unwrap_or_default();
            // Only the last field can hold what needs quotes (RFC 4180); it begins with a brace, so no spreadsheet takes it for a
            // formula.
            let detail = detail.to_string().replace('"', "\"\"");
            format!("{id},{release_form_id},{at},{actor},{action},{document},\"{detail}\"\r\n")
        }
    }
}
