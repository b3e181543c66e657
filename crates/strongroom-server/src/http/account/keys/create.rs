//! `POST /v2/account/keys`: makes a key, which is shown this once. It can do nothing that the key that asks cannot.

use axum::Json as Answer;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::json;
use strongroom_catalog::records::{ApiKeyRecord, KeptKey, NewApiKey};
use strongroom_core::clock::Timestamp;
use strongroom_core::id::{ConnectionId, KeyId};
use strongroom_core::key::ApiKey;
use utoipa::ToSchema;

use super::{KeyView, MOST_KEYS};
use crate::app::App;
use crate::http::account::{LONGEST_NAME, grants, text};
use crate::http::json::Json;
use crate::http::principal::Account;
use crate::problem::{Kind, Problem};

/// Connections that a key can be made for.
const MOST_CONNECTIONS: usize = 100;

/// The key to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateKeyRequest {
    /// What you call it.
    #[schema(min_length = 1, max_length = 200)]
    name: Option<String>,
    /// `ACCOUNT`, or none.
    scopes: Vec<String>,
    /// Of `vault:read`, `vault:write`, `profile:read`, `profile:write`.
    permissions: Vec<String>,
    /// Only for these connections; for all that the key that asks may use unless given.
    #[schema(min_items = 1, max_items = 100)]
    connection_ids: Option<Vec<String>>,
    /// From when on it is refused: RFC 3339.
    #[schema(format = "date-time")]
    expires_at: Option<String>,
}

/// A new key.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CreatedKey {
    /// The key itself. Only its hash is kept.
    key: String,
    /// What is known of it from here on.
    #[serde(flatten)]
    view: KeyView,
}

/// Create an API key
#[utoipa::path(
    post, path = "/v2/account/keys", tag = "account", operation_id = "createKey",
    request_body = CreateKeyRequest,
    responses((status = 200, body = CreatedKey)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn create(
    State(app): State<App>,
    account: Account,
    Json(request): Json<CreateKeyRequest>,
) -> Result<Answer<CreatedKey>, Problem> {
    let created_at = app.clock.now();
    let record = request.check(&app, &account.key, created_at).await?;
    let key = ApiKey::random(record.environment);
    app.catalog.create_key(NewApiKey { record: record.clone(), hash: key.hash(), created_at }).await?;
    let view = KeyView::from(KeptKey { record, created_at });
    Ok(Answer(CreatedKey { key: key.reveal().to_owned(), view }))
}

impl CreateKeyRequest {
    async fn check(self, app: &App, own: &ApiKeyRecord, now: Timestamp) -> Result<ApiKeyRecord, Problem> {
        let record = ApiKeyRecord {
            id: KeyId::random(),
            organisation: own.organisation.clone(),
            environment: own.environment,
            name: text("name", self.name, LONGEST_NAME)?,
            scopes: grants("scopes", &self.scopes)?,
            permissions: grants("permissions", &self.permissions)?,
            connections: match self.connection_ids {
                Some(ids) => Some(connections(app, own, ids).await?),
                None => own.connections.clone(),
            },
            expires_at: expiry(self.expires_at, own, now)?,
            revoked_at: None,
        };
        refuse_more(own, &record)?;
        refuse_too_many(app, own).await?;
        Ok(record)
    }
}

/// The connections that a key is for. One that the key that asks may not see does not exist.
async fn connections(app: &App, own: &ApiKeyRecord, ids: Vec<String>) -> Result<Vec<ConnectionId>, Problem> {
    if !(1..=MOST_CONNECTIONS).contains(&ids.len()) {
        let expected = format!("a list of 1 to {MOST_CONNECTIONS} ids, or left out for all connections");
        return Err(Problem::field("connectionIds", &format!("{} ids", ids.len()), &expected));
    }
    let mut found = Vec::with_capacity(ids.len());
    for (index, id) in ids.iter().enumerate() {
        let unknown = || Problem::field(&format!("connectionIds[{index}]"), id, "the id of a connection of yours");
        found.push(app.access.visible(own, id).await?.ok_or_else(unknown)?.id);
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// When the key ends: not after the one that asks for it.
fn expiry(text: Option<String>, own: &ApiKeyRecord, now: Timestamp) -> Result<Option<Timestamp>, Problem> {
    let Some(text) = text else { return Ok(own.expires_at) };
    let at: Timestamp = text.parse().map_err(|malformed| Problem::malformed("expiresAt", &malformed))?;
    if at <= now {
        return Err(Problem::field("expiresAt", &text, "a time to come"));
    }
    match own.expires_at {
        Some(end) if at > end => {
            let expected = format!("before this API key itself expires, which is at {}", end.to_rfc3339());
            Err(Problem::field("expiresAt", &text, &expected))
        }
        _ => Ok(Some(at)),
    }
}

/// Nobody gives what they do not have.
fn refuse_more(own: &ApiKeyRecord, new: &ApiKeyRecord) -> Result<(), Problem> {
    let scope = new.scopes.iter().find(|scope| !own.scopes.contains(*scope)).map(|scope| format!("scope {scope}"));
    let permission = new.permissions.iter().find(|permission| !own.permissions.contains(*permission));
    match scope.or_else(|| permission.map(|permission| format!("permission {permission}"))) {
        None => Ok(()),
        Some(right) => {
            let message = format!("this API key does not have the {right}, and cannot give it to another");
            Err(Problem::new(Kind::Forbidden, message))
        }
    }
}

async fn refuse_too_many(app: &App, own: &ApiKeyRecord) -> Result<(), Problem> {
    let all = app.catalog.list_keys(own.organisation.clone(), own.environment, MOST_KEYS).await?;
    if all.len() < MOST_KEYS as usize {
        return Ok(());
    }
    let message = format!("this organisation has {MOST_KEYS} keys; revoke some first");
    Err(Problem::new(Kind::QuotaExceeded, message).with_details(json!({ "maxKeys": MOST_KEYS })))
}
