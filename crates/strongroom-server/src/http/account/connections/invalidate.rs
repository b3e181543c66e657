//! `POST /v2/account/connections/{connectionId}/invalidate`: nobody can use it; all that it holds stays.

use axum::Json as Answer;
use axum::extract::{Path, State};
use serde_json::{Value, json};
use strongroom_core::connection::ConnectionStatus;

use crate::app::App;
use crate::http::account::connection;
use crate::http::principal::Account;
use crate::problem::Problem;

/// Invalidate connection
#[utoipa::path(
    post, path = "/v2/account/connections/{connectionId}/invalidate", tag = "account",
    operation_id = "invalidateConnection",
    params(("connectionId" = String, Path, description = "`conn_…`")),
    responses((status = 200, description = "Its status is `expired`", body = Object)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn invalidate(
    State(app): State<App>,
    account: Account,
    Path(id): Path<String>,
) -> Result<Answer<Value>, Problem> {
    let found = connection(&app, &account.key, &id).await?;
    app.catalog.set_connection_status(found.id, ConnectionStatus::Expired, app.clock.now()).await?;
    Ok(Answer(json!({})))
}
