//! Keys, connections, scopes and permissions: checked here and nowhere else.

use std::sync::Arc;
use std::time::Duration;

use strongroom_catalog::Catalog;
use strongroom_catalog::records::{ApiKeyRecord, Connection};
use strongroom_core::clock::Clock;
use strongroom_core::connection::ConnectionStatus;
use strongroom_core::id::ConnectionId;
use strongroom_core::key::ApiKey;
use strongroom_core::permission::{Permission, Scope};
use tracing::Instrument as _;

use crate::problem::{Kind, Problem};

/// How exactly a connection tells when it was used last.
const USE_NOTED_EVERY: Duration = Duration::from_secs(3600);

/// The gate. Nothing is kept here: a revoked key is refused by the next call.
#[derive(Clone)]
pub(crate) struct Access {
    pub(crate) catalog: Catalog,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Access {
    /// The key that was presented, if it is good.
    async fn key(&self, presented: Option<&str>) -> Result<ApiKeyRecord, Problem> {
        self.good(self.catalog.key_by_hash(parse(presented)?.hash()).await?)
    }

    /// The key, if there is such a one and it is good.
    fn good(&self, record: Option<ApiKeyRecord>) -> Result<ApiKeyRecord, Problem> {
        let is_good = |record: &ApiKeyRecord| {
            record.revoked_at.is_none() && record.expires_at.is_none_or(|at| at > self.clock.now())
        };
        let unknown = || unauthorized("this API key is unknown, expired or revoked");
        record.filter(is_good).ok_or_else(unknown)
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
    ) -> Result<(ApiKeyRecord, Connection), Problem> {
        let (key, connection) = self.key_on(presented, named).await?;
        let lacking = [("API key", &key.permissions), ("connection", &connection.permissions)]
            .into_iter()
            .find(|(_, granted)| !granted.contains(permission));
        match lacking {
            None => Ok((key, connection)),
            Some((who, _)) => {
                Err(Problem::new(Kind::Forbidden, format!("this {who} does not have the permission {permission}")))
            }
        }
    }

    /// The connection that was named, if the key is good, may see it, and has `scope`.
    pub(crate) async fn connection_with_scope(
        &self,
        presented: Option<&str>,
        named: Option<&str>,
        scope: Scope,
    ) -> Result<(ApiKeyRecord, Connection), Problem> {
        let key = self.key_with_scope(presented, scope).await?;
        let missing = || Problem::new(Kind::SessionNotProvided, "the header x-connection-id is missing");
        let named = named.filter(|text| !text.is_empty()).ok_or_else(missing)?;
        let connection = self.usable(self.visible(&key, named).await?)?;
        Ok((key, connection))
    }

    /// The key that was presented, if it is good, and the connection that was named, if the key may see it and it is active:
    /// what every call on a vault asks, so both in one look.
    async fn key_on(
        &self,
        presented: Option<&str>,
        named: Option<&str>,
    ) -> Result<(ApiKeyRecord, Connection), Problem> {
        let hash = parse(presented)?.hash();
        let id = named.and_then(|named| named.parse::<ConnectionId>().ok());
        let (record, connection) = match id {
            Some(id) => self.catalog.key_beside_connection(hash, id).await?.unzip(),
            None => (self.catalog.key_by_hash(hash).await?, None),
        };
        let key = self.good(record)?;
        if named.is_none_or(str::is_empty) {
            return Err(Problem::new(Kind::SessionNotProvided, "the header x-connection-id is missing"));
        }
        let connection = self.usable(connection.flatten().filter(|connection| key.sees(connection)))?;
        Ok((key, connection))
    }

    /// The connection, if there is such a one and it is active.
    fn usable(&self, connection: Option<Connection>) -> Result<Connection, Problem> {
        let unknown = || Problem::new(Kind::SessionNotProvided, "the connection in x-connection-id is unknown");
        let connection = connection.ok_or_else(unknown)?;
        let over = |message: &str| Err(Problem::new(Kind::SessionExpired, message));
        match connection.status {
            ConnectionStatus::Active => {}
            ConnectionStatus::Expired => return over("the connection has expired; connect the account again"),
            ConnectionStatus::Awaiting2fa => return over("the connection waits for its second factor"),
        }
        self.note_use(&connection);
        Ok(connection)
    }

    /// A connection by its id, if there is such a one and `key` may see it. Another organisation's, one of the other world,
    /// and one that the key was not made for are as unknown as one that does not exist.
    pub(crate) async fn visible(&self, key: &ApiKeyRecord, id: &str) -> Result<Option<Connection>, Problem> {
        let Ok(id) = id.parse::<ConnectionId>() else { return Ok(None) };
        Ok(self.catalog.connection(id).await?.filter(|connection| key.sees(connection)))
    }

    /// Notes that a connection is used, once in a while and in the background: it is good to know roughly, and not worth that
    /// anyone waits for the disk.
    fn note_use(&self, connection: &Connection) {
        let now = self.clock.now();
        if connection.last_checked_at.is_some_and(|at| now < at.after(USE_NOTED_EVERY)) {
            return;
        }
        let (catalog, id) = (self.catalog.clone(), connection.id.clone());
        let noting = async move {
            if let Err(error) = catalog.note_use(id, now).await {
                tracing::debug!(%error, "the use of a connection could not be noted");
            }
        };
        tokio::spawn(noting.in_current_span());
    }
}

/// The key in the header. A typo is told by the key's own checksum, without asking the catalog.
fn parse(presented: Option<&str>) -> Result<ApiKey, Problem> {
    let presented = presented.ok_or_else(|| unauthorized("the header apiKey is missing"))?;
    ApiKey::parse(presented)
        .ok_or_else(|| unauthorized("the header apiKey does not hold a key (sk_live_… or sk_sandbox_…)"))
}

fn unauthorized(message: &str) -> Problem {
    Problem::new(Kind::Unauthorized, message)
}
