//! `GET /v2/account/connections`: an organisation's connections, newest first.

use axum::Json as Answer;
use axum::extract::State;
use serde::Serialize;
use strongroom_catalog::records::ConnectionPage;
use utoipa::ToSchema;

use super::ConnectionView;
use crate::app::App;
use crate::http::page::{Page, QueryPairs};
use crate::http::principal::Account;
use crate::problem::Problem;

/// A page of connections.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConnectionList {
    /// The connections.
    list: Vec<ConnectionView>,
    /// Whether there are more.
    has_more: bool,
}

/// List connections
#[utoipa::path(
    get, path = "/v2/account/connections", tag = "account", operation_id = "listConnections",
    params(
        ("status" = Option<String>, Query, description = "active, expired or awaiting_2fa"),
        ("imported" = Option<bool>, Query, description = "`true` finds none: nothing is imported here"),
        ("limit" = Option<u32>, Query, description = "1 to 100; 10 unless given"),
        ("offset" = Option<u64>, Query, description = "How many to pass over"),
    ),
    responses((status = 200, body = ConnectionList)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn list(
    State(app): State<App>,
    account: Account,
    query: QueryPairs,
) -> Result<Answer<ConnectionList>, Problem> {
    let status = query.word("status", "active, expired or awaiting_2fa")?;
    let imported = query.word("imported", "true or false")?;
    let page = Page::read(&query, 10, 100)?;
    if imported == Some(true) {
        return Ok(Answer(ConnectionList { list: Vec::new(), has_more: false }));
    }
    let wanted = ConnectionPage {
        organisation: account.key.organisation,
        environment: account.key.environment,
        only: account.key.connections,
        status,
        limit: page.limit + 1,
        offset: page.offset,
    };
    let (connections, has_more) = page.cut(app.catalog.list_connections(wanted).await?);
    Ok(Answer(ConnectionList { list: connections.into_iter().map(ConnectionView::from).collect(), has_more }))
}
