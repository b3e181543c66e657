//! `GET /v2/account/keys`: the keys that can do no more than the one that asks, newest first.

use axum::Json as Answer;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::{KeyView, MOST_KEYS};
use crate::app::App;
use crate::http::page::{Page, QueryPairs};
use crate::http::principal::Account;
use crate::problem::Problem;

/// A page of keys.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KeyList {
    /// The keys.
    list: Vec<KeyView>,
    /// Whether there are more.
    has_more: bool,
}

/// List API keys
#[utoipa::path(
    get, path = "/v2/account/keys", tag = "account", operation_id = "listKeys",
    params(
        ("limit" = Option<u32>, Query, description = "1 to 100; 20 unless given"),
        ("offset" = Option<u64>, Query, description = "How many to pass over"),
    ),
    responses((status = 200, body = KeyList)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn list(
    State(app): State<App>,
    account: Account,
    query: QueryPairs,
) -> Result<Answer<KeyList>, Problem> {
    let page = Page::read(&query, 20, 100)?;
    let own = account.key;
    let all = app.catalog.list_keys(own.organisation.clone(), own.environment, MOST_KEYS).await?;
    let covered = all.into_iter().filter(|key| own.covers(&key.record)).map(KeyView::from);
    let offset = usize::try_from(page.offset).unwrap_or(usize::MAX);
    let (list, has_more) = page.cut(covered.skip(offset).collect());
    Ok(Answer(KeyList { list, has_more }))
}
