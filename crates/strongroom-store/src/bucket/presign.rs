//! URLs that carry their own permission, for clients, who may know the object store by another name.

use std::time::Duration;

use http::Method;
use strongroom_core::clock::{Clock as _, SystemClock};
use strongroom_core::id::{BlobKey, UploadId};
use strongroom_core::upload::PartRange;

use super::BucketStore;
use super::signature::Grant;
use crate::error::StoreError;
use crate::names;

impl BucketStore {
    pub(crate) async fn presign_read(
        &self,
        name: &str,
        lifetime: Duration,
        content_type: &str,
        disposition: &str,
    ) -> Result<String, StoreError> {
        let query = vec![
            ("response-content-type", content_type.to_owned()),
            ("response-content-disposition", disposition.to_owned()),
        ];
        self.presign(Method::GET, name, query, None, lifetime).await
    }

    pub(crate) async fn presign_part(
        &self,
        upload: UploadId,
        part: PartRange,
        multipart: &str,
        lifetime: Duration,
    ) -> Result<String, StoreError> {
        let query = vec![("partNumber", part.number.to_string()), ("uploadId", multipart.to_owned())];
        let name = names::blob(BlobKey::of_upload(upload));
        self.presign(Method::PUT, &name, query, Some(part.length), lifetime).await
    }

    async fn presign(
        &self,
        method: Method,
        name: &str,
        query: Vec<(&str, String)>,
        length: Option<u64>,
        lifetime: Duration,
    ) -> Result<String, StoreError> {
        let url = self.public().url(&self.key(name), &[])?;
        let grant = Grant { method, url, query, length, lifetime };
        let credential = self.client().credential().await?;
        // The object store's clock judges, so a caller's that is stepped would only make URLs which it refuses.
        grant.sign(&credential, self.client().region(), SystemClock.now())
    }
}
