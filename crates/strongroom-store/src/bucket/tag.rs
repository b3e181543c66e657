//! Entity tags, and what they prove. S3's is the MD5 of the bytes, and of several parts the MD5 of their MD5s, unless a key of
//! the key service encrypts them: then it is any text.

use std::sync::Arc;

use http::HeaderMap;
use http::header::ETAG;
use md5::{Digest as _, Md5};

/// The tag of stored bytes, as the object store answered it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tag {
    text: Arc<str>,
    is_encrypted: bool,
}

impl Tag {
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let text = bare(headers.get(ETAG)?.to_str().ok()?).into();
        let says = |name: &str, beginning: &str| {
            headers.get(name).and_then(|value| value.to_str().ok()).is_some_and(|value| value.starts_with(beginning))
        };
        let is_encrypted = says("x-amz-server-side-encryption", "aws:kms")
            || says("x-amz-server-side-encryption-customer-algorithm", "");
        Some(Self { text, is_encrypted })
    }

    /// Without quotes.
    pub(crate) const fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// Whether it is the MD5 of other bytes than those with this MD5.
    pub(crate) fn contradicts(&self, md5: [u8; 16]) -> bool {
        !self.is_encrypted && digest(&self.text).is_some_and(|stored| stored != md5)
    }

    /// Whether it is that of other parts than those with these tags.
    pub(crate) fn contradicts_parts(&self, tags: &[Arc<str>]) -> bool {
        let stored =
            self.text.split_once('-').and_then(|(hex, count)| Some((digest(hex)?, count.parse::<usize>().ok()?)));
        let digests: Option<Vec<_>> = tags.iter().map(|tag| digest(tag)).collect();
        let (Some(stored), Some(digests)) = (stored.filter(|_| !self.is_encrypted), digests) else { return false };
        stored != (Md5::digest(digests.concat()).into(), tags.len())
    }

    /// Whether both are MD5s, and of different bytes.
    pub(crate) fn contradicts_copy(&self, source: &Self) -> bool {
        !source.is_encrypted && digest(&source.text).is_some_and(|md5| self.contradicts(md5))
    }
}

/// An entity tag without its quotes.
pub(crate) fn bare(tag: &str) -> &str {
    tag.trim().trim_start_matches("W/").trim_matches('"')
}

/// The MD5 that 32 hexadecimal digits say.
fn digest(text: &str) -> Option<[u8; 16]> {
    let is_hex = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| u128::from_str_radix(text, 16).ok().map(u128::to_be_bytes))?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(md5: [u8; 16]) -> String {
        format!("{:032x}", u128::from_be_bytes(md5))
    }

    fn tag(text: &str, encryption: Option<&'static str>) -> Tag {
        let mut headers = HeaderMap::new();
        headers.insert(ETAG, text.parse().unwrap());
        if let Some(encryption) = encryption {
            headers.insert("x-amz-server-side-encryption", encryption.parse().unwrap());
        }
        Tag::of(&headers).unwrap()
    }

    #[test]
    fn a_tag_of_other_bytes_is_seen() {
        let md5: [u8; 16] = Md5::digest(b"bytes").into();
        let right = format!("\"{}\"", hex(md5));
        let wrong = format!("\"{}\"", hex([7; 16]));
        assert!(!tag(&right, None).contradicts(md5));
        assert!(tag(&wrong, None).contradicts(md5));
        assert!(tag(&wrong, Some("AES256")).contradicts(md5));
        // What is no MD5 proves nothing.
        assert!(!tag(&wrong, Some("aws:kms")).contradicts(md5));
        assert!(!tag("\"opaque\"", None).contradicts(md5));
    }

    #[test]
    fn a_tag_of_other_parts_is_seen() {
        let parts: Vec<Arc<str>> = [b"one", b"two"].map(|part| hex(Md5::digest(part).into()).into()).to_vec();
        let joined = [Md5::digest(b"one"), Md5::digest(b"two")].concat();
        let right = tag(&format!("\"{}-2\"", hex(Md5::digest(joined).into())), None);
        assert!(!right.contradicts_parts(&parts));
        assert!(right.contradicts_parts(&parts[..1]));
        assert!(right.contradicts_parts(&[parts[1].clone(), parts[0].clone()]));
        assert!(!right.contradicts_parts(&["opaque".into()]));
        assert!(!tag("\"opaque\"", None).contradicts_parts(&parts));
    }
}
