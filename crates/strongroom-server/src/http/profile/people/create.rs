//! `POST /v2/access/self/tagged-friend-users`: a new person.

use axum::Json as Answer;
use axum::extract::State;
use serde::Deserialize;
use strongroom_catalog::records::PersonFacts;
use utoipa::ToSchema;

use super::show;
use super::view::PersonView;
use crate::app::App;
use crate::http::json::Json;
use crate::http::principal::{Access, ProfileWrite};
use crate::http::profile::fields::{NAME, WORD, bounded, optional};
use crate::problem::Problem;

/// The type of people that nobody says otherwise of.
const USUAL_TYPE: &str = "user";

/// A new person.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewPerson {
    /// What they are called; 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// The name of their account; the same unless given.
    #[schema(min_length = 1, max_length = 200)]
    username: Option<String>,
    /// What kind of person; `user` unless given.
    #[schema(min_length = 1, max_length = 100)]
    r#type: Option<String>,
    /// Whether you have seen who they are.
    is_verified: Option<bool>,
    /// Whether they have no account of their own.
    is_from_guest: Option<bool>,
    /// Whether lists leave them out of sight.
    is_hidden: Option<bool>,
    /// How far their identity is verified; a word of yours.
    #[schema(min_length = 1, max_length = 100)]
    iv_status: Option<String>,
}

/// Create a tagged friend user
#[utoipa::path(
    post, path = "/v2/access/self/tagged-friend-users", tag = "self", operation_id = "createTaggedFriendUser",
    request_body = NewPerson,
    responses((status = 200, body = PersonView)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn create_person(
    State(app): State<App>,
    access: Access<ProfileWrite>,
    Json(new): Json<NewPerson>,
) -> Result<Answer<PersonView>, Problem> {
    let id = app.catalog.create_person(access.connection.id.clone(), new.facts()?, app.clock.now()).await?;
    show(&app, &access.connection, id).await
}

impl NewPerson {
    fn facts(self) -> Result<PersonFacts, Problem> {
        let name = bounded("name", &self.name, NAME)?;
        Ok(PersonFacts {
            person_type: optional("type", self.r#type, WORD)?.unwrap_or_else(|| USUAL_TYPE.to_owned()),
            username: optional("username", self.username, NAME)?.unwrap_or_else(|| name.clone()),
            name,
            is_verified: self.is_verified.unwrap_or(false),
            is_guest: self.is_from_guest.unwrap_or(false),
            is_hidden: self.is_hidden.unwrap_or(false),
            iv_status: optional("ivStatus", self.iv_status, WORD)?,
        })
    }
}
