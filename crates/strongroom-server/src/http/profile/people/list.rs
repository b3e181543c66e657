//! `GET /v2/access/self/tagged-friend-users`: the people of a connection.

use axum::Json as Answer;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::view::PersonView;
use crate::app::App;
use crate::http::page::QueryPairs;
use crate::http::principal::{Access, ProfileRead};
use crate::http::profile::consent_page;
use crate::problem::Problem;

/// A page of people.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PeopleList {
    /// The people.
    list: Vec<PersonView>,
    /// Whether there are more.
    has_more: bool,
}

/// List tagged friend users
#[utoipa::path(
    get, path = "/v2/access/self/tagged-friend-users", tag = "self", operation_id = "listTaggedFriendUsers",
    params(
        ("limit" = Option<u32>, Query, description = "1 to 20; 10 unless given"),
        ("offset" = Option<u64>, Query, description = "How many to pass over"),
        ("filter" = Option<String>, Query, description = "all, or pending: those of whom no release form is active"),
        ("sortBy" = Option<String>, Query, description = "date or name"),
        ("sortDirection" = Option<String>, Query, description = "asc or desc"),
        ("search" = Option<String>, Query, description = "Part of either name; at most 100 characters"),
    ),
    responses((status = 200, body = PeopleList)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn list_people(
    State(app): State<App>,
    access: Access<ProfileRead>,
    query: QueryPairs,
) -> Result<Answer<PeopleList>, Problem> {
    let (page, wanted) = consent_page::read(&query, app.clock.now())?;
    let (people, has_more) = page.cut(app.catalog.list_people(access.connection.id, wanted).await?);
    let list = people.iter().map(|person| PersonView::of(&app, &access.connection.settings, person)).collect();
    Ok(Answer(PeopleList { list, has_more }))
}
