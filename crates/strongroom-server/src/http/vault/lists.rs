//! `/v2/access/vault/lists`: media in order.

pub(in crate::http) mod add;
pub(in crate::http) mod create;
pub(in crate::http) mod delete;
pub(in crate::http) mod list;
pub(in crate::http) mod media;
pub(in crate::http) mod remove;
pub(in crate::http) mod update;

use axum::Json;
use serde::Deserialize;
use serde_json::{Value, json};
use strongroom_catalog::records::{Connection, ListChange};
use strongroom_core::id::{ConnectionId, ListId, MediaReference};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::http::ids::read_ids;
use crate::http::list_view::VaultListView;
use crate::problem::Problem;

/// The most characters of a name.
const MOST_CHARACTERS: usize = 100;

/// Media removed from a list in one transaction; no other write waits for longer than that takes.
const BATCH: u32 = 500;

/// Media to put on a list or to take off it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MediaIds {
    /// 1 to 100 media ids, or `upload:<uuid>`. Repeats are ignored.
    #[schema(value_type = Vec<i64>, min_items = 1, max_items = 100)]
    media_ids: Vec<Value>,
}

impl MediaIds {
    /// The references, with the places in which they came.
    fn read(&self) -> Result<Vec<(usize, MediaReference)>, Problem> {
        if self.media_ids.is_empty() {
            return Err(Problem::field("mediaIds", "an empty list", "a list of 1 to 100 ids"));
        }
        read_ids("mediaIds", &self.media_ids, "a media id, or upload:<uuid>")
    }

    /// The answer to a change that was refused, or nothing.
    fn refused(&self, named: &[(usize, MediaReference)], list: &str, change: ListChange) -> Result<(), Problem> {
        match change {
            ListChange::Done => Ok(()),
            ListChange::NoSuchList => Err(Problem::not_found("list", list)),
            ListChange::NoSuchMedia(found) => {
                let index = named.get(found).map_or(0, |(index, _)| *index);
                let value = self.media_ids.get(index).map(text).unwrap_or_default();
                let details = json!({ "field": format!("mediaIds[{index}]"), "value": value });
                Err(Problem::not_found("media", &value).with_details(details))
            }
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn references(named: &[(usize, MediaReference)]) -> Vec<MediaReference> {
    named.iter().map(|(_, reference)| *reference).collect()
}

/// A name that a list may have.
fn check_name(name: String) -> Result<String, Problem> {
    match name.chars().count() {
        1..=MOST_CHARACTERS => Ok(name),
        _ => Err(Problem::field("name", &name, &format!("a text of 1 to {MOST_CHARACTERS} characters"))),
    }
}

/// The list of this id, if the connection has it.
pub(super) async fn find_list(app: &App, owner: &ConnectionId, text: &str) -> Result<ListId, Problem> {
    let id = list_id(text)?;
    let known = app.catalog.known_lists(owner.clone(), vec![id]).await?;
    if known.is_empty() { Err(Problem::not_found("list", text)) } else { Ok(id) }
}

/// The id in a path. What is no id is a list that does not exist.
fn list_id(text: &str) -> Result<ListId, Problem> {
    text.parse().map_err(|_| Problem::not_found("list", text))
}

/// The answer of a call about one list: the list as it is now.
async fn show_list(app: &App, connection: &Connection, id: ListId) -> Result<Json<VaultListView>, Problem> {
    let list = app.catalog.vault_list(connection.id.clone(), id).await?;
    let list = list.ok_or_else(|| Problem::not_found("list", &id.to_string()))?;
    Ok(Json(VaultListView::of(app, connection, &list)))
}

/// Takes all media off a list, some at a time.
async fn clear(app: &App, owner: &ConnectionId, id: ListId) -> Result<(), Problem> {
    while app.catalog.clear_list(owner.clone(), id, BATCH).await? == u64::from(BATCH) {}
    Ok(())
}

/// The operations on lists.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list, create::create))
        .routes(routes!(update::update, delete::delete))
        .routes(routes!(media::media, add::add, remove::remove))
}
