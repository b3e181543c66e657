//! Every operation of the API, the right that it needs, and how it names what it is about. The matrix is generated from this
//! table, and fails for an operation of the OpenAPI document that has no row here.

use reqwest::{Method, RequestBuilder};
use serde_json::json;
use strongroom_core::permission::Permission;

use crate::support::{Client, photo};

/// The right that an operation needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Right {
    /// On key and connection.
    On(Permission),
    /// The key's scope `ACCOUNT`.
    Account,
    /// The key's scope `ACCOUNT`, and a connection.
    AccountOn,
}

/// One operation.
pub(super) struct Operation {
    pub(super) method: Method,
    /// As the OpenAPI document has it.
    pub(super) path: &'static str,
    pub(super) right: Right,
    /// What ids it takes.
    pub(super) about: About,
}

/// What an operation is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    /// Nothing that has an id.
    Nothing,
    /// An upload, in the path.
    Upload,
    /// An upload, in the body.
    UploadInBody,
    /// A media, in the path.
    Media,
    /// A list, in the path.
    List,
    /// A release form, in the path.
    Form,
    /// A person, in the path.
    Person,
    /// A connection, in the path.
    Connection,
    /// An API key, in the path.
    Key,
}

/// What ids stand for.
#[derive(Debug, Clone)]
pub(super) struct Ids {
    pub(super) upload: String,
    pub(super) media: String,
    pub(super) list: String,
    pub(super) form: String,
    pub(super) person: String,
    pub(super) connection: String,
    pub(super) key: String,
}

/// The table.
pub(super) fn operations() -> Vec<Operation> {
    use {About::*, Permission::*};
    let row = |method, path, permission, about| Operation { method, path, right: Right::On(permission), about };
    let account = |method, path, about| Operation { method, path, right: Right::Account, about };
    let stored = |method, path, about| Operation { method, path, right: Right::AccountOn, about };
    vec![
        row(Method::POST, "/v2/access/uploads/init", VaultWrite, Nothing),
        row(Method::POST, "/v2/access/uploads/check", VaultWrite, Nothing),
        row(Method::POST, "/v2/access/uploads/complete", VaultWrite, UploadInBody),
        row(Method::GET, "/v2/access/uploads", VaultWrite, Nothing),
        row(Method::GET, "/v2/access/uploads/{mediaUploadId}", VaultWrite, Upload),
        row(Method::PUT, "/v2/access/uploads/{mediaUploadId}", VaultWrite, Upload),
        row(Method::DELETE, "/v2/access/uploads/{mediaUploadId}", VaultWrite, Upload),
        row(Method::PUT, "/v2/access/uploads/{mediaUploadId}/parts/{partNumber}", VaultWrite, Upload),
        row(Method::GET, "/v2/access/uploads/{mediaUploadId}/direct-parts", VaultWrite, Upload),
        row(Method::GET, "/v2/access/vault/media", VaultRead, Nothing),
        row(Method::GET, "/v2/access/vault/media/{mediaId}", VaultRead, Media),
        row(Method::PATCH, "/v2/access/vault/media/{mediaId}", VaultWrite, Media),
        row(Method::DELETE, "/v2/access/vault/media/{mediaId}", VaultWrite, Media),
        row(Method::POST, "/v2/access/vault/media/{mediaId}/restore", VaultWrite, Media),
        row(Method::GET, "/v2/access/vault/media/{mediaId}/original", VaultRead, Media),
        row(Method::PUT, "/v2/access/vault/media/{mediaId}/preview", VaultWrite, Media),
        row(Method::DELETE, "/v2/access/vault/media/{mediaId}/preview", VaultWrite, Media),
        row(Method::POST, "/v2/access/vault/media/{mediaId}/reprocess", VaultWrite, Media),
        row(Method::GET, "/v2/access/vault/lists", VaultRead, Nothing),
        row(Method::POST, "/v2/access/vault/lists", VaultWrite, Nothing),
        row(Method::PATCH, "/v2/access/vault/lists/{listId}", VaultWrite, List),
        row(Method::DELETE, "/v2/access/vault/lists/{listId}", VaultWrite, List),
        row(Method::GET, "/v2/access/vault/lists/{listId}/media", VaultRead, List),
        row(Method::POST, "/v2/access/vault/lists/{listId}/media", VaultWrite, List),
        row(Method::DELETE, "/v2/access/vault/lists/{listId}/media", VaultWrite, List),
        row(Method::GET, "/v2/access/self", ProfileRead, Nothing),
        row(Method::GET, "/v2/access/self/release-forms", ProfileRead, Nothing),
        row(Method::POST, "/v2/access/self/release-forms", ProfileWrite, Nothing),
        row(Method::GET, "/v2/access/self/release-forms/audit", ProfileRead, Nothing),
        row(Method::GET, "/v2/access/self/release-forms/{releaseFormId}", ProfileRead, Form),
        row(Method::PATCH, "/v2/access/self/release-forms/{releaseFormId}", ProfileWrite, Form),
        row(Method::DELETE, "/v2/access/self/release-forms/{releaseFormId}", ProfileWrite, Form),
        row(Method::POST, "/v2/access/self/release-forms/{releaseFormId}/approve", ProfileWrite, Form),
        row(Method::POST, "/v2/access/self/release-forms/{releaseFormId}/revoke", ProfileWrite, Form),
        row(Method::PUT, "/v2/access/self/release-forms/{releaseFormId}/document", ProfileWrite, Form),
        row(Method::GET, "/v2/access/self/release-forms/{releaseFormId}/document", ProfileRead, Form),
        row(Method::GET, "/v2/access/self/release-forms/{releaseFormId}/document/preview", ProfileRead, Form),
        row(Method::GET, "/v2/access/self/release-forms/{releaseFormId}/audit", ProfileRead, Form),
        row(Method::GET, "/v2/access/self/tagged-friend-users", ProfileRead, Nothing),
        row(Method::POST, "/v2/access/self/tagged-friend-users", ProfileWrite, Nothing),
        row(Method::GET, "/v2/access/self/tagged-friend-users/{personId}", ProfileRead, Person),
        row(Method::PATCH, "/v2/access/self/tagged-friend-users/{personId}", ProfileWrite, Person),
        row(Method::DELETE, "/v2/access/self/tagged-friend-users/{personId}", ProfileWrite, Person),
        row(Method::PUT, "/v2/access/self/tagged-friend-users/{personId}/avatar", ProfileWrite, Person),
        row(Method::DELETE, "/v2/access/self/tagged-friend-users/{personId}/avatar", ProfileWrite, Person),
        row(Method::PUT, "/v2/access/vault/media/{mediaId}/release-forms", ProfileWrite, Media),
        row(Method::POST, "/v2/access/vault/media/release-forms", ProfileWrite, Media),
        account(Method::GET, "/v2/account/whoami", Nothing),
        account(Method::GET, "/v2/account/connections", Nothing),
        account(Method::POST, "/v2/account/connections", Nothing),
        account(Method::DELETE, "/v2/account/connections/{connectionId}", Connection),
        account(Method::POST, "/v2/account/connections/{connectionId}/invalidate", Connection),
        account(Method::GET, "/v2/account/connections/{connectionId}/settings", Connection),
        account(Method::PATCH, "/v2/account/connections/{connectionId}/settings", Connection),
        account(Method::GET, "/v2/account/settings", Nothing),
        account(Method::PATCH, "/v2/account/settings", Nothing),
        account(Method::GET, "/v2/account/keys", Nothing),
        account(Method::POST, "/v2/account/keys", Nothing),
        account(Method::DELETE, "/v2/account/keys/{keyId}", Key),
        stored(Method::GET, "/v2/vault-plus/list", Nothing),
        stored(Method::GET, "/v2/vault-plus/media", Nothing),
        stored(Method::GET, "/v2/vault/list", Nothing),
        stored(Method::GET, "/v2/vault-plus/{mediaId}", Media),
        stored(Method::GET, "/v2/vault-plus/media/{mediaId}", Media),
        stored(Method::GET, "/v2/vault/{mediaId}", Media),
        stored(Method::DELETE, "/v2/vault-plus/{mediaId}", Media),
        stored(Method::DELETE, "/v2/vault-plus/media/{mediaId}", Media),
        stored(Method::POST, "/v2/vault-plus/batch", Nothing),
        stored(Method::POST, "/v2/vault-plus/media/batch", Nothing),
        stored(Method::POST, "/v2/vault/batch", Nothing),
        stored(Method::DELETE, "/v2/vault-plus/purge", Nothing),
        stored(Method::DELETE, "/v2/vault-plus/media", Nothing),
        stored(Method::GET, "/v2/vault-plus/store/status", Nothing),
        stored(Method::GET, "/v2/vault-plus/status", Nothing),
        Operation { method: Method::GET, path: "/v2/vault-plus/store/stats", right: Right::Account, about: Nothing },
        Operation { method: Method::GET, path: "/v2/vault-plus/stats", right: Right::Account, about: Nothing },
        stored(Method::POST, "/v2/vault-plus/store/list/{listId}", List),
        stored(Method::PUT, "/v2/vault-plus/lists/{listId}/sync", List),
        stored(Method::POST, "/v2/vault/cache/list/{listId}", List),
    ]
}

/// The file of an upload that is open.
pub(super) const BYTES: &[u8] = b"four";

impl Operation {
    /// The path, with `ids` in it.
    pub(super) fn path(&self, ids: &Ids) -> String {
        let path = self.path.replace("{mediaUploadId}", &ids.upload).replace("{mediaId}", &ids.media);
        let path = path.replace("{connectionId}", &ids.connection).replace("{keyId}", &ids.key);
        let path = path.replace("{releaseFormId}", &ids.form).replace("{personId}", &ids.person);
        path.replace("{listId}", &ids.list).replace("{partNumber}", "1")
    }

    /// A good request, but for key and connection.
    pub(super) fn request(&self, client: &Client, ids: &Ids) -> RequestBuilder {
        let request = client.bare(self.method.clone(), &self.path(ids));
        match (self.path.rsplit('/').next(), self.method == Method::PUT) {
            (Some("preview" | "document" | "avatar"), true) => request.body(photo(8, 8, 9)),
            (Some("release-forms"), true) => request.json(&json!({ "releaseFormIds": [ids.form] })),
            (_, true) => request.body(BYTES.to_vec()),
            (Some("init"), _) => {
                request.json(&json!({ "filename": "a", "size": BYTES.len(), "contentType": "image/png" }))
            }
            (Some("batch"), _) => request.json(&json!({ "mediaIds": [ids.media] })),
            (Some("release-forms" | "tagged-friend-users"), _) if self.method == Method::POST => request
                .json(&json!({ "name": "a", "type": "model", "mediaIds": [ids.media], "releaseFormIds": [ids.form] })),
            (Some("{releaseFormId}" | "{personId}"), _) if self.method == Method::PATCH => {
                request.json(&json!({ "name": "another" }))
            }
            (Some("lists" | "{listId}"), _) if self.path.starts_with("/v2/access/vault/lists") => {
                request.json(&json!({ "name": "another" }))
            }
            (Some("media"), _) if self.about == About::List => request.json(&json!({ "mediaIds": [ids.media] })),
            (Some("{mediaId}"), _) if self.method == Method::PATCH => request.json(&json!({ "filename": "another" })),
            (Some("connections"), _) if self.method == Method::POST => {
                request.json(&json!({ "name": "Ada", "username": "ada" }))
            }
            (Some("keys"), _) if self.method == Method::POST => {
                request.json(&json!({ "name": "another", "scopes": [], "permissions": [] }))
            }
            (Some("settings"), _) if self.method == Method::PATCH => request.json(&json!({ "quotaBytes": null })),
            (Some("check"), _) => request.json(&json!({ "etag": "0".repeat(64), "size": BYTES.len() })),
            (Some("complete"), _) => request.json(&json!({ "mediaUploadId": ids.upload })),
            _ => request,
        }
    }
}
