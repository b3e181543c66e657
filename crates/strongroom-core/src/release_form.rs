//! Consent: what a release form is worth at a moment, and whether a media may be shown. The one place that decides it.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::id::{KeyId, Malformed};
use crate::text_enum::text_enum;

text_enum! {
    /// What a connection makes of missing consent.
    ConsentPolicy {
        /// Nothing.
        Off = "off",
        /// It says so on the media, and shows them.
        Warn = "warn",
        /// It shows nothing without consent.
        Require = "require",
    }
}

text_enum! {
    /// What a release form is worth now.
    FormStatus {
        /// Nobody has approved it, or its time has not begun.
        Pending = "pending",
        /// It gives consent.
        Active = "active",
        /// It gives consent, for less than [`EXPIRING`] to come.
        Expiring = "expiring",
        /// Its time is over.
        Expired = "expired",
        /// It was withdrawn.
        Revoked = "revoked",
    }
}

text_enum! {
    /// What the release forms of a media come to.
    Consent {
        /// At least one gives consent, and none has lapsed.
        Granted = "granted",
        /// None gives consent yet.
        Missing = "missing",
        /// One has expired.
        Expired = "expired",
        /// One was revoked.
        Revoked = "revoked",
    }
}

text_enum! {
    /// What was done to a release form, as the audit log names it.
    FormAction {
        /// It was made.
        Created = "created",
        /// What it says was changed.
        Changed = "changed",
        /// A signed document was added.
        DocumentAdded = "document_added",
        /// It was approved.
        Approved = "approved",
        /// It was revoked.
        Revoked = "revoked",
        /// Its time ended.
        Expired = "expired",
        /// It was attached to media.
        Attached = "attached",
        /// It was taken off media.
        Detached = "detached",
        /// It was deleted; its rows in the log stay.
        Deleted = "deleted",
    }
}

/// Who did something to a release form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Whoever holds this key.
    Key(KeyId),
    /// Strongroom itself, when a form's time ended.
    System,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => key.fmt(f),
            Self::System => f.write_str("system"),
        }
    }
}

impl FromStr for Actor {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        if text == "system" { Ok(Self::System) } else { text.parse().map(Self::Key) }
    }
}

/// How long before its end a form is said to be expiring.
pub const EXPIRING: Duration = Duration::from_secs(30 * 24 * 3600);

/// The times that a form's status follows from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Validity {
    /// When it was approved last, if it was.
    pub approved_at: Option<Timestamp>,
    /// When it was revoked, if it was and was not approved since.
    pub revoked_at: Option<Timestamp>,
    /// From when on it gives consent; at once unless given.
    pub valid_from: Option<Timestamp>,
    /// Until when it gives consent; for ever unless given.
    pub expires_at: Option<Timestamp>,
}

impl Validity {
    /// What the form is worth at `now`.
    #[must_use]
    pub fn status(&self, now: Timestamp) -> FormStatus {
        let is_over = |at: Timestamp| at <= now;
        if self.revoked_at.is_some() {
            FormStatus::Revoked
        } else if self.expires_at.is_some_and(is_over) {
            FormStatus::Expired
        } else if self.approved_at.is_none() || !self.valid_from.is_none_or(is_over) {
            FormStatus::Pending
        } else if self.expires_at.is_some_and(|end| end <= now.after(EXPIRING)) {
            FormStatus::Expiring
        } else {
            FormStatus::Active
        }
    }
}

impl FormStatus {
    /// Whether it gives consent.
    #[must_use]
    pub const fn is_active(self) -> bool {
        matches!(self, Self::Active | Self::Expiring)
    }
}

impl Consent {
    /// What the forms of a media come to. One that lapsed outweighs all others: whoever withdrew is still in the picture.
    #[must_use]
    pub fn of(forms: impl IntoIterator<Item = FormStatus>) -> Self {
        let worth = |status| match status {
            FormStatus::Pending => Self::Missing,
            FormStatus::Active | FormStatus::Expiring => Self::Granted,
            FormStatus::Expired => Self::Expired,
            FormStatus::Revoked => Self::Revoked,
        };
        let weight = |consent: &Self| match consent {
            Self::Missing => 0,
            Self::Granted => 1,
            Self::Expired => 2,
            Self::Revoked => 3,
        };
        forms.into_iter().map(worth).max_by_key(weight).unwrap_or(Self::Missing)
    }
}

impl ConsentPolicy {
    /// Whether a media may be shown.
    #[must_use]
    pub fn allows(self, consent: Consent) -> bool {
        self != Self::Require || consent == Consent::Granted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 3600);

    fn day(number: u32) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000).after(DAY * number)
    }

    #[test]
    fn a_forms_status_follows_from_its_times() {
        let approved = Validity { approved_at: Some(day(1)), ..Validity::default() };
        let limited = Validity { valid_from: Some(day(10)), expires_at: Some(day(100)), ..approved };
        for (validity, now, status) in [
            (Validity::default(), day(5), FormStatus::Pending),
            (approved, day(5), FormStatus::Active),
            (limited, day(9), FormStatus::Pending),
            (limited, day(10), FormStatus::Active),
            (limited, day(69), FormStatus::Active),
            (limited, day(70), FormStatus::Expiring),
            (limited, day(99), FormStatus::Expiring),
            (limited, day(100), FormStatus::Expired),
            (Validity { approved_at: None, ..limited }, day(100), FormStatus::Expired),
            (Validity { revoked_at: Some(day(2)), ..limited }, day(50), FormStatus::Revoked),
            (Validity { revoked_at: Some(day(2)), ..limited }, day(200), FormStatus::Revoked),
        ] {
            assert_eq!(validity.status(now), status, "{validity:?} at {now:?}");
        }
    }

    #[test]
    fn one_lapsed_form_outweighs_all_others() {
        use FormStatus::{Active, Expired, Expiring, Pending, Revoked};
        for (forms, consent) in [
            (&[][..], Consent::Missing),
            (&[Pending], Consent::Missing),
            (&[Pending, Active], Consent::Granted),
            (&[Expiring], Consent::Granted),
            (&[Active, Expired], Consent::Expired),
            (&[Expired, Revoked, Active, Pending], Consent::Revoked),
        ] {
            assert_eq!(Consent::of(forms.iter().copied()), consent, "{forms:?}");
        }
    }

    #[test]
    fn only_require_withholds() {
        for consent in Consent::ALL.iter().copied() {
            assert!(ConsentPolicy::Off.allows(consent) && ConsentPolicy::Warn.allows(consent));
            assert_eq!(ConsentPolicy::Require.allows(consent), consent == Consent::Granted);
        }
    }
}
