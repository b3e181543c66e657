//! Why a request to the object store did not do what it should, and what that means for the caller.

use http::StatusCode;
use serde::Deserialize;

use crate::error::StoreError;

/// A request that was refused, or that has no answer.
#[derive(Debug)]
pub(crate) struct Failure {
    /// `None` where there is no answer: then what was asked for may have happened.
    status: Option<StatusCode>,
    /// S3's name of the error, where it gave one.
    code: String,
    text: String,
}

/// S3's error document.
#[derive(Deserialize)]
struct Document {
    #[serde(rename = "Code", default)]
    code: String,
    #[serde(rename = "Message", default)]
    message: String,
}

impl Failure {
    /// Nothing was answered, or not all of it.
    pub(crate) fn silent(text: impl std::fmt::Display) -> Self {
        Self { status: None, code: String::new(), text: text.to_string() }
    }

    /// As [`Failure::silent`], with all that reqwest knows: its own text says only that sending failed. Not the URL, which
    /// may be signed.
    pub(crate) fn of_request(error: reqwest::Error) -> Self {
        let error = error.without_url();
        let mut text = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(source) = cause {
            text.push_str(": ");
            text.push_str(&source.to_string());
            cause = source.source();
        }
        Self::silent(text)
    }

    /// What an answer other than success says.
    pub(crate) fn refused(status: StatusCode, body: &[u8]) -> Self {
        let body = String::from_utf8_lossy(body);
        let document = quick_xml::de::from_str::<Document>(&body).ok().filter(|document| !document.code.is_empty());
        let (code, message) = document.map_or_else(Default::default, |document| (document.code, document.message));
        let text = format!("{} {code}: {message}", status.as_u16());
        Self { status: Some(status), code, text }
    }

    pub(crate) fn is(&self, code: &str) -> bool {
        self.code == code
    }

    pub(crate) fn is_not_found(&self) -> bool {
        self.status == Some(StatusCode::NOT_FOUND)
    }

    /// Whether the same request may succeed in a moment.
    pub(crate) fn is_passing(&self) -> bool {
        let Some(status) = self.status else { return true };
        let is_passing_status = matches!(status.as_u16(), 408 | 425 | 429 | 500 | 502 | 503 | 504);
        is_passing_status
            || matches!(
                self.code.as_str(),
                "SlowDown" | "InternalError" | "ServiceUnavailable" | "RequestTimeout" | "OperationAborted"
            )
    }

    /// Whether there is no room: AWS has no such answer, the others have one each.
    fn is_full(&self) -> bool {
        let code = self.code.to_ascii_lowercase();
        self.status == Some(StatusCode::INSUFFICIENT_STORAGE)
            || code.contains("quota")
            || code.contains("storagefull")
            // Garage: 403 Forbidden with a message that names the quota.
            || (self.status == Some(StatusCode::FORBIDDEN) && self.text.contains("quota"))
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        if failure.is_full() {
            return Self::Full;
        }
        if failure.is_passing() {
            return Self::Busy(failure.text);
        }
        let hint = match failure.code.as_str() {
            "NoSuchBucket" => "; there is no such bucket",
            "NoSuchUpload" => return Self::Sealed,
            "InvalidAccessKeyId" => "; the access key is not known there",
            "SignatureDoesNotMatch" => "; the secret is not that of the access key, or the region is another",
            "AccessDenied" => "; the access key may not do that",
            "RequestTimeTooSkewed" => "; the clocks of this machine and of the object store differ",
            "PermanentRedirect" | "AuthorizationHeaderMalformed" => "; the bucket is in another region",
            _ if failure.is_not_found() => return Self::Missing,
            _ => "",
        };
        Self::Io(format!("the object store refused: {}{hint}", failure.text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, code: &str) -> StoreError {
        let body = format!("<?xml version=\"1.0\"?>\n<Error><Code>{code}</Code><Message>m</Message><X/></Error>");
        Failure::refused(StatusCode::from_u16(status).unwrap(), body.as_bytes()).into()
    }

    #[test]
    fn refusals_are_decisions() {
        assert!(matches!(refused(404, "NoSuchKey"), StoreError::Missing));
        assert!(matches!(refused(404, "NoSuchUpload"), StoreError::Sealed));
        assert!(matches!(refused(503, "SlowDown"), StoreError::Busy(_)));
        assert!(matches!(refused(200, "InternalError"), StoreError::Busy(_)));
        assert!(matches!(refused(507, "XMinioStorageFull"), StoreError::Full));
        assert!(matches!(refused(403, "QuotaExceeded"), StoreError::Full));
        for (status, code, hint) in [
            (404, "NoSuchBucket", "no such bucket"),
            (403, "SignatureDoesNotMatch", "secret"),
            (403, "RequestTimeTooSkewed", "clocks"),
        ] {
            let StoreError::Io(text) = refused(status, code) else { panic!("{code} is no decision") };
            assert!(text.contains(hint), "{text}");
        }
    }

    #[test]
    fn answers_without_a_document_are_understood() {
        let head = |status| StoreError::from(Failure::refused(StatusCode::from_u16(status).unwrap(), b""));
        assert!(matches!(head(404), StoreError::Missing));
        assert!(matches!(head(502), StoreError::Busy(_)));
        assert!(matches!(head(403), StoreError::Io(_)));
        assert!(matches!(StoreError::from(Failure::silent("reset")), StoreError::Busy(_)));
    }
}
