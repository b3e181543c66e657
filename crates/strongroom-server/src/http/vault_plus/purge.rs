//! `DELETE /v2/vault-plus/purge`: puts all media of a connection in the trash.

use axum::Json as Answer;
use axum::extract::State;
use serde::Serialize;
use strongroom_catalog::records::Freed;
use utoipa::ToSchema;

use crate::app::App;
use crate::http::principal::AccountOn;
use crate::problem::Problem;

/// Media of one transaction: others write in between.
const STEP: u32 = 500;

/// What was removed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Purged {
    /// `true`.
    success: bool,
    /// How many variants.
    purged_count: u64,
    /// Their bytes.
    freed_bytes: u64,
}

/// Delete all stored media
///
/// They lie in the trash for as long as the connection's settings say, and can be restored until then.
#[utoipa::path(
    delete, path = "/v2/vault-plus/purge", tag = "vault-plus", operation_id = "purgeStoredMedia",
    responses((status = 200, body = Purged)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn purge(State(app): State<App>, account: AccountOn) -> Result<Answer<Purged>, Problem> {
    let mut total = Freed::default();
    loop {
        let freed = app.catalog.purge_stored(account.connection.id.clone(), STEP, app.clock.now()).await?;
        total += freed;
        if freed.media < STEP.into() {
            return Ok(Answer(Purged { success: true, purged_count: total.variants, freed_bytes: total.bytes }));
        }
    }
}
