//! `GET /v2/access/vault/media`: a connection's media.

use axum::Json as Answer;
use axum::extract::State;
use serde::Serialize;
use strongroom_catalog::records::{Connection, Media, Shelf};
use strongroom_core::id::ListId;
use utoipa::ToSchema;

use super::cursor::Cursor;
use super::lists::find_list;
use super::query;
use crate::app::App;
use crate::http::media_view::VaultMediaView;
use crate::http::page::{Page, QueryPairs};
use crate::http::principal::{Access, VaultRead};
use crate::problem::Problem;

/// A page of media.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MediaList {
    /// The media.
    list: Vec<ListedMedia>,
    /// Whether there are more.
    has_more: bool,
    /// Where they begin, if there are more: to be sent as `cursor` with the same sort order.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// A media in the vault or in the trash.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ListedMedia {
    #[serde(flatten)]
    media: VaultMediaView,
    /// Since when it is in the trash, if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<String>,
}

/// List vault media
#[utoipa::path(
    get, path = "/v2/access/vault/media", tag = "vault", operation_id = "listMedia",
    params(
        ("limit" = Option<u32>, Query, description = "1 to 40; 24 unless given"),
        ("offset" = Option<u64>, Query, description = "How many to pass over"),
        ("cursor" = Option<String>, Query, description = "`nextCursor` of the page before; `offset` has no effect then"),
        ("sortBy" = Option<String>, Query, description = "recent, most-liked or highest-tips"),
        ("sortDirection" = Option<String>, Query, description = "asc or desc"),
        ("mediaType" = Option<String>, Query, description = "photo, video, audio or gif"),
        ("sort" = Option<String>, Query, description = "recent, oldest, most_liked or highest_tips; wins over sortBy"),
        ("type" = Option<String>, Query, description = "photo, video, audio or gif; wins over mediaType"),
        ("status" = Option<String>, Query, description = "processing, playable, ready or error"),
        ("listId" = Option<i64>, Query, description = "Only media on this list"),
        ("query" = Option<String>, Query, description = "At most 100 characters that occur in the file name, or in the name or user name of someone on a release form; upper and lower case are the same"),
        ("createdFrom" = Option<String>, Query, description = "RFC 3339, a date, or milliseconds since 1970"),
        ("createdTo" = Option<String>, Query, description = "RFC 3339, a date (all of it), or milliseconds since 1970"),
        ("trash" = Option<bool>, Query, description = "true: what was deleted and can be restored, in place of what was not"),
    ),
    responses((status = 200, body = MediaList)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn list(
    State(app): State<App>,
    access: Access<VaultRead>,
    query: QueryPairs,
) -> Result<Answer<MediaList>, Problem> {
    let shelf = match (trash(&query)?, query.word::<ListId>("listId", "the id of a list")?) {
        (false, None) => Shelf::Vault,
        (true, None) => Shelf::Trash,
        (true, Some(_)) => return Err(Problem::field("trash", "true", "possible together with listId")),
        (false, Some(id)) => Shelf::List(find_list(&app, &access.connection.id, &id.to_string()).await?),
    };
    page_of(&app, &access.connection, &query, shelf).await
}

/// A page of one shelf.
pub(super) async fn page_of(
    app: &App,
    connection: &Connection,
    query: &QueryPairs,
    shelf: Shelf,
) -> Result<Answer<MediaList>, Problem> {
    let page = Page::read(query, 24, 40)?;
    let wanted = query::read(query, shelf, page)?;
    let media = app.catalog.list_media(connection.id.clone(), wanted.clone()).await?;
    let (media, has_more) = page.cut(media);
    let last = media.last().filter(|_| has_more);
    let next_cursor = last.map(|last| Cursor::after(&wanted, last).to_string());
    let list = media.into_iter().map(|media| ListedMedia::of(app, connection, media)).collect();
    Ok(Answer(MediaList { list, has_more, next_cursor }))
}

impl ListedMedia {
    fn of(app: &App, connection: &Connection, mut media: Media) -> Self {
        if media.deleted_at.is_some() {
            // Nothing of it is delivered, so no URL is shown.
            media.renditions.clear();
        }
        Self {
            media: VaultMediaView::of(app, &connection.settings, &media),
            deleted_at: media.deleted_at.map(|at| at.to_rfc3339()),
        }
    }
}

fn trash(query: &QueryPairs) -> Result<bool, Problem> {
    match query.get("trash") {
        None | Some("false" | "0") => Ok(false),
        Some("true" | "1") => Ok(true),
        Some(other) => Err(Problem::field("trash", other, "true or false")),
    }
}
