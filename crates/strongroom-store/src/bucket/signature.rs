//! URLs that carry their own permission: Signature Version 4 in the query
//! (docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html).
//!
//! `object_store` signs URLs too, but leaves the length of a body out of every signature. With it, who has the URL of a part can
//! send that part and nothing longer.

use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use http::Method;
use object_store::aws::AwsCredential;
use reqwest::Url;
use sha2::{Digest as _, Sha256};
use strongroom_core::clock::Timestamp;

use super::address::Escaped;
use crate::error::StoreError;

/// What whoever has the URL may do.
pub(crate) struct Grant<'g> {
    pub(crate) method: Method,
    /// Of the object, without a query.
    pub(crate) url: Url,
    pub(crate) query: Vec<(&'g str, String)>,
    /// Of the body, which may then have no other.
    pub(crate) length: Option<u64>,
    pub(crate) lifetime: Duration,
}

impl Grant<'_> {
    /// The URL, good from `now` on.
    pub(crate) fn sign(self, credential: &AwsCredential, region: &str, now: Timestamp) -> Result<String, StoreError> {
        let Self { method, url, mut query, length, lifetime } = self;
        let time: String = now.to_rfc3339().chars().take(19).filter(|c| !matches!(c, '-' | ':')).chain(['Z']).collect();
        let date = time.get(..8).unwrap_or_default();
        let scope = format!("{date}/{region}/s3/aws4_request");
        let host = format!("host:{}", url.authority());
        let (headers, names) = match length {
            Some(length) => (format!("content-length:{length}\n{host}"), "content-length;host"),
            None => (host, "host"),
        };
        query.extend([
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256".to_owned()),
            ("X-Amz-Credential", format!("{}/{scope}", credential.key_id)),
            ("X-Amz-Date", time.clone()),
            ("X-Amz-Expires", lifetime.as_secs().to_string()),
            ("X-Amz-SignedHeaders", names.to_owned()),
        ]);
        query.extend(credential.token.clone().map(|token| ("X-Amz-Security-Token", token)));
        query.sort();
        let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={}", Escaped(value))).collect();
        let query = query.join("&");
        let request = format!("{method}\n{}\n{query}\n{headers}\n\n{names}\nUNSIGNED-PAYLOAD", url.path());
        let request = hex(&Sha256::digest(request));
        let mut key = mac(format!("AWS4{}", credential.secret_key).as_bytes(), date)?;
        for word in [region, "s3", "aws4_request", &format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{request}")] {
            key = mac(&key, word)?;
        }
        Ok(format!("{url}?{query}&X-Amz-Signature={}", hex(&key)))
    }
}

fn mac(key: &[u8], text: &str) -> Result<Vec<u8>, StoreError> {
    let mac = Hmac::<Sha256>::new_from_slice(key);
    let mac = mac.map_err(|error| StoreError::Io(format!("the secret access key cannot sign: {error}")))?;
    Ok(mac.chain_update(text).finalize().into_bytes().to_vec())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(length: Option<u64>) -> Grant<'static> {
        let url = "https://examplebucket.s3.amazonaws.com/test.txt".parse().unwrap();
        Grant { method: Method::GET, url, query: Vec::new(), length, lifetime: Duration::from_secs(86_400) }
    }

    fn signed(grant: Grant<'_>) -> String {
        let credential = AwsCredential {
            key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned(),
            token: None,
        };
        grant.sign(&credential, "us-east-1", "2013-05-24T00:00:00Z".parse().unwrap()).unwrap()
    }

    /// The example of the page that the head of this file names.
    #[test]
    fn the_published_example_comes_out() {
        assert_eq!(
            signed(grant(None)),
            "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256\
             &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
             &X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host\
             &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
        );
    }

    #[test]
    fn every_length_has_a_signature_of_its_own() {
        let (one, other) = (signed(grant(Some(1))), signed(grant(Some(2))));
        assert!(one.contains("X-Amz-SignedHeaders=content-length%3Bhost"), "{one}");
        assert_ne!(one, other);
    }
}
