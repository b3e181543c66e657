//! The media that an upload became, as the server describes it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A media, kept as the JSON the server sent, so that printing it loses nothing this crate does not know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Media(Value);

impl Media {
    /// The media's number; `None` if the server sent none.
    #[must_use]
    pub fn id(&self) -> Option<i64> {
        self.0.get("id").and_then(Value::as_i64)
    }

    /// True once every rendition can be fetched.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.flag("isReady")
    }

    /// True if no media could be made of the bytes.
    #[must_use]
    pub fn has_error(&self) -> bool {
        self.flag("hasError")
    }

    /// True once nothing more will happen: ready, or failed.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.is_ready() || self.has_error()
    }

    /// `processing`, `playable`, `ready` or `error`.
    #[must_use]
    pub fn status(&self) -> &str {
        let derived = match (self.has_error(), self.is_ready()) {
            (true, _) => "error",
            (false, true) => "ready",
            (false, false) => "processing",
        };
        self.text("/status").unwrap_or(derived)
    }

    /// The BLAKE3 of the original in hex, without the quotes of an entity tag.
    #[must_use]
    pub fn etag(&self) -> Option<&str> {
        self.text("/etag").map(|etag| etag.trim_start_matches("W/").trim_matches('"'))
    }

    /// Why no media could be made of the bytes, for people.
    #[must_use]
    pub fn error_message(&self) -> Option<&str> {
        self.text("/error/message")
    }

    /// Where each rendition is, by its name in the contract, in a fixed order.
    #[must_use]
    pub fn urls(&self) -> Vec<(&'static str, &str)> {
        const PLACES: [(&str, &str); 6] = [
            ("full", "/files/full/url"),
            ("preview", "/files/preview/url"),
            ("squarePreview", "/files/squarePreview/url"),
            ("thumb", "/files/thumb/url"),
            ("720", "/videoSources/720"),
            ("240", "/videoSources/240"),
        ];
        PLACES.into_iter().filter_map(|(name, place)| Some((name, self.text(place)?))).collect()
    }

    /// The JSON as it came.
    #[must_use]
    pub fn as_json(&self) -> &Value {
        &self.0
    }

    fn flag(&self, name: &str) -> bool {
        self.0.get(name).and_then(Value::as_bool).unwrap_or_default()
    }

    fn text(&self, pointer: &str) -> Option<&str> {
        self.0.pointer(pointer).and_then(Value::as_str)
    }
}

impl From<Value> for Media {
    fn from(json: Value) -> Self {
        Self(json)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_what_the_contract_says() {
        let media = Media::from(json!({
            "id": 42, "isReady": true, "hasError": false, "etag": "\"ab12\"", "status": "ready",
            "files": {"full": {"url": "u1"}, "thumb": {"url": "u2"}}, "videoSources": {"720": "u3", "240": null},
        }));
        assert_eq!((media.id(), media.etag(), media.status()), (Some(42), Some("ab12"), "ready"));
        assert_eq!(media.urls(), [("full", "u1"), ("thumb", "u2"), ("720", "u3")]);
        assert!(media.is_settled());
    }

    #[test]
    fn is_calm_about_what_is_missing() {
        let media = Media::from(json!({"hasError": true, "error": {"message": "not a media"}}));
        assert_eq!((media.id(), media.etag(), media.status()), (None, None, "error"));
        assert_eq!(media.error_message(), Some("not a media"));
    }
}
