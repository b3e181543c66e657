//! The JSON of the upload calls, as far as this client reads it.

use serde::Deserialize;
use serde_json::Value;
use strongroom_core::id::UploadId;
use strongroom_core::upload::UploadState;

use crate::error::Refusal;
use crate::media::Media;
use crate::plan::AnnouncedPlan;

/// The answer to `init`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Opened {
    pub(crate) media_upload_id: UploadId,
    #[serde(flatten)]
    pub(crate) plan: AnnouncedPlan,
    /// There only where parts go to the server's bucket.
    pub(crate) direct_parts: Option<Value>,
}

/// The answer to a question about a session.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionState {
    pub(crate) state: UploadState,
    #[serde(flatten)]
    pub(crate) plan: Option<AnnouncedPlan>,
    #[serde(default)]
    pub(crate) is_direct: bool,
    #[serde(default)]
    pub(crate) received_parts: Vec<ReceivedPart>,
    pub(crate) media: Option<Media>,
}

/// A part that is on the server's stable storage.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReceivedPart {
    pub(crate) part_number: u32,
    pub(crate) size: u64,
}

/// The answer to `complete`, and what this client reads of the one to `check`.
#[derive(Debug, Deserialize)]
pub(crate) struct MaybeMedia {
    pub(crate) media: Option<Media>,
}

/// What this client needs of an answer to a PUT: that it was one. The digest at the end checks the bytes.
#[derive(Debug, Deserialize)]
pub(crate) struct Accepted {}

/// A run of part numbers, both ends included.
#[derive(Debug, Deserialize)]
pub(crate) struct MissingRange {
    pub(crate) from: u32,
    pub(crate) to: u32,
}

impl Refusal {
    /// Reads an error answer; one that is not the contract's JSON (a proxy's page, say) becomes its own message.
    pub(crate) fn read(status: u16, body: &[u8]) -> Self {
        let Ok(Value::Object(mut fields)) = serde_json::from_slice(body) else {
            let text = String::from_utf8_lossy(body);
            let first_line: String = text.trim().lines().next().unwrap_or_default().chars().take(200).collect();
            let message =
                if first_line.is_empty() { "the server refused without a word".to_owned() } else { first_line };
            return Self { status, message, ..Self::default() };
        };
        let mut text = |name: &str| match fields.remove(name) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        };
        let message = text("message").or_else(|| text("error")).unwrap_or_else(|| "the server refused".to_owned());
        let code = text("code").or_else(|| text("type")).unwrap_or_default();
        let request_id = text("requestId");
        let details = fields.remove("details").unwrap_or_default();
        Self { status, code, message, request_id, details, retry_after: None }
    }

    /// The parts that `UPLOAD_INCOMPLETE` names; `None` for any other refusal.
    pub(crate) fn missing_parts(&self) -> Option<Vec<MissingRange>> {
        let ranges = self.details.get("missingParts").cloned().unwrap_or_default();
        (self.code == "UPLOAD_INCOMPLETE").then(|| serde_json::from_value(ranges).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_the_servers_words() {
        let body = br#"{"error":"Conflict","message":"2 parts are missing","type":"UPLOAD_INCOMPLETE",
            "code":"UPLOAD_INCOMPLETE","requestId":"req_1","details":{"missingParts":[{"from":2,"to":3}]}}"#;
        let refusal = Refusal::read(409, body);
        assert_eq!(refusal.to_string(), "2 parts are missing (409 UPLOAD_INCOMPLETE, request req_1)");
        assert!(matches!(refusal.missing_parts().as_deref(), Some([MissingRange { from: 2, to: 3 }])));
    }

    #[test]
    fn a_proxys_page_is_shortened() {
        let refusal = Refusal::read(413, b"\n<html>Too large\nmore");
        assert_eq!(refusal.to_string(), "<html>Too large (413)");
        assert!(refusal.missing_parts().is_none());
    }
}
