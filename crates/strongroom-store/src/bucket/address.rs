//! Where a bucket's objects are: the URL of each, from the setting's URL.

use std::fmt;

use reqwest::Url;

use super::options::BucketOptions;
use crate::error::StoreError;

/// A bucket, and what the names of all our objects in it begin with.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    bucket: String,
    /// Empty, or ending in a slash.
    prefix: String,
    /// The bucket's own URL, without a slash at its end.
    base: String,
}

impl Address {
    pub(crate) fn new(options: &BucketOptions) -> Result<Self, StoreError> {
        let malformed = || {
            StoreError::Io(format!(
                "`{}` is no URL of a bucket: expected s3://bucket or s3://bucket/prefix, of letters, digits, `.`, `_` and `-`",
                options.url
            ))
        };
        let rest = options.url.strip_prefix("s3://").ok_or_else(malformed)?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = prefix.trim_end_matches('/');
        let is_segment = |segment: &str| {
            let is_plain = segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
            is_plain && !["", ".", ".."].contains(&segment)
        };
        if !is_segment(bucket) || !(prefix.is_empty() || prefix.split('/').all(is_segment)) {
            return Err(malformed());
        }
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        Ok(Self { base: base(options, bucket)?, bucket: bucket.to_owned(), prefix })
    }

    pub(crate) fn bucket(&self) -> &str {
        &self.bucket
    }

    /// The bucket's own URL, without a slash at its end.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// The key of the object that [`crate::names`] calls `name`.
    pub(crate) fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// What [`crate::names`] calls the object of this key.
    pub(crate) fn name<'k>(&self, key: &'k str) -> Option<&'k str> {
        key.strip_prefix(&self.prefix)
    }

    /// The URL of an object, or of the bucket where `key` is empty. Nothing in a key needs escaping.
    pub(crate) fn url(&self, key: &str, query: &[(&str, &str)]) -> Result<Url, StoreError> {
        let mut text = format!("{}/{key}", self.base);
        for (index, (name, value)) in query.iter().enumerate() {
            let separator = if index == 0 { '?' } else { '&' };
            text.push_str(&format!("{separator}{name}={}", Escaped(value)));
        }
        Url::parse(&text).map_err(|error| StoreError::Io(format!("`{text}` is no URL: {error}")))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.prefix)
    }
}

fn base(options: &BucketOptions, bucket: &str) -> Result<String, StoreError> {
    let aws = || format!("https://s3.{}.amazonaws.com", options.region);
    let endpoint = options.endpoint.clone().unwrap_or_else(aws);
    let malformed = || StoreError::Io(format!("endpoint: `{endpoint}` is no URL such as https://s3.example.com"));
    let url =
        Url::parse(&endpoint).ok().filter(|url| ["http", "https"].contains(&url.scheme())).ok_or_else(malformed)?;
    let endpoint = url.as_str().trim_end_matches('/');
    if options.path_style {
        return Ok(format!("{endpoint}/{bucket}"));
    }
    let (scheme, host) = endpoint.split_once("://").ok_or_else(malformed)?;
    Ok(format!("{scheme}://{bucket}.{host}"))
}

/// Escaped as signatures want it: all but letters, digits and `-._~`.
pub(crate) struct Escaped<'t>(pub(crate) &'t str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.bytes().try_for_each(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => write!(f, "{}", char::from(byte)),
            _ => write!(f, "%{byte:02X}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(url: &str, endpoint: Option<&str>, path_style: bool) -> Result<Address, StoreError> {
        let options = BucketOptions::new(url, "eu-central-1");
        Address::new(&BucketOptions { endpoint: endpoint.map(str::to_owned), path_style, ..options })
    }

    #[test]
    fn objects_have_urls_in_both_styles() {
        let url =
            |address: Address| address.url(&address.key("blobs/3f/3f"), &[("uploadId", "a+b/ü")]).unwrap().to_string();
        let aws = address("s3://vault/a/b/", None, false).unwrap();
        assert_eq!(url(aws), "https://vault.s3.eu-central-1.amazonaws.com/a/b/blobs/3f/3f?uploadId=a%2Bb%2F%C3%BC");
        let own = address("s3://vault", Some("http://127.0.0.1:8333/"), true).unwrap();
        assert_eq!(url(own.clone()), "http://127.0.0.1:8333/vault/blobs/3f/3f?uploadId=a%2Bb%2F%C3%BC");
        assert_eq!(own.to_string(), "s3://vault/");
        assert_eq!(own.url("", &[]).unwrap().as_str(), "http://127.0.0.1:8333/vault/");
    }

    #[test]
    fn what_is_no_bucket_is_refused() {
        for url in ["", "vault", "http://vault", "s3://", "s3://vault//a", "s3://vault/../x", "s3://va ult", "s3://v?x"]
        {
            assert!(address(url, None, false).is_err(), "{url}");
        }
        for endpoint in ["127.0.0.1:8333", "ftp://x", ""] {
            assert!(address("s3://vault", Some(endpoint), true).is_err(), "{endpoint}");
        }
    }
}
