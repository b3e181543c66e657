//! A person as JSON.

use serde::Serialize;
use strongroom_catalog::records::Person;
use strongroom_core::settings::Settings;
use utoipa::ToSchema;

use crate::app::App;
use crate::http::release_form_view::{AvatarThumbs, AvatarUrls};

/// Someone who is shown in media.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PersonView {
    /// Their id.
    id: i64,
    /// What kind of person.
    r#type: String,
    /// What they are called.
    name: String,
    /// Their account.
    user: UserView,
    /// How far their identity is verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    iv_status: Option<String>,
    /// Whether they have no account of their own.
    is_from_guest: bool,
    /// When they were entered.
    created_at: String,
}

/// Someone's account.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct UserView {
    /// The person's id.
    id: i64,
    /// What they are called.
    name: String,
    /// The name of their account.
    username: String,
    /// Whether the operator has seen who they are.
    is_verified: bool,
    /// Their picture; signed, expires.
    avatar: Option<String>,
    /// Their picture in small.
    #[serde(skip_serializing_if = "Option::is_none")]
    avatar_thumbs: Option<AvatarThumbs>,
    /// Whether lists leave them out of sight. For clients; nothing here follows from it.
    is_hidden: bool,
}

impl PersonView {
    pub(super) fn of(app: &App, settings: &Settings, person: &Person) -> Self {
        let (avatar, avatar_thumbs) = match AvatarUrls::of(app, settings, &person.to_name()) {
            Some(urls) => (Some(urls.whole), Some(urls.thumbs)),
            None => (None, None),
        };
        let facts = &person.facts;
        Self {
            id: person.id.number(),
            r#type: facts.person_type.clone(),
            name: facts.name.clone(),
            user: UserView {
                id: person.id.number(),
                name: facts.name.clone(),
                username: facts.username.clone(),
                is_verified: facts.is_verified,
                avatar,
                avatar_thumbs,
                is_hidden: facts.is_hidden,
            },
            iv_status: facts.iv_status.clone(),
            is_from_guest: facts.is_guest,
            created_at: person.created_at.to_rfc3339(),
        }
    }
}
