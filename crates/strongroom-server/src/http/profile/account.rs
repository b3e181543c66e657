//! `GET /v2/access/self`: the account behind a connection.

use axum::Json as Answer;
use axum::extract::State;
use serde::Serialize;
use strongroom_core::media::MediaType;
use utoipa::ToSchema;

use crate::app::App;
use crate::http::principal::{Access, ProfileRead};
use crate::problem::Problem;

/// The account behind a connection.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProfileView {
    /// A stable number for the connection.
    id: i64,
    username: String,
    name: String,
    /// Always true: the call was authorised.
    is_auth: bool,
    is_verified: bool,
    /// Empty where there is none.
    avatar: String,
    subscribers_count: i64,
    posts_count: i64,
    photos_count: i64,
    videos_count: i64,
}

/// Get the connected account
#[utoipa::path(
    get, path = "/v2/access/self", tag = "self", operation_id = "getSelf",
    responses((status = 200, body = ProfileView)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn profile(
    State(app): State<App>,
    access: Access<ProfileRead>,
) -> Result<Answer<ProfileView>, Problem> {
    let connection = access.connection;
    let photos_count = app.catalog.count_media(connection.id.clone(), MediaType::Photo).await?;
    let videos_count = app.catalog.count_media(connection.id.clone(), MediaType::Video).await?;
    Ok(Answer(ProfileView {
        id: connection.id.number(),
        username: connection.username,
        name: connection.name,
        is_auth: true,
        is_verified: true,
        avatar: connection.avatar.unwrap_or_default(),
        subscribers_count: 0,
        posts_count: 0,
        photos_count,
        videos_count,
    }))
}
