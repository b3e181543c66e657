//! Keys, connections, scopes and permissions: checked here and nowhere else.

use std::sync::Arc;

use strongroom_catalog::Catalog;
use strongroom_catalog::records::{ApiKeyRecord, Connection};
use strongroom_core::clock::Clock;
use strongroom_core::connection::ConnectionStatus;
use strongroom_core::id::ConnectionId;
use strongroom_core::key::ApiKey;
use strongroom_core::permission::{Permission, Scope};

use crate::problem::{Kind, Problem};

/// The gate. Nothing is cached: a revoked key is refused by the next call.
#[derive(Clone)]
pub(crate) struct Access {
    pub(crate) catalog: Catalog,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Access {
    /// The key that was presented, if it is good.
    async fn key(&self, presented: Option<&str>) -> Result<ApiKeyRecord, Problem> {
        let unauthorized = |message: &str| Problem::new(Kind::Unauthorized, message);
        let presented = presented.ok_or_else(|| unauthorized("the header apiKey is missing"))?;
        // A typo is told by the key's own checksum, without asking the catalog.
        let key = ApiKey::parse(presented)
            .ok_or_else(|| unauthorized("the header apiKey does not hold a key (sk_live_… or sk_sandbox_…)"))?;
        let unknown = || unauthorized("this API key is unknown, expired or revoked");
        let record = self.catalog.key_by_hash(key.hash()).await?.ok_or_else(unknown)?;
        let is_expired = record.expires_at.is_some_and(|at| at <= self.clock.now());
        if is_expired || record.revoked_at.is_some() { Err(unknown()) } else { Ok(record) }
    }

    /// The key that was presented, if it is good and has `scope`.
    pub(crate) async fn key_with_scope(&self, presented: Option<&str>, scope: Scope) -> Result<ApiKeyRecord, Problem> {
        let key = self.key(presented).await?;
        if key.scopes.contains(scope) {
            return Ok(key);
        }
        Err(Problem::new(Kind::Forbidden, format!("this API key does not have the scope {scope}")))
    }

    /// The connection that was named, if the key is good, may see it, and both may do `permission`.
    pub(crate) async fn connection(
        &self,
        presented: Option<&str>,
        named: Option<&str>,
        permission: Permission,
    ) -> Result<Connection, Problem> {
        let key = self.key(presented).await?;
        let missing = || Problem::new(Kind::SessionNotProvided, "the header x-connection-id is missing");
        let named = named.filter(|text| !text.is_empty()).ok_or_else(missing)?;
        let unknown = || Problem::new(Kind::SessionNotProvided, "the connection in x-connection-id is unknown");
        let id: ConnectionId = named.parse().map_err(|_| unknown())?;
        let connection = self.catalog.connection(id).await?.ok_or_else(unknown)?;
        if connection.organisation != key.organisation || connection.environment != key.environment {
            return Err(unknown());
        }
        match connection.status {
            ConnectionStatus::Active => {}
            ConnectionStatus::Expired => {
                return Err(Problem::new(
                    Kind::SessionExpired,
                    "the connection has expired; connect the account again",
                ));
            }
            ConnectionStatus::Awaiting2fa => {
                return Err(Problem::new(Kind::SessionExpired, "the connection waits for its second factor"));
            }
        }
        let lacking = [("API key", &key.permissions), ("connection", &connection.permissions)]
            .into_iter()
            .find(|(_, granted)| !granted.contains(permission));
        match lacking {
            None => Ok(connection),
            Some((who, _)) => {
                Err(Problem::new(Kind::Forbidden, format!("this {who} does not have the permission {permission}")))
            }
        }
    }
}
