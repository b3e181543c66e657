//! The right that each operation needs. The extractors enforce it; a test holds this table to what they do.

use serde_json::json;
use strongroom_core::permission::{Permission, Scope};

use super::Operation;

/// Says which right an operation needs.
pub(super) fn add(operation: &mut Operation<'_>) {
    operation.body["x-required-permission"] = json!(of(operation.method, operation.path));
}

fn of(method: &str, path: &str) -> &'static str {
    let reads = method == "get";
    if !path.starts_with("/v2/access/") {
        return Scope::Account.as_str();
    }
    let is_about_consent = path.starts_with("/v2/access/self") || path.ends_with("/release-forms");
    let permission = match (is_about_consent, reads) {
        // To look at an upload is a step of uploading.
        _ if path.starts_with("/v2/access/uploads") => Permission::VaultWrite,
        (true, true) => Permission::ProfileRead,
        (true, false) => Permission::ProfileWrite,
        (false, true) => Permission::VaultRead,
        (false, false) => Permission::VaultWrite,
    };
    permission.as_str()
}

/// Whether an operation is about one connection, which a header names.
pub(super) fn takes_connection(path: &str) -> bool {
    let is_about_all = path.starts_with("/v2/account/") || path.ends_with("/stats");
    !is_about_all
}
