//! A release form as JSON.

use serde::Serialize;
use strongroom_catalog::records::{Document, Form};
use strongroom_core::clock::Timestamp;
use utoipa::ToSchema;

/// A release form.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FormView {
    /// Its id.
    id: i64,
    /// What kind of form it is.
    r#type: String,
    /// What it is called.
    name: String,
    /// Its number where it comes from.
    partner_id: Option<i64>,
    /// Where it comes from.
    partner_source: String,
    /// Its code where it comes from.
    code: Option<String>,
    /// `pending`, `active`, `expiring`, `expired` or `revoked`.
    status: Option<&'static str>,
    /// When it was made.
    created_at: String,
    /// When it was approved last.
    approved_at: Option<String>,
    /// When it changed last.
    last_changed_at: Option<String>,
    /// Whose consent it is.
    user_name: Option<String>,
    /// Whether it says whose.
    has_user: bool,
    /// Whether lists leave it out of sight. For clients; nothing here follows from it.
    is_hidden: bool,
    /// The person's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<i64>,
    /// From when on it gives consent.
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_from: Option<String>,
    /// Until when it gives consent.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    /// Since when consent is withdrawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at: Option<String>,
    /// What may be done with the media.
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<String>,
    /// The newest signed document.
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<DocumentView>,
}

/// A signed document.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct DocumentView {
    /// From 1; older ones are kept.
    version: u32,
    /// SHA-256 of its bytes, hexadecimal.
    sha256: String,
    /// What it is, told from its bytes.
    content_type: &'static str,
    /// Its bytes.
    size: u64,
    /// When it was added.
    created_at: String,
}

impl FormView {
    pub(super) fn of(form: &Form, now: Timestamp) -> Self {
        let terms = &form.terms;
        Self {
            id: form.id.number(),
            r#type: terms.form_type.clone(),
            name: terms.name.clone(),
            partner_id: terms.partner_id,
            partner_source: terms.partner_source.clone(),
            code: terms.code.clone(),
            status: Some(form.status(now).as_str()),
            created_at: form.created_at.to_rfc3339(),
            approved_at: form.approved_at.map(Timestamp::to_rfc3339),
            last_changed_at: Some(form.changed_at.to_rfc3339()),
            user_name: form.person_name.clone(),
            has_user: terms.person.is_some(),
            is_hidden: terms.is_hidden,
            user_id: terms.person.map(|person| person.number()),
            valid_from: terms.valid_from.map(Timestamp::to_rfc3339),
            expires_at: terms.expires_at.map(Timestamp::to_rfc3339),
            revoked_at: form.revoked_at.map(Timestamp::to_rfc3339),
            usage: terms.usage.clone(),
            document: form.document.as_ref().map(DocumentView::of),
        }
    }
}

impl DocumentView {
    fn of(document: &Document) -> Self {
        Self {
            version: document.version,
            sha256: hexadecimal(&document.sha256),
            content_type: document.kind.content_type(),
            size: document.size_bytes,
            created_at: document.created_at.to_rfc3339(),
        }
    }
}

/// A hash as everybody prints it.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
