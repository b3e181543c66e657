//! Every refusal and failure that a client can meet: its status, its type, its public text. The private text goes to the
//! log and nowhere else.
//!
//! The point of an error is in its message, since some clients drop everything but that: it names the field, the value and
//! what was expected.

use serde_json::{Value, json};
use strongroom_catalog::CatalogError;
use strongroom_catalog::records::{Refused, Shortfall};
use strongroom_core::id::Malformed;
use strongroom_store::StoreError;

use crate::telemetry;

/// The type of an error, as its `type` and `code` say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    BadRequest,
    PartLengthMismatch,
    PartDigestMismatch,
    Unauthorized,
    SessionNotProvided,
    SessionExpired,
    Forbidden,
    SignatureInvalid,
    UrlExpired,
    ReleaseFormRequired,
    NotFound,
    RouteNotFound,
    MethodNotAllowed,
    RequestTimeout,
    UploadIncomplete,
    UploadClosed,
    UploadDirect,
    UploadExpired,
    UploadAborted,
    LengthRequired,
    TooLarge,
    QuotaExceeded,
    UnsupportedMediaType,
    RangeNotSatisfiable,
    FileDigestMismatch,
    RateLimited,
    Internal,
    StorageUnavailable,
}

impl Kind {
    /// Status and type.
    pub(crate) const fn wire(self) -> (u16, &'static str) {
        match self {
            Self::BadRequest => (400, "BAD_REQUEST"),
            Self::PartLengthMismatch => (400, "PART_LENGTH_MISMATCH"),
            Self::PartDigestMismatch => (400, "DIGEST_MISMATCH"),
            Self::Unauthorized => (401, "UNAUTHORIZED"),
            Self::SessionNotProvided => (401, "SESSION_NOT_PROVIDED"),
            Self::SessionExpired => (401, "SESSION_EXPIRED"),
            Self::Forbidden => (403, "FORBIDDEN"),
            Self::SignatureInvalid => (403, "SIGNATURE_INVALID"),
            Self::UrlExpired => (403, "URL_EXPIRED"),
            Self::ReleaseFormRequired => (403, "RELEASE_FORM_REQUIRED"),
            Self::NotFound => (404, "RESOURCE_NOT_FOUND"),
            Self::RouteNotFound => (404, "ROUTE_NOT_FOUND"),
            Self::MethodNotAllowed => (405, "METHOD_NOT_ALLOWED"),
            Self::RequestTimeout => (408, "REQUEST_TIMEOUT"),
            Self::UploadIncomplete => (409, "UPLOAD_INCOMPLETE"),
            Self::UploadClosed => (409, "UPLOAD_CLOSED"),
            Self::UploadDirect => (409, "UPLOAD_DIRECT"),
            Self::UploadExpired => (410, "UPLOAD_EXPIRED"),
            Self::UploadAborted => (410, "UPLOAD_ABORTED"),
            Self::LengthRequired => (411, "LENGTH_REQUIRED"),
            Self::TooLarge => (413, "TOO_LARGE"),
            Self::QuotaExceeded => (413, "QUOTA_EXCEEDED"),
            Self::UnsupportedMediaType => (415, "UNSUPPORTED_MEDIA_TYPE"),
            Self::RangeNotSatisfiable => (416, "RANGE_NOT_SATISFIABLE"),
            Self::FileDigestMismatch => (422, "DIGEST_MISMATCH"),
            Self::RateLimited => (429, "RATE_LIMIT_EXCEEDED"),
            Self::Internal => (500, "INTERNAL_ERROR"),
            Self::StorageUnavailable => (503, "STORAGE_UNAVAILABLE"),
        }
    }
}

/// One refusal or failure.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) kind: Kind,
    pub(crate) message: String,
    pub(crate) details: Option<Value>,
    /// For the log only.
    pub(crate) private: Option<String>,
    /// When to come back, where that is known.
    pub(crate) retry_after_seconds: Option<u32>,
}

impl Problem {
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), details: None, private: None, retry_after_seconds: None }
    }

    /// A 400 about one field: what it was, and what it should have been.
    pub(crate) fn field(name: &str, value: &str, expected: &str) -> Self {
        let value: String = value.chars().take(80).collect();
        Self::new(Kind::BadRequest, format!("{name}: `{value}` is not {expected}"))
            .with_details(json!({ "field": name, "value": value, "expected": expected }))
    }

    /// A 400 about a field that is required.
    pub(crate) fn missing(name: &str) -> Self {
        Self::new(Kind::BadRequest, format!("{name}: missing, but required"))
            .with_details(json!({ "field": name, "value": null, "expected": "a value" }))
    }

    /// A 400 about one field that could not be read as a word of the core.
    pub(crate) fn malformed(name: &str, malformed: &Malformed) -> Self {
        Self::field(name, &malformed.value, malformed.expected)
    }

    /// A 404: unknown, or another connection's; the two are not told apart.
    pub(crate) fn not_found(what: &str, id: &str) -> Self {
        let id: String = id.chars().take(80).collect();
        Self::new(Kind::NotFound, format!("there is no {what} {id}"))
    }

    pub(crate) fn with_details(mut self, details: Value) -> Self {
        self.details = Some(details);
        self
    }

    fn private(kind: Kind, message: &str, private: String) -> Self {
        Self { private: Some(private), ..Self::new(kind, message) }
    }

    /// A fault of ours.
    pub(crate) fn internal(private: impl Into<String>) -> Self {
        Self::private(
            Kind::Internal,
            "something went wrong here; the request id finds it in the server's log",
            private.into(),
        )
    }

    /// What a client does about it: come back after this many seconds.
    pub(crate) const fn retry_after_seconds(&self) -> Option<u32> {
        match self.kind {
            Kind::StorageUnavailable => Some(5),
            _ => self.retry_after_seconds,
        }
    }
}

const FULL: &str = "the server's disk is full; nothing that was acknowledged is lost, try again later";
const UNAVAILABLE: &str = "the server's storage does not answer right now; nothing that was acknowledged is lost";

impl From<CatalogError> for Problem {
    fn from(error: CatalogError) -> Self {
        telemetry::catalog_failed(&error);
        let private = error.to_string();
        match error {
            CatalogError::OverQuota(shortfall) => over_quota(shortfall),
            CatalogError::Text => Self::new(
                Kind::BadRequest,
                "a text in this request holds the character U+0000, which cannot be kept; leave it out",
            ),
            CatalogError::Full => Self::private(Kind::StorageUnavailable, FULL, private),
            CatalogError::Unavailable(_) | CatalogError::Contended(_) => {
                Self::private(Kind::StorageUnavailable, UNAVAILABLE, private)
            }
            CatalogError::Unreadable(_) => Self::internal(private),
        }
    }
}

fn over_quota(shortfall: Shortfall) -> Problem {
    let Shortfall { limit, used, reserved, requested } = shortfall;
    let message = format!(
        "the quota of this connection is {limit} bytes: {used} are stored and {reserved} promised to other uploads, so \
         {requested} more do not fit"
    );
    let details = json!({ "limit": limit, "used": used, "reserved": reserved, "requested": requested });
    Problem::new(Kind::QuotaExceeded, message).with_details(details)
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Form(id) => Self::not_found("release form", &id.to_string()),
            Refused::Person(id) => Self::not_found("tagged friend user", &id.to_string()),
            Refused::Media(named) => Self::not_found("media", &named),
            Refused::NeverValid => Self::new(Kind::BadRequest, "expiresAt: must be later than validFrom"),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        telemetry::store_failed(&error);
        let text = error.to_string();
        match error {
            StoreError::TooLong { .. } | StoreError::TooShort { .. } => Self::new(Kind::PartLengthMismatch, text),
            StoreError::Digest(_) => Self::new(Kind::PartDigestMismatch, text),
            StoreError::Sealed => {
                Self::new(Kind::UploadClosed, "the upload is being completed or aborted; it takes no parts")
            }
            StoreError::Full => Self::private(Kind::StorageUnavailable, FULL, text),
            StoreError::Io(_) | StoreError::Busy(_) => Self::private(Kind::StorageUnavailable, UNAVAILABLE, text),
            StoreError::Missing => Self::internal("the store has no bytes for a row that names them"),
        }
    }
}
