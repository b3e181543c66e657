//! `GET /v2/account/whoami`: the key that asks.

use axum::Json as Answer;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::principal::Account;
use crate::problem::Problem;

/// The key that asks.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WhoamiView {
    /// The key's id.
    id: String,
    /// What its owner calls it.
    name: Option<String>,
    /// What it may do on connections.
    permissions: Vec<&'static str>,
}

/// Who am I
#[utoipa::path(
    get, path = "/v2/account/whoami", tag = "account", operation_id = "whoami",
    responses((status = 200, body = WhoamiView)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn whoami(account: Account) -> Result<Answer<WhoamiView>, Problem> {
    let permissions = account.key.permissions.iter().map(|permission| permission.as_str()).collect();
    Ok(Answer(WhoamiView { id: account.key.id.to_string(), name: Some(account.key.name), permissions }))
}
