//! Who signs: the key from the settings, or whatever credentials the process' environment offers.

use object_store::aws::{AmazonS3, AmazonS3Builder};

use super::address::Address;
use super::options::BucketOptions;
use crate::error::StoreError;

/// What signs for the bucket at `address`.
pub(crate) fn signer(options: &BucketOptions, address: &Address) -> Result<AmazonS3, StoreError> {
    let base = address.base();
    let endpoint = match options.path_style {
        true => base.strip_suffix(address.bucket()).unwrap_or(base).trim_end_matches('/'),
        false => base,
    };
    let builder = AmazonS3Builder::from_env()
        .with_bucket_name(address.bucket())
        .with_region(&options.region)
        .with_virtual_hosted_style_request(!options.path_style)
        .with_allow_http(true)
        .with_endpoint(endpoint);
    let builder = match (&options.access_key_id, &options.secret_access_key) {
        (Some(id), Some(secret)) => builder.with_access_key_id(id).with_secret_access_key(secret),
        (None, None) => builder,
        _ => return Err(StoreError::Io(format!("{address}: an access key needs both its id and its secret"))),
    };
    builder.build().map_err(|error| StoreError::Io(format!("no credentials for {address}: {error}")))
}
