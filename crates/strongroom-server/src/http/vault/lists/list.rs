//! `GET /v2/access/vault/lists`: a connection's lists, newest first.

use axum::Json as Answer;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::http::list_view::{VaultAll, VaultListView};
use crate::http::page::{Page, QueryPairs};
use crate::http::principal::{Access, VaultRead};
use crate::http::vault::query::words;
use crate::problem::Problem;

/// A page of lists.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VaultLists {
    /// The lists.
    list: Vec<VaultListView>,
    /// The vault as a whole.
    all: VaultAll,
    /// Whether there are more lists.
    has_more: bool,
    /// Whether another list can be made.
    can_create_vault_lists: bool,
    /// `desc`: the newest comes first.
    order: &'static str,
    /// `recent`: by when they were made.
    sort: &'static str,
}

/// List vault lists
#[utoipa::path(
    get, path = "/v2/access/vault/lists", tag = "vault", operation_id = "listVaultLists",
    params(
        ("limit" = Option<u32>, Query, description = "1 to 100; 20 unless given"),
        ("offset" = Option<u64>, Query, description = "How many to pass over"),
        ("query" = Option<String>, Query, description = "At most 100 characters that occur in the name; upper and lower case are the same"),
    ),
    responses((status = 200, body = VaultLists)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn list(
    State(app): State<App>,
    access: Access<VaultRead>,
    query: QueryPairs,
) -> Result<Answer<VaultLists>, Problem> {
    let (connection, page) = (&access.connection, Page::read(&query, 20, 100)?);
    let lists = app.catalog.vault_lists(connection.id.clone(), words(&query)?, page.limit + 1, page.offset).await?;
    let (lists, has_more) = page.cut(lists);
    let vault = app.catalog.vault_overview(connection.id.clone()).await?;
    Ok(Answer(VaultLists {
        list: lists.iter().map(|list| VaultListView::of(&app, connection, list)).collect(),
        all: VaultAll::of(&app, connection, &vault),
        has_more,
        can_create_vault_lists: vault.has_room_for_lists,
        order: "desc",
        sort: "recent",
    }))
}
