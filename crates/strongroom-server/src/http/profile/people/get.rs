//! `GET /v2/access/self/tagged-friend-users/{id}`: one person.

use axum::Json as Answer;
use axum::extract::{Path, State};

use super::view::PersonView;
use super::{person_id, show};
use crate::app::App;
use crate::http::principal::{Access, ProfileRead};
use crate::problem::Problem;

/// Get a tagged friend user
#[utoipa::path(
    get, path = "/v2/access/self/tagged-friend-users/{personId}", tag = "self", operation_id = "getTaggedFriendUser",
    params(("personId" = String, Path, description = "A tagged friend user's id")),
    responses((status = 200, body = PersonView)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn get_person(
    State(app): State<App>,
    access: Access<ProfileRead>,
    Path(segment): Path<String>,
) -> Result<Answer<PersonView>, Problem> {
    show(&app, &access.connection, person_id(&segment)?).await
}
