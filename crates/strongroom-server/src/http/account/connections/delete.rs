//! `DELETE /v2/account/connections/{connectionId}`: unknown to every call from here on, and every URL dead. What it holds
//! is purged by the sweeper.

use axum::Json as Answer;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use crate::app::App;
use crate::http::account::connection;
use crate::http::principal::Account;
use crate::problem::Problem;
use crate::services::freeing::freeing;

/// Disconnect connection
#[utoipa::path(
    delete, path = "/v2/account/connections/{connectionId}", tag = "account", operation_id = "deleteConnection",
    params(("connectionId" = String, Path, description = "`conn_…`")),
    responses((status = 200, description = "Gone, with all it held", body = Object)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn delete(
    State(app): State<App>,
    account: Account,
    Path(id): Path<String>,
) -> Result<Answer<Value>, Problem> {
    let found = connection(&app, &account.key, &id).await?;
    let deleting = || app.catalog.delete_connection(found.id.clone(), app.clock.now());
    if freeing(&app.store, deleting).await? {
        Ok(Answer(json!({})))
    } else {
        Err(Problem::not_found("connection", &id))
    }
}
