//! Where a bucket is, and as whom to enter it.

use std::fmt;
use std::time::Duration;

/// Where a bucket is, and as whom to enter it.
#[derive(Clone)]
pub struct BucketOptions {
    /// `s3://bucket` or `s3://bucket/prefix`.
    pub url: String,
    /// The object store's own URL, such as `http://127.0.0.1:8333`; none for AWS.
    pub endpoint: Option<String>,
    /// The URL by which clients reach it, where that is another; signed URLs have it.
    pub public_endpoint: Option<String>,
    /// The region that requests are signed for, such as `eu-central-1`; many other vendors take any.
    pub region: String,
    /// The access key's id. Where it or the secret is absent, the process' environment decides: `AWS_ACCESS_KEY_ID` and its
    /// kin, a web identity, a container's or an instance's role.
    pub access_key_id: Option<String>,
    /// The access key's secret.
    pub secret_access_key: Option<String>,
    /// Whether the bucket is in the path of a URL rather than in its host name. Most servers other than AWS want that.
    pub path_style: bool,
    /// How long a connection may take to open.
    pub connect_timeout: Duration,
    /// How long a connection may be silent, or take none of the bytes that wait for it.
    pub idle_timeout: Duration,
    /// How long small requests are tried again in all.
    pub retry_for: Duration,
}

impl BucketOptions {
    /// The bucket at `url` on AWS in `region`, entered as the environment says.
    #[must_use]
    pub fn new(url: &str, region: &str) -> Self {
        Self {
            url: url.to_owned(),
            endpoint: None,
            public_endpoint: None,
            region: region.to_owned(),
            access_key_id: None,
            secret_access_key: None,
            path_style: false,
            connect_timeout: Duration::from_secs(5),
            idle_timeout: Duration::from_secs(30),
            retry_for: Duration::from_secs(10),
        }
    }
}

impl fmt::Debug for BucketOptions {
    /// Without the secret, and without the key that it belongs to.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, endpoint, public_endpoint, region, path_style, .. } = self;
        let has_key = self.access_key_id.is_some();
        f.debug_struct("BucketOptions")
            .field("url", url)
            .field("endpoint", endpoint)
            .field("public_endpoint", public_endpoint)
            .field("region", region)
            .field("path_style", path_style)
            .field("has_key", &has_key)
            .finish_non_exhaustive()
    }
}
