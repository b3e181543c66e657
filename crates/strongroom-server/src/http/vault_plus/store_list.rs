//! `POST /v2/vault-plus/store/list/{listId}`: stores the media of a list. All of them are stored already.

use axum::Json as Answer;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::http::principal::AccountOn;
use crate::problem::Problem;

/// What follows.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Queued {
    /// `true`: whoever asks for it has it.
    queued: bool,
    /// The list.
    list_id: String,
    /// How many media it has.
    estimated_items: u64,
}

/// Store the media of a list
///
/// Everything here is stored already, so it is done at once.
#[utoipa::path(
    post, path = "/v2/vault-plus/store/list/{listId}", tag = "vault-plus", operation_id = "storeList",
    params(("listId" = String, Path, description = "A list id")),
    responses((status = 200, body = Queued)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn store_list(
    State(app): State<App>,
    account: AccountOn,
    Path(list): Path<String>,
) -> Result<Answer<Queued>, Problem> {
    store(&app, account, list).await
}

/// Store the media of a list
///
/// Everything here is stored already, so it is done at once.
#[utoipa::path(
    put, path = "/v2/vault-plus/lists/{listId}/sync", tag = "vault-plus", operation_id = "storeListByNewerPath",
    params(("listId" = String, Path, description = "A list id")),
    responses((status = 200, body = Queued)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn sync_list(
    State(app): State<App>,
    account: AccountOn,
    Path(list): Path<String>,
) -> Result<Answer<Queued>, Problem> {
    store(&app, account, list).await
}

async fn store(app: &App, account: AccountOn, list: String) -> Result<Answer<Queued>, Problem> {
    let unknown = || Problem::not_found("list", &list);
    let id = list.parse().map_err(|_| unknown())?;
    let count = app.catalog.media_on_list(account.connection.id, id).await?.ok_or_else(unknown)?;
    Ok(Answer(Queued { queued: true, list_id: list, estimated_items: count }))
}
