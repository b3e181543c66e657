//! `/v2/access/self/tagged-friend-users`: people who are shown in media.

mod avatar;
mod change;
mod create;
mod delete;
mod get;
mod list;
mod view;

use axum::Json;
use strongroom_catalog::records::{Connection, Person};
use strongroom_core::id::{ConnectionId, PersonId};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::view::PersonView;
use crate::app::App;
use crate::problem::Problem;

fn unknown(named: &str) -> Problem {
    Problem::not_found("tagged friend user", named)
}

/// The id that a path names. What is no id is a person who does not exist.
fn person_id(segment: &str) -> Result<PersonId, Problem> {
    segment.parse().map_err(|_| unknown(segment))
}

async fn find(app: &App, owner: ConnectionId, id: PersonId) -> Result<Person, Problem> {
    app.catalog.person(owner, id).await?.ok_or_else(|| unknown(&id.to_string()))
}

/// The answer of a call about one person: the person as they are now.
async fn show(app: &App, connection: &Connection, id: PersonId) -> Result<Json<PersonView>, Problem> {
    let person = find(app, connection.id.clone(), id).await?;
    Ok(Json(PersonView::of(app, &connection.settings, &person)))
}

/// The operations of this family.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list_people, create::create_person))
        .routes(routes!(get::get_person, change::change_person, delete::delete_person))
        .routes(routes!(avatar::put_avatar, avatar::delete_avatar))
}
