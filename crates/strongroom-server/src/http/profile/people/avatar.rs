//! `PUT` and `DELETE /v2/access/self/tagged-friend-users/{id}/avatar`: the picture beside a name.

use axum::Json as Answer;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::HeaderMap;

use super::view::PersonView;
use super::{find, person_id, show};
use crate::app::App;
use crate::http::body::{Bytestream, file_length, refuse_encoding};
use crate::http::principal::{Access, ProfileWrite};
use crate::problem::Problem;
use crate::services::avatars;

/// Set a tagged friend user's avatar
///
/// It is rendered like every picture, and cut to squares. Links to the one before die at once.
#[utoipa::path(
    put, path = "/v2/access/self/tagged-friend-users/{personId}/avatar", tag = "self", operation_id = "putAvatar",
    params(("personId" = String, Path, description = "A tagged friend user's id")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "A picture of at most 64 MiB"),
    responses((status = 200, body = PersonView)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn put_avatar(
    State(app): State<App>,
    access: Access<ProfileWrite>,
    Path(segment): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Answer<PersonView>, Problem> {
    let (owner, id) = (&access.connection.id, person_id(&segment)?);
    find(&app, owner.clone(), id).await?;
    refuse_encoding(&headers)?;
    let size = file_length(&headers, "an avatar")?;
    let mut body = Bytestream::new(body, app.config.server.deadlines);
    let picture = avatars::receive(&app, owner, size, &mut body).await?;
    access.check_again(&app).await?;
    avatars::show(&app, owner, id, Some(picture)).await?;
    show(&app, &access.connection, id).await
}

/// Remove a tagged friend user's avatar
#[utoipa::path(
    delete, path = "/v2/access/self/tagged-friend-users/{personId}/avatar", tag = "self", operation_id = "deleteAvatar",
    params(("personId" = String, Path, description = "A tagged friend user's id")),
    responses((status = 200, body = PersonView)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn delete_avatar(
    State(app): State<App>,
    access: Access<ProfileWrite>,
    Path(segment): Path<String>,
) -> Result<Answer<PersonView>, Problem> {
    let id = person_id(&segment)?;
    avatars::show(&app, &access.connection.id, id, None).await?;
    show(&app, &access.connection, id).await
}
