//! `PATCH /v2/access/self/tagged-friend-users/{id}`: changes what is known of someone.

use axum::Json as Answer;
use axum::extract::{Path, State};
use serde::Deserialize;
use strongroom_catalog::records::PersonChange;
use utoipa::ToSchema;

use super::view::PersonView;
use super::{person_id, show, unknown};
use crate::app::App;
use crate::http::json::Json;
use crate::http::principal::{Access, ProfileWrite};
use crate::http::profile::fields::{NAME, WORD, given, optional, removable};
use crate::problem::Problem;

/// What to change of a person. A field that is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PersonPatch {
    /// What they are called.
    #[schema(min_length = 1, max_length = 200)]
    name: Option<String>,
    /// The name of their account.
    #[schema(min_length = 1, max_length = 200)]
    username: Option<String>,
    /// What kind of person.
    #[schema(min_length = 1, max_length = 100)]
    r#type: Option<String>,
    /// Whether you have seen who they are.
    is_verified: Option<bool>,
    /// Whether they have no account of their own.
    is_from_guest: Option<bool>,
    /// Whether lists leave them out of sight.
    is_hidden: Option<bool>,
    /// How far their identity is verified; null takes it away.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    iv_status: Option<Option<String>>,
}

/// Change a tagged friend user
#[utoipa::path(
    patch, path = "/v2/access/self/tagged-friend-users/{personId}", tag = "self", operation_id = "changeTaggedFriendUser",
    params(("personId" = String, Path, description = "A tagged friend user's id")),
    request_body = PersonPatch,
    responses((status = 200, body = PersonView)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn change_person(
    State(app): State<App>,
    access: Access<ProfileWrite>,
    Path(segment): Path<String>,
    Json(patch): Json<PersonPatch>,
) -> Result<Answer<PersonView>, Problem> {
    let (owner, id) = (access.connection.id.clone(), person_id(&segment)?);
    if !app.catalog.change_person(owner, id, patch.change()?, app.clock.now()).await? {
        return Err(unknown(&segment));
    }
    show(&app, &access.connection, id).await
}

impl PersonPatch {
    fn change(self) -> Result<PersonChange, Problem> {
        Ok(PersonChange {
            person_type: optional("type", self.r#type, WORD)?,
            name: optional("name", self.name, NAME)?,
            username: optional("username", self.username, NAME)?,
            is_verified: self.is_verified,
            is_guest: self.is_from_guest,
            is_hidden: self.is_hidden,
            iv_status: removable("ivStatus", self.iv_status, WORD)?,
        })
    }
}
