//! `/v2/account/connections`: the accounts that own uploads and media.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod invalidate;
pub(crate) mod list;

use serde::Serialize;
use strongroom_catalog::records::Connection;
use utoipa::ToSchema;

/// A connection.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConnectionView {
    /// `active`, `expired` or `awaiting_2fa`.
    status: &'static str,
    /// `conn_…`.
    id: String,
    /// Whose account it is.
    user_data: UserData,
    /// What may be done on it.
    permissions: Vec<&'static str>,
    /// When it was invalidated, if it was.
    expired_at: Option<String>,
    /// When it was made.
    created_at: String,
    /// When it changed last.
    updated_at: String,
    /// The operator's own name for it.
    client_reference_id: Option<String>,
    /// Always false: sessions of other services are not imported here.
    imported: bool,
    /// When it was used last, to the hour.
    last_checked_at: Option<String>,
}

/// Whose account a connection is.
#[derive(Debug, Serialize, ToSchema)]
struct UserData {
    /// The account's number, as text.
    id: String,
    /// The name shown to people.
    name: String,
    /// The account's name.
    username: String,
    /// Where its picture is.
    avatar: Option<String>,
}

impl From<Connection> for ConnectionView {
    fn from(connection: Connection) -> Self {
        let user_data = UserData {
            id: connection.id.number().to_string(),
            name: connection.name,
            username: connection.username,
            avatar: connection.avatar,
        };
        Self {
            status: connection.status.as_str(),
            id: connection.id.to_string(),
            user_data,
            permissions: connection.permissions.iter().map(|permission| permission.as_str()).collect(),
            expired_at: connection.expired_at.map(|at| at.to_rfc3339()),
            created_at: connection.created_at.to_rfc3339(),
            updated_at: connection.updated_at.to_rfc3339(),
            client_reference_id: connection.client_reference_id,
            imported: false,
            last_checked_at: connection.last_checked_at.map(|at| at.to_rfc3339()),
        }
    }
}
