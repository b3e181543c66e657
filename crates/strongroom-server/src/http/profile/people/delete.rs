//! `DELETE /v2/access/self/tagged-friend-users/{id}`: the person is gone from lists. Their forms stay, and say whose they are.

use axum::Json as Answer;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::person_id;
use crate::app::App;
use crate::http::principal::{Access, ProfileWrite};
use crate::problem::Problem;
use crate::services::avatars;

/// Delete a tagged friend user
#[utoipa::path(
    delete, path = "/v2/access/self/tagged-friend-users/{personId}", tag = "self", operation_id = "deleteTaggedFriendUser",
    params(("personId" = String, Path, description = "A tagged friend user's id")),
    responses((status = 200, description = "They are deleted", body = Object)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn delete_person(
    State(app): State<App>,
    access: Access<ProfileWrite>,
    Path(segment): Path<String>,
) -> Result<Answer<Value>, Problem> {
    let freed = app.catalog.delete_person(access.connection.id, person_id(&segment)?, app.clock.now()).await??;
    avatars::delete(&app, freed).await?;
    Ok(Answer(json!({})))
}
