//! Release forms as JSON.

use serde::Serialize;
use strongroom_catalog::records::{AttachedForm, PersonName};
use strongroom_core::rendition::{RenditionFormat, RenditionName};
use strongroom_core::settings::Settings;
use utoipa::ToSchema;

use crate::app::App;

/// A release form, as a media that it is attached to shows it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReleaseFormRef {
    /// Its id.
    id: i64,
    /// What it is called.
    name: String,
    /// Where it comes from.
    partner_source: String,
    /// What kind of form it is.
    r#type: String,
    /// Whose consent it is, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<FormUser>,
}

/// Whose consent a form is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct FormUser {
    /// How much of them is shown.
    view: &'static str,
    /// Their id.
    id: i64,
    /// What they are called.
    name: String,
    /// The name of their account.
    username: String,
    /// Whether the operator has seen who they are.
    is_verified: bool,
    /// Their picture; empty where there is none.
    avatar: String,
    /// Their picture in small.
    avatar_thumbs: AvatarThumbs,
    /// How far their identity is verified.
    iv_status: String,
    /// Whether they have no account of their own.
    is_from_guest: bool,
}

/// A picture of someone, at most 50 and 144 pixels wide; empty where there is none.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(super) struct AvatarThumbs {
    /// 50 × 50.
    c50: String,
    /// 144 × 144.
    c144: String,
}

impl ReleaseFormRef {
    pub(super) fn of(app: &App, settings: &Settings, form: &AttachedForm) -> Self {
        Self {
            id: form.id.number(),
            name: form.name.clone(),
            partner_source: form.partner_source.clone(),
            r#type: form.form_type.clone(),
            user: form.person.as_ref().map(|person| FormUser::of(app, settings, person)),
        }
    }
}

impl FormUser {
    fn of(app: &App, settings: &Settings, person: &PersonName) -> Self {
        let avatar = AvatarUrls::of(app, settings, person).unwrap_or_default();
        Self {
            view: "s",
            id: person.id.number(),
            name: person.name.clone(),
            username: person.username.clone(),
            is_verified: person.is_verified,
            avatar: avatar.whole,
            avatar_thumbs: avatar.thumbs,
            iv_status: person.iv_status.clone().unwrap_or_default(),
            is_from_guest: person.is_guest,
        }
    }
}

/// The signed URLs of someone's picture.
#[derive(Default)]
pub(super) struct AvatarUrls {
    /// The largest square, at most 960 pixels a side.
    pub(super) whole: String,
    pub(super) thumbs: AvatarThumbs,
}

impl AvatarUrls {
    pub(super) fn of(app: &App, settings: &Settings, person: &PersonName) -> Option<Self> {
        let signer = app.urls.signer_of_person(settings, person, app.clock.now());
        let url = |name| signer.url_of(name, RenditionFormat::Jpeg);
        person.has_avatar.then(|| Self {
            whole: url(RenditionName::SquarePreview),
            thumbs: AvatarThumbs { c50: url(RenditionName::Avatar50), c144: url(RenditionName::Avatar144) },
        })
    }
}
