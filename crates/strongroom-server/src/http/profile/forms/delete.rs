//! `DELETE /v2/access/self/release-forms/{id}`: the form counts no longer. Its documents and its log stay.

use axum::Json as Answer;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::{actor, form_id};
use crate::app::App;
use crate::http::principal::{Access, ProfileWrite};
use crate::problem::Problem;

/// Delete a release form
#[utoipa::path(
    delete, path = "/v2/access/self/release-forms/{releaseFormId}", tag = "self", operation_id = "deleteReleaseForm",
    params(("releaseFormId" = String, Path, description = "A release form's id")),
    responses((status = 200, description = "It is deleted", body = Object)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn delete_release_form(
    State(app): State<App>,
    access: Access<ProfileWrite>,
    Path(id): Path<String>,
) -> Result<Answer<Value>, Problem> {
    let (id, actor) = (form_id(&id)?, actor(&access.key));
    app.catalog.delete_form(access.connection.id, id, actor, app.clock.now()).await??;
    Ok(Answer(json!({})))
}
