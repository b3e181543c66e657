//! Who is asking. A handler cannot run without saying which right it needs: the right is part of the extractor's type.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use strongroom_catalog::records::{ApiKeyRecord, Connection};
use strongroom_core::permission::{Permission, Scope};

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

/// A caller of `/v2/access/*`: key and connection are good, and both carry the permission.
pub(super) struct Access<N: Needs> {
    pub(super) connection: Connection,
    needs: PhantomData<N>,
}

impl<N: Needs> FromRequestParts<App> for Access<N> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let presented = presented_key(&parts.headers);
        let connection = parts.headers.get("x-connection-id").and_then(|value| value.to_str().ok());
        let connection = app.access.connection(presented, connection, N::PERMISSION).await?;
        Ok(Self { connection, needs: PhantomData })
    }
}

/// A caller of `/v2/account/*`: the key is good and has the scope.
pub(super) struct Account {
    pub(super) key: ApiKeyRecord,
}

impl FromRequestParts<App> for Account {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let key = app.access.key_with_scope(presented_key(&parts.headers), Scope::Account).await?;
        Ok(Self { key })
    }
}

/// The key as sent: in `apiKey`, or as a bearer token.
fn presented_key(headers: &HeaderMap) -> Option<&str> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    text("apikey").or_else(|| {
        let (scheme, token) = text("authorization")?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    })
}
