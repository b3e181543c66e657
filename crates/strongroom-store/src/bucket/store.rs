//! The bucket itself: opened, checked, and what every operation shares.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use http::Method;
use strongroom_core::id::{BlobKey, UploadId};

use super::address::Address;
use super::client::{Call, Client};
use super::multipart::LandedPart;
use super::options::BucketOptions;
use crate::blocking::blocking;
use crate::directory::{create_root, ensure_directory};
use crate::error::StoreError;
use crate::names;

/// A bucket, and the local directory of its scratch directories. Cheap to clone; all clones are one.
#[derive(Clone)]
pub(crate) struct BucketStore {
    client: Arc<Client>,
    /// Where clients find the bucket.
    public: Arc<Address>,
    scratch_area: Arc<PathBuf>,
}

impl BucketStore {
    pub(crate) async fn open(options: &BucketOptions, root: &Path) -> Result<Self, StoreError> {
        let (root, scratch_area) = (root.to_owned(), root.join("scratch"));
        let area = scratch_area.clone();
        blocking(move || create_root(&root).and_then(|()| ensure_directory(&area))).await?;
        let endpoint = options.public_endpoint.clone().or_else(|| options.endpoint.clone());
        let public = BucketOptions { endpoint, ..options.clone() };
        let public = Arc::new(Address::new(&public)?);
        let store = Self { client: Arc::new(Client::new(options)?), public, scratch_area: Arc::new(scratch_area) };
        store.check().await.map_err(|error| match error {
            StoreError::Missing => StoreError::Io(format!("{store}: what was written cannot be read")),
            StoreError::Io(text) => StoreError::Io(format!("{store}: {text}")),
            StoreError::Busy(text) => StoreError::Busy(format!("{store}: {text}")),
            other => other,
        })?;
        Ok(store)
    }

    /// Does once all that the store will need to do, so that a permission that lacks is known now.
    async fn check(&self) -> Result<(), StoreError> {
        let name = format!("probe/{}", UploadId::random().uuid());
        let key = self.key(&name);
        let body = Bytes::from_static(b"strongroom");
        self.client.ask(&Call { method: Method::PUT, key: &key, body: body.clone(), ..Call::default() }).await?;
        let read = self.client.ask(&Call { key: &key, ..Call::default() }).await?.body;
        let listed = self.client.list(&name).await?;
        let multipart = self.client.create_multipart(&key).await?;
        self.client.abort_multipart(&key, &multipart).await?;
        self.client.delete(&key).await?;
        match read == body && listed.len() == 1 {
            true => Ok(()),
            false => Err(StoreError::Missing),
        }
    }

    pub(crate) const fn client(&self) -> &Arc<Client> {
        &self.client
    }

    pub(crate) fn public(&self) -> &Address {
        &self.public
    }

    pub(crate) fn scratch_area(&self) -> &Path {
        &self.scratch_area
    }

    pub(crate) fn key(&self, name: &str) -> String {
        self.client.address().key(name)
    }

    pub(crate) async fn begin_multipart(&self, upload: UploadId) -> Result<String, StoreError> {
        Ok(self.client.create_multipart(&self.blob_key(upload)).await?)
    }

    pub(crate) async fn abort_multipart(&self, upload: UploadId, multipart: &str) -> Result<(), StoreError> {
        Ok(self.client.abort_multipart(&self.blob_key(upload), multipart).await?)
    }

    pub(crate) async fn direct_parts(
        &self,
        upload: UploadId,
        multipart: &str,
    ) -> Result<Vec<(u32, u64, Arc<str>)>, StoreError> {
        let landed = self.client.list_parts(&self.blob_key(upload), multipart).await;
        let landed = landed.map_err(StoreError::from).map_err(|error| match error {
            StoreError::Sealed => StoreError::Missing,
            other => other,
        })?;
        let of = |LandedPart { number, length, tag, .. }| (number, length, tag);
        Ok(newest_of_each(landed).into_iter().map(of).collect())
    }

    fn blob_key(&self, upload: UploadId) -> String {
        self.key(&names::blob(BlobKey::of_upload(upload)))
    }
}

/// The last try of each part. SeaweedFS keeps all of them, and lists them in no order.
fn newest_of_each(mut landed: Vec<LandedPart>) -> Vec<LandedPart> {
    landed.sort_by_key(|part| (part.number, std::cmp::Reverse(part.landed_at)));
    landed.dedup_by_key(|part| part.number);
    landed
}

impl fmt::Display for BucketStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.client.address().fmt(f)
    }
}
