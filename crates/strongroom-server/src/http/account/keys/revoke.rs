//! `DELETE /v2/account/keys/{keyId}`: dead by the next call, everywhere: keys are cached nowhere.

use axum::Json as Answer;
use axum::extract::{Path, State};
use serde_json::{Value, json};
use strongroom_core::id::KeyId;

use crate::app::App;
use crate::http::principal::Account;
use crate::problem::Problem;
use crate::services::freeing::freeing;

/// Revoke an API key
#[utoipa::path(
    delete, path = "/v2/account/keys/{keyId}", tag = "account", operation_id = "revokeKey",
    params(("keyId" = String, Path, description = "`key_…`")),
    responses((status = 200, description = "Revoked, now or before", body = Object)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn revoke(
    State(app): State<App>,
    account: Account,
    Path(id): Path<String>,
) -> Result<Answer<Value>, Problem> {
    let unknown = || Problem::not_found("API key", &id);
    let (own, parsed): (_, KeyId) = (account.key, id.parse().map_err(|_| unknown())?);
    let found = app.catalog.key(own.organisation.clone(), parsed).await?;
    let key = found.filter(|key| own.covers(key)).ok_or_else(unknown)?;
    let revoking = || app.catalog.revoke_key(own.organisation.clone(), key.id.clone(), app.clock.now());
    if freeing(&app.store, revoking).await? { Ok(Answer(json!({}))) } else { Err(unknown()) }
}
