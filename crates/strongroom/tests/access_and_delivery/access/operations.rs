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
}

/// What ids stand for.
#[derive(Debug, Clone)]
pub(super) struct Ids {
    pub(super) upload: String,
    pub(super) media: String,
}

/// The table.
pub(super) fn operations() -> Vec<Operation> {
    use {About::*, Permission::*};
    let row = |method, path, permission, about| Operation { method, path, right: Right::On(permission), about };
    vec![
        row(Method::POST, "/v2/access/uploads/init", VaultWrite, Nothing),
        row(Method::POST, "/v2/access/uploads/check", VaultWrite, Nothing),
        row(Method::POST, "/v2/access/uploads/complete", VaultWrite, UploadInBody),
        row(Method::GET, "/v2/access/uploads", VaultWrite, Nothing),
        row(Method::GET, "/v2/access/uploads/{mediaUploadId}", VaultWrite, Upload),
        row(Method::PUT, "/v2/access/uploads/{mediaUploadId}", VaultWrite, Upload),
        row(Method::DELETE, "/v2/access/uploads/{mediaUploadId}", VaultWrite, Upload),
        row(Method::PUT, "/v2/access/uploads/{mediaUploadId}/parts/{partNumber}", VaultWrite, Upload),
        row(Method::GET, "/v2/access/vault/media", VaultRead, Nothing),
        row(Method::GET, "/v2/access/vault/media/{mediaId}", VaultRead, Media),
        row(Method::GET, "/v2/access/vault/media/{mediaId}/original", VaultRead, Media),
        row(Method::PUT, "/v2/access/vault/media/{mediaId}/preview", VaultWrite, Media),
        row(Method::DELETE, "/v2/access/vault/media/{mediaId}/preview", VaultWrite, Media),
        row(Method::POST, "/v2/access/vault/media/{mediaId}/reprocess", VaultWrite, Media),
        row(Method::GET, "/v2/access/self", ProfileRead, Nothing),
        Operation { method: Method::GET, path: "/v2/account/whoami", right: Right::Account, about: Nothing },
    ]
}

/// The file of an upload that is open.
pub(super) const BYTES: &[u8] = b"four";

impl Operation {
    /// The path, with `ids` in it.
    pub(super) fn path(&self, ids: &Ids) -> String {
        let path = self.path.replace("{mediaUploadId}", &ids.upload).replace("{mediaId}", &ids.media);
        path.replace("{partNumber}", "1")
    }

    /// A good request, but for key and connection.
    pub(super) fn request(&self, client: &Client, ids: &Ids) -> RequestBuilder {
        let request = client.bare(self.method.clone(), &self.path(ids));
        match (self.path.rsplit('/').next(), self.method == Method::PUT) {
            (Some("preview"), true) => request.body(photo(8, 8, 9)),
            (_, true) => request.body(BYTES.to_vec()),
            (Some("init"), _) => {
                request.json(&json!({ "filename": "a", "size": BYTES.len(), "contentType": "image/png" }))
            }
            (Some("check"), _) => request.json(&json!({ "etag": "0".repeat(64), "size": BYTES.len() })),
            (Some("complete"), _) => request.json(&json!({ "mediaUploadId": ids.upload })),
            _ => request,
        }
    }
}
