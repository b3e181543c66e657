//! `POST /v2/access/self/release-forms/{id}/approve`: consent is given, from now on and also after it was revoked.

use axum::Json as Answer;
use axum::extract::{Path, State};

use super::view::FormView;
use super::{actor, form_id, show};
use crate::app::App;
use crate::http::principal::{Access, ProfileWrite};
use crate::problem::Problem;

/// Approve a release form
#[utoipa::path(
    post, path = "/v2/access/self/release-forms/{releaseFormId}/approve", tag = "self", operation_id = "approveReleaseForm",
    params(("releaseFormId" = String, Path, description = "A release form's id")),
    responses((status = 200, body = FormView)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn approve_release_form(
    State(app): State<App>,
    access: Access<ProfileWrite>,
    Path(id): Path<String>,
) -> Result<Answer<FormView>, Problem> {
    let (owner, id, actor) = (access.connection.id, form_id(&id)?, actor(&access.key));
    app.catalog.approve_form(owner.clone(), id, actor, app.clock.now()).await??;
    show(&app, owner, id).await
}
