//! `GET /v2/access/self/release-forms/{id}`: one release form.

use axum::Json as Answer;
use axum::extract::{Path, State};

use super::view::FormView;
use super::{form_id, show};
use crate::app::App;
use crate::http::principal::{Access, ProfileRead};
use crate::problem::Problem;

/// Get a release form
#[utoipa::path(
    get, path = "/v2/access/self/release-forms/{releaseFormId}", tag = "self", operation_id = "getReleaseForm",
    params(("releaseFormId" = String, Path, description = "A release form's id")),
    responses((status = 200, body = FormView)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn get_release_form(
    State(app): State<App>,
    access: Access<ProfileRead>,
    Path(id): Path<String>,
) -> Result<Answer<FormView>, Problem> {
    show(&app, access.connection.id, form_id(&id)?).await
}
