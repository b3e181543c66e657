//! Reading columns as the core's words.

use std::str::FromStr;

use strongroom_core::clock::Timestamp;
use strongroom_core::digest::Digest;
use strongroom_core::id::{Malformed, UploadId};
use strongroom_core::rendition::Size;

use super::{Answer, Row, dialect};
use crate::CatalogError;

/// Typed access to a row's columns by name.
pub(super) trait Columns {
    /// Text.
    fn text(&self, name: &str) -> Answer<String>;
    /// Text that may be null.
    fn optional_text(&self, name: &str) -> Answer<Option<String>>;
    /// A number.
    fn number(&self, name: &str) -> Answer<i64>;
    /// A number that may be null.
    fn optional_number(&self, name: &str) -> Answer<Option<i64>>;
    /// 32 bytes that may be null.
    fn optional_bytes32(&self, name: &str) -> Answer<Option<[u8; 32]>>;

    /// A word of the core.
    fn word<T: FromStr<Err = Malformed>>(&self, name: &str) -> Answer<T> {
        Ok(self.text(name)?.parse()?)
    }

    /// A word of the core that may be null.
    fn optional_word<T: FromStr<Err = Malformed>>(&self, name: &str) -> Answer<Option<T>> {
        self.optional_text(name)?.map(|text| text.parse().map_err(CatalogError::from)).transpose()
    }

    /// The id of an upload, which is kept without its prefix.
    fn upload(&self, name: &str) -> Answer<UploadId> {
        Ok(format!("upload:{}", self.text(name)?).parse()?)
    }

    /// An instant.
    fn time(&self, name: &str) -> Answer<Timestamp> {
        self.number(name).map(Timestamp::from_millis)
    }

    /// An instant that may be null.
    fn optional_time(&self, name: &str) -> Answer<Option<Timestamp>> {
        Ok(self.optional_number(name)?.map(Timestamp::from_millis))
    }

    /// A number that is never negative.
    fn unsigned<T: TryFrom<i64>>(&self, name: &str) -> Answer<T> {
        let number = self.number(name)?;
        T::try_from(number).map_err(|_| unreadable(name, &number.to_string()))
    }

    /// A number that is never negative and may be null.
    fn optional_unsigned<T: TryFrom<i64>>(&self, name: &str) -> Answer<Option<T>> {
        let number = self.optional_number(name)?;
        number.map(|n| T::try_from(n).map_err(|_| unreadable(name, &n.to_string()))).transpose()
    }

    /// A BLAKE3 digest.
    fn digest(&self, name: &str) -> Answer<Digest> {
        self.optional_bytes32(name)?.map(Digest::from_bytes).ok_or_else(|| unreadable(name, "null"))
    }

    /// A BLAKE3 digest that may be null.
    fn optional_digest(&self, name: &str) -> Answer<Option<Digest>> {
        Ok(self.optional_bytes32(name)?.map(Digest::from_bytes))
    }

    /// The columns `width` and `height`.
    fn dimensions(&self) -> Answer<Option<Size>> {
        let sides = (self.optional_unsigned("width")?, self.optional_unsigned("height")?);
        Ok(if let (Some(width), Some(height)) = sides { Some(Size::new(width, height)) } else { None })
    }
}

fn unreadable(name: &str, value: &str) -> CatalogError {
    CatalogError::Unreadable(format!("column {name} is {value}"))
}

impl Columns for Row {
    fn text(&self, name: &str) -> Answer<String> {
        dialect::value(self, name)
    }

    fn optional_text(&self, name: &str) -> Answer<Option<String>> {
        dialect::value(self, name)
    }

    fn number(&self, name: &str) -> Answer<i64> {
        dialect::value(self, name)
    }

    fn optional_number(&self, name: &str) -> Answer<Option<i64>> {
        dialect::value(self, name)
    }

    fn optional_bytes32(&self, name: &str) -> Answer<Option<[u8; 32]>> {
        let bytes: Option<Vec<u8>> = dialect::value(self, name)?;
        bytes.map(|b| b.try_into().map_err(|_| unreadable(name, "not 32 bytes"))).transpose()
    }
}
