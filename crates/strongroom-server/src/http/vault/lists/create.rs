//! `POST /v2/access/vault/lists`: makes a list.

use axum::Json as Answer;
use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{check_name, show_list};
use crate::app::App;
use crate::http::json::Json;
use crate::http::list_view::VaultListView;
use crate::http::principal::{Access, VaultWrite};
use crate::problem::{Kind, Problem};

/// A list to make.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct NewList {
    /// What it is called.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
}

/// Create a vault list
#[utoipa::path(
    post, path = "/v2/access/vault/lists", tag = "vault", operation_id = "createVaultList",
    request_body = NewList,
    responses((status = 200, body = VaultListView)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn create(
    State(app): State<App>,
    access: Access<VaultWrite>,
    Json(request): Json<NewList>,
) -> Result<Answer<VaultListView>, Problem> {
    let name = check_name(request.name)?;
    let id = app.catalog.create_list(access.connection.id.clone(), name, app.clock.now()).await?;
    let used_up = || Problem::new(Kind::QuotaExceeded, "this connection has made 999999 lists; no number is left");
    show_list(&app, &access.connection, id.ok_or_else(used_up)?).await
}
