//! `GET /v2/access/uploads`: a connection's sessions, newest first.

use axum::Json as Answer;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::status::SessionView;
use crate::app::App;
use crate::http::page::{Page, QueryPairs};
use crate::http::principal::{Access, VaultWrite};
use crate::problem::Problem;

/// A page of sessions.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionList {
    /// The sessions, without their parts.
    list: Vec<SessionView>,
    /// Whether there are more.
    has_more: bool,
}

/// List upload sessions
#[utoipa::path(
    get, path = "/v2/access/uploads", tag = "uploads", operation_id = "listUploads",
    params(
        ("state" = Option<String>, Query, description = "open, completing, completed, aborted or expired"),
        ("limit" = Option<u32>, Query, description = "1 to 100; 20 unless given"),
        ("offset" = Option<u64>, Query, description = "How many to pass over"),
    ),
    responses((status = 200, body = SessionList)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn list(
    State(app): State<App>,
    access: Access<VaultWrite>,
    query: QueryPairs,
) -> Result<Answer<SessionList>, Problem> {
    let state = query.word("state", "open, completing, completed, aborted or expired")?;
    let page = Page::read(&query, 20, 100)?;
    let uploads = app.sessions.list(access.connection.id, state, page.limit + 1, page.offset).await?;
    let (uploads, has_more) = page.cut(uploads);
    Ok(Answer(SessionList { list: uploads.iter().map(SessionView::of).collect(), has_more }))
}
