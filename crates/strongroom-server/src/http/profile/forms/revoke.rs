//! `POST /v2/access/self/release-forms/{id}/revoke`: consent is withdrawn, and with it every link that it opened.

use axum::Json as Answer;
use axum::extract::{Path, State};

use super::view::FormView;
use super::{actor, form_id, show};
use crate::app::App;
use crate::http::principal::{Access, ProfileWrite};
use crate::problem::Problem;

/// Revoke a release form
#[utoipa::path(
    post, path = "/v2/access/self/release-forms/{releaseFormId}/revoke", tag = "self", operation_id = "revokeReleaseForm",
    params(("releaseFormId" = String, Path, description = "A release form's id")),
    responses((status = 200, body = FormView)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn revoke_release_form(
    State(app): State<App>,
    access: Access<ProfileWrite>,
    Path(id): Path<String>,
) -> Result<Answer<FormView>, Problem> {
    let (owner, id, actor) = (access.connection.id, form_id(&id)?, actor(&access.key));
    app.catalog.revoke_form(owner.clone(), id, actor, app.clock.now()).await??;
    show(&app, owner, id).await
}
