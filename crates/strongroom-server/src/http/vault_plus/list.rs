//! `GET /v2/vault-plus/list`: a connection's stored media, newest first.

use axum::Json as Answer;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::filter;
use super::item::Item;
use crate::app::App;
use crate::http::page::QueryPairs;
use crate::http::principal::AccountOn;
use crate::problem::Problem;

/// A page of stored media.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StoredList {
    /// The media.
    items: Vec<Item>,
    /// Where the next page begins; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// List stored media
#[utoipa::path(
    get, path = "/v2/vault-plus/list", tag = "vault-plus", operation_id = "listStoredMedia",
    params(
        ("status" = Option<String>, Query, description = "edge_only, pending, storing, stored, or removed: the trash"),
        ("source" = Option<String>, Query, description = "vault, messages, posts or stories; here everything is of the vault"),
        ("contentType" = Option<String>, Query, description = "The media type of a variant, or a family as `image/*`"),
        ("type" = Option<String>, Query, description = "image, video or audio"),
        ("durationMin" = Option<f64>, Query, description = "Seconds"),
        ("durationMax" = Option<f64>, Query, description = "Seconds"),
        ("createdAtFrom" = Option<String>, Query, description = "ISO 8601, or milliseconds since 1970"),
        ("limit" = Option<u32>, Query, description = "1 to 100; 50 unless given"),
        ("cursor" = Option<String>, Query, description = "The `nextCursor` of the page before"),
    ),
    responses((status = 200, body = StoredList)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn list(
    State(app): State<App>,
    account: AccountOn,
    query: QueryPairs,
) -> Result<Answer<StoredList>, Problem> {
    let mut wanted = filter::read(&query)?;
    let limit = wanted.limit as usize;
    wanted.limit += 1;
    let mut stored = app.catalog.list_stored(account.connection.id, wanted).await?;
    let has_more = stored.len() > limit;
    stored.truncate(limit);
    let next_cursor = stored.last().filter(|_| has_more).map(|last| filter::cursor(last.place()));
    let items = stored.iter().map(|stored| Item::of(&app, &account.connection.settings, stored)).collect();
    Ok(Answer(StoredList { items, next_cursor }))
}
