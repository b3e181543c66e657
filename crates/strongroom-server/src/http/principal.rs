//! Who is asking. A handler cannot run without saying which right it needs: the right is part of the extractor's type.

use std::marker::PhantomData;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use strongroom_catalog::records::{ApiKeyRecord, Connection};
use strongroom_core::id::KeyId;
use strongroom_core::permission::{Permission, Scope};
use tokio::time::Instant;

use crate::app::App;
use crate::problem::Problem;

/// A right that a handler needs on a connection.
pub(super) trait Needs: Send + Sync + 'static {
    /// The permission.
    const PERMISSION: Permission;
}

/// `vault:read`.
pub(super) struct VaultRead;
impl Needs for VaultRead {
    const PERMISSION: Permission = Permission::VaultRead;
}

/// `vault:write`.
pub(super) struct VaultWrite;
impl Needs for VaultWrite {
    const PERMISSION: Permission = Permission::VaultWrite;
}

/// `profile:read`.
pub(super) struct ProfileRead;
impl Needs for ProfileRead {
    const PERMISSION: Permission = Permission::ProfileRead;
}

/// `profile:write`.
pub(super) struct ProfileWrite;
impl Needs for ProfileWrite {
    const PERMISSION: Permission = Permission::ProfileWrite;
}

/// How long what was found of a caller is good enough behind a body: most bodies come at once, and of a key that was revoked in these
/// milliseconds nobody can say that it was before the request.
const STILL_GOOD: Duration = Duration::from_millis(50);

/// A caller of `/v2/access/*`: key and connection are good, and both carry the permission.
pub(super) struct Access<N: Needs> {
    pub(super) connection: Connection,
    /// With which key, for the audit log.
    pub(super) key: KeyId,
    credentials: Credentials,
    checked_at: Instant,
    needs: PhantomData<N>,
}

impl<N: Needs> FromRequestParts<App> for Access<N> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let (credentials, checked_at) = (Credentials::of(&parts.headers), Instant::now());
        let (key, connection) = credentials.connection(app, N::PERMISSION).await?;
        app.rate_limits.count(parts, &connection.id, app.clock.now())?;
        Ok(Self { connection, key: key.id, credentials, checked_at, needs: PhantomData })
    }
}

impl<N: Needs> Access<N> {
    /// Whether the caller may still do what it could when its request began. For what comes after a long body.
    pub(super) async fn check_again(&self, app: &App) -> Result<(), Problem> {
        if self.checked_at.elapsed() < STILL_GOOD {
            return Ok(());
        }
        self.credentials.connection(app, N::PERMISSION).await.map(drop)
    }
}

/// A caller of `/v2/account/*`: the key is good and has the scope.
pub(super) struct Account {
    pub(super) key: ApiKeyRecord,
}

impl FromRequestParts<App> for Account {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let credentials = Credentials::of(&parts.headers);
        let key = app.access.key_with_scope(credentials.key.as_deref(), Scope::Account).await?;
        Ok(Self { key })
    }
}

/// A caller of `/v2/vault-plus/*`: the key is good and has the scope, and the connection is good.
pub(super) struct AccountOn {
    pub(super) connection: Connection,
}

impl FromRequestParts<App> for AccountOn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Credentials { key, connection } = Credentials::of(&parts.headers);
        let (key, connection) = (key.as_deref(), connection.as_deref());
        let (_, connection) = app.access.connection_with_scope(key, connection, Scope::Account).await?;
        app.rate_limits.count(parts, &connection.id, app.clock.now())?;
        Ok(Self { connection })
    }
}

/// What a caller presents.
struct Credentials {
    /// The key: in `apiKey`, or as a bearer token.
    key: Option<String>,
    /// The connection's id.
    connection: Option<String>,
}

impl Credentials {
    fn of(headers: &HeaderMap) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let bearer = || {
            let (scheme, token) = text("authorization")?.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        };
        Self {
            key: text("apikey").or_else(bearer).map(str::to_owned),
            connection: text("x-connection-id").map(str::to_owned),
        }
    }

    async fn connection(&self, app: &App, permission: Permission) -> Result<(ApiKeyRecord, Connection), Problem> {
        app.access.connection(self.key.as_deref(), self.connection.as_deref(), permission).await
    }
}
