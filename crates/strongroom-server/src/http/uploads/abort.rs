//! `DELETE /v2/access/uploads/{id}`: gives a session up and frees its bytes.

use axum::Json as Answer;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::upload_id;
use crate::app::App;
use crate::http::principal::{Access, VaultWrite};
use crate::problem::Problem;

/// Abort an upload session
#[utoipa::path(
    delete, path = "/v2/access/uploads/{mediaUploadId}", tag = "uploads", operation_id = "abortUpload",
    params(("mediaUploadId" = String, Path, description = "`upload:<uuid>`, raw or percent-encoded")),
    responses((status = 200, description = "Gone, or gone before", body = Object)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn abort(
    State(app): State<App>,
    access: Access<VaultWrite>,
    Path(id): Path<String>,
) -> Result<Answer<Value>, Problem> {
    app.sessions.abort(&access.connection.id, upload_id(&id)?).await?;
    Ok(Answer(json!({})))
}
