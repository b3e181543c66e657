//! `GET /v2/access/vault/media`: a connection's media.

use axum::Json as Answer;
use axum::extract::State;
use serde::Serialize;
use strongroom_catalog::records::{MediaOrder, MediaPage};
use utoipa::ToSchema;

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
    list: Vec<VaultMediaView>,
    /// Whether there are more.
    has_more: bool,
}

/// List vault media
#[utoipa::path(
    get, path = "/v2/access/vault/media", tag = "vault", operation_id = "listMedia",
    params(
        ("limit" = Option<u32>, Query, description = "1 to 40; 24 unless given"),
        ("offset" = Option<u64>, Query, description = "How many to pass over"),
        ("sortBy" = Option<String>, Query, description = "recent, most-liked or highest-tips"),
        ("sortDirection" = Option<String>, Query, description = "asc or desc"),
        ("mediaType" = Option<String>, Query, description = "photo, video, audio or gif"),
        ("sort" = Option<String>, Query, description = "recent, oldest, most_liked or highest_tips; wins over sortBy"),
        ("type" = Option<String>, Query, description = "photo, video, audio or gif; wins over mediaType"),
        ("status" = Option<String>, Query, description = "processing, playable, ready or error"),
    ),
    responses((status = 200, body = MediaList)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn list(
    State(app): State<App>,
    access: Access<VaultRead>,
    query: QueryPairs,
) -> Result<Answer<MediaList>, Problem> {
    const TYPES: &str = "photo, video, audio or gif";
    let page = Page::read(&query, 24, 40)?;
    let (order, descending) = read_order(&query)?;
    let media_type = query.word("type", TYPES)?.or(query.word("mediaType", TYPES)?);
    let status = query.word("status", "processing, playable, ready or error")?;
    let wanted = MediaPage { order, descending, media_type, status, limit: page.limit + 1, offset: page.offset };
    let media = app.catalog.list_media(access.connection.id, wanted).await?;
    let (media, has_more) = page.cut(media);
    Ok(Answer(MediaList { list: media.iter().map(|m| VaultMediaView::of(&app, m)).collect(), has_more }))
}

/// The order, in either generation's words, and whether it descends.
fn read_order(query: &QueryPairs) -> Result<(MediaOrder, bool), Problem> {
    let newer = match query.get("sort") {
        None => None,
        Some("recent") => Some((MediaOrder::Created, true)),
        Some("oldest") => Some((MediaOrder::Created, false)),
        Some("most_liked") => Some((MediaOrder::Likes, true)),
        Some("highest_tips") => Some((MediaOrder::Tips, true)),
        Some(other) => return Err(Problem::field("sort", other, "recent, oldest, most_liked or highest_tips")),
    };
    if let Some(order) = newer {
        return Ok(order);
    }
    let order = match query.get("sortBy") {
        None | Some("recent") => MediaOrder::Created,
        Some("most-liked") => MediaOrder::Likes,
        Some("highest-tips") => MediaOrder::Tips,
        Some(other) => return Err(Problem::field("sortBy", other, "recent, most-liked or highest-tips")),
    };
    match query.get("sortDirection") {
        None | Some("desc") => Ok((order, true)),
        Some("asc") => Ok((order, false)),
        Some(other) => Err(Problem::field("sortDirection", other, "asc or desc")),
    }
}
