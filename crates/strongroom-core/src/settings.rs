//! What an organisation and each of its connections may set for themselves.

use crate::release_form::ConsentPolicy;

/// Settings; what is `None` is inherited: a connection's from its organisation, an organisation's from the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    /// What becomes of media without consent.
    pub consent_policy: Option<ConsentPolicy>,
    /// How many bytes a connection may keep. No limit where nobody sets one.
    pub quota_bytes: Option<u64>,
    /// How long deleted media can be restored.
    pub trash_retention_days: Option<u32>,
    /// How long a signed URL is good.
    pub delivery_ttl_seconds: Option<u32>,
    /// Web origins whose pages may read delivered media.
    pub cors_origins: Option<Vec<String>>,
}

impl Settings {
    /// These, and where they are silent, `inherited`.
    #[must_use]
    pub fn or(self, inherited: Self) -> Self {
        Self {
            consent_policy: self.consent_policy.or(inherited.consent_policy),
            quota_bytes: self.quota_bytes.or(inherited.quota_bytes),
            trash_retention_days: self.trash_retention_days.or(inherited.trash_retention_days),
            delivery_ttl_seconds: self.delivery_ttl_seconds.or(inherited.delivery_ttl_seconds),
            cors_origins: self.cors_origins.or(inherited.cors_origins),
        }
    }

    /// The consent policy that holds.
    #[must_use]
    pub fn policy(&self) -> ConsentPolicy {
        self.consent_policy.unwrap_or(ConsentPolicy::Off)
    }
}
