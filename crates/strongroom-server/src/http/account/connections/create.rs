//! `POST /v2/account/connections`: connects an account, in the world of the key that asks.

use axum::Json as Answer;
use axum::extract::State;
use serde::Deserialize;
use strongroom_catalog::records::{ApiKeyRecord, NewConnection};
use strongroom_core::clock::Timestamp;
use strongroom_core::connection::ConnectionStatus;
use strongroom_core::id::ConnectionId;
use strongroom_core::permission::{Grants, Permission};
use utoipa::ToSchema;

use super::ConnectionView;
use crate::app::App;
use crate::http::account::{LONGEST_NAME, grants, require_all_connections, text};
use crate::http::json::Json;
use crate::http::principal::Account;
use crate::problem::Problem;

/// The longest URL that is kept.
const LONGEST_URL: usize = 2000;

/// The account to connect.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateConnectionRequest {
    /// The name shown to people.
    #[schema(min_length = 1, max_length = 200)]
    name: Option<String>,
    /// The account's name.
    #[schema(min_length = 1, max_length = 200)]
    username: Option<String>,
    /// Where its picture is.
    #[schema(format = "uri", max_length = 2000)]
    avatar: Option<String>,
    /// What may be done on it; everything unless given.
    permissions: Option<Vec<String>>,
    /// Your own name for it.
    #[schema(min_length = 1, max_length = 200)]
    client_reference_id: Option<String>,
}

/// Create a connection
#[utoipa::path(
    post, path = "/v2/account/connections", tag = "account", operation_id = "createConnection",
    request_body = CreateConnectionRequest,
    responses((status = 200, body = ConnectionView)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn create(
    State(app): State<App>,
    account: Account,
    Json(request): Json<CreateConnectionRequest>,
) -> Result<Answer<ConnectionView>, Problem> {
    // It could not see what it has made.
    require_all_connections(&account.key)?;
    let new = request.check(&account.key, app.clock.now())?;
    let id = new.id.clone();
    app.catalog.create_connection(new).await?;
    let created = app.catalog.connection(id.clone()).await?;
    created.map(|connection| Answer(connection.into())).ok_or_else(|| Problem::not_found("connection", id.as_str()))
}

impl CreateConnectionRequest {
    fn check(self, key: &ApiKeyRecord, now: Timestamp) -> Result<NewConnection, Problem> {
        let optional =
            |name, value: Option<String>| value.map(|value| text(name, Some(value), LONGEST_NAME)).transpose();
        Ok(NewConnection {
            id: ConnectionId::random(),
            organisation: key.organisation.clone(),
            environment: key.environment,
            status: ConnectionStatus::Active,
            name: text("name", self.name, LONGEST_NAME)?,
            username: text("username", self.username, LONGEST_NAME)?,
            avatar: self.avatar.map(picture_url).transpose()?,
            permissions: match self.permissions {
                Some(words) => grants("permissions", &words)?,
                None => Grants::<Permission>::all(),
            },
            client_reference_id: optional("clientReferenceId", self.client_reference_id)?,
            created_at: now,
        })
    }
}

/// The URL of a picture. Ours never fetch it; whoever shows it must not be handed a script.
fn picture_url(url: String) -> Result<String, Problem> {
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    if is_web && url.len() <= LONGEST_URL && !url.contains(char::is_whitespace) && !url.contains(char::is_control) {
        return Ok(url);
    }
    Err(Problem::field("avatar", &url, "an https:// or http:// URL of at most 2000 characters"))
}
