//! Consent gates delivery: the one place that refuses bytes for want of it.

use strongroom_core::release_form::Consent;
use strongroom_core::settings::Settings;

use crate::problem::{Kind, Problem};

/// Refuses what the policy of its connection withholds.
pub(crate) fn withheld(settings: &Settings, consent: Consent) -> Result<(), Problem> {
    if settings.policy().allows(consent) {
        return Ok(());
    }
    let why = match consent {
        Consent::Granted | Consent::Missing => "no release form for this media is active",
        Consent::Expired => "a release form for this media has expired",
        Consent::Revoked => "a release form for this media was revoked",
    };
    Err(Problem::new(Kind::ReleaseFormRequired, format!("{why}; it is shown again once consent is given")))
}
