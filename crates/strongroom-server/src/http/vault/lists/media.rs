//! `GET /v2/access/vault/lists/{id}/media`: the media on a list, as all media are listed.

use axum::Json as Answer;
use axum::extract::{Path, State};
use strongroom_catalog::records::Shelf;

use super::find_list;
use crate::app::App;
use crate::http::page::QueryPairs;
use crate::http::principal::{Access, VaultRead};
use crate::http::vault::list::{MediaList, page_of};
use crate::problem::Problem;

/// List media on a vault list
#[utoipa::path(
    get, path = "/v2/access/vault/lists/{listId}/media", tag = "vault", operation_id = "listVaultListMedia",
    params(
        ("listId" = String, Path, description = "A list id"),
        ("limit" = Option<u32>, Query, description = "1 to 40; 24 unless given"),
        ("offset" = Option<u64>, Query, description = "How many to pass over"),
        ("cursor" = Option<String>, Query, description = "`nextCursor` of the page before; `offset` has no effect then"),
        ("sortBy" = Option<String>, Query, description = "recent, most-liked or highest-tips"),
        ("sortDirection" = Option<String>, Query, description = "asc or desc"),
        ("mediaType" = Option<String>, Query, description = "photo, video, audio or gif"),
        ("sort" = Option<String>, Query, description = "recent, oldest, most_liked or highest_tips; wins over sortBy"),
        ("type" = Option<String>, Query, description = "photo, video, audio or gif; wins over mediaType"),
        ("status" = Option<String>, Query, description = "processing, playable, ready or error"),
        ("query" = Option<String>, Query, description = "As for all media"),
        ("createdFrom" = Option<String>, Query, description = "RFC 3339, a date, or milliseconds since 1970"),
        ("createdTo" = Option<String>, Query, description = "RFC 3339, a date (all of it), or milliseconds since 1970"),
    ),
    responses((status = 200, body = MediaList)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn media(
    State(app): State<App>,
    access: Access<VaultRead>,
    Path(id): Path<String>,
    query: QueryPairs,
) -> Result<Answer<MediaList>, Problem> {
    let list = find_list(&app, &access.connection.id, &id).await?;
    page_of(&app, &access.connection, &query, Shelf::List(list)).await
}
