//! URLs that carry their own permission.

use std::time::Duration;

use http::Method;
use object_store::path::Path;
use object_store::signer::{SignedUrlOptions, Signer as _};
use strongroom_core::id::{BlobKey, UploadId};
use strongroom_core::upload::PartRange;

use super::BucketStore;
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
        let query = [("response-content-type", content_type), ("response-content-disposition", disposition)];
        self.presign(Method::GET, name, &query, lifetime).await
    }

    pub(crate) async fn presign_part(
        &self,
        upload: UploadId,
        part: PartRange,
        multipart: &str,
        lifetime: Duration,
    ) -> Result<String, StoreError> {
        let number = part.number.to_string();
        let query = [("partNumber", number.as_str()), ("uploadId", multipart)];
        self.presign(Method::PUT, &names::blob(BlobKey::of_upload(upload)), &query, lifetime).await
    }

    async fn presign(
        &self,
        method: Method,
        name: &str,
        query: &[(&str, &str)],
        lifetime: Duration,
    ) -> Result<String, StoreError> {
        let failed = |text: String| StoreError::Io(format!("no signed URL for {name}: {text}"));
        let path = Path::parse(self.key(name)).map_err(|error| failed(error.to_string()))?;
        let options = SignedUrlOptions::new().with_query(query.iter().copied());
        let url = self.presigner().signed_url_opts(method, &path, lifetime, &options).await;
        url.map(String::from).map_err(|error| failed(error.to_string()))
    }
}
