//! Lists as JSON.

use serde::Serialize;
use strongroom_catalog::records::{Connection, ListName, Media, VaultList, VaultOverview};
use strongroom_core::list::ListType;
use strongroom_core::media::{MediaStatus, MediaType};
use strongroom_core::rendition::RenditionName;
use utoipa::ToSchema;

use crate::app::App;

/// A list, as a media on it names it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListRef {
    /// Its id.
    id: i64,
    /// What kind of list it is; people make `custom` ones.
    r#type: &'static str,
    /// Its name.
    name: String,
}

/// A list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VaultListView {
    /// Its id, below a million.
    id: i64,
    /// What kind of list it is; people make `custom` ones.
    r#type: &'static str,
    /// Its name.
    name: String,
    /// Whether media are on it.
    has_media: bool,
    /// Whether it can be renamed.
    can_update: bool,
    /// Whether it can be deleted.
    can_delete: bool,
    /// The newest few of its media.
    medias: Vec<Cover>,
}

/// The vault as a whole.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VaultAll {
    /// How many photos there are.
    photos_count: i64,
    /// How many videos there are.
    videos_count: i64,
    /// How many GIFs there are.
    gifs_count: i64,
    /// How many sounds there are.
    audios_count: i64,
    /// The newest few.
    medias: Vec<Cover>,
}

/// A media that stands for a list.
#[derive(Debug, Serialize, ToSchema)]
struct Cover {
    /// `photo`, `video`, `audio` or `gif`.
    r#type: &'static str,
    /// Its thumb, signed. Absent where there is none yet, and where consent is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

impl ListRef {
    pub(super) fn of(list: &ListName) -> Self {
        Self { id: list.id.number(), r#type: list.list_type.as_str(), name: list.name.clone() }
    }
}

impl VaultListView {
    pub(super) fn of(app: &App, connection: &Connection, list: &VaultList) -> Self {
        let is_custom = list.name.list_type == ListType::Custom;
        Self {
            id: list.name.id.number(),
            r#type: list.name.list_type.as_str(),
            name: list.name.name.clone(),
            has_media: !list.covers.is_empty(),
            can_update: is_custom,
            can_delete: is_custom,
            medias: covers(app, connection, &list.covers),
        }
    }
}

impl VaultAll {
    pub(super) fn of(app: &App, connection: &Connection, vault: &VaultOverview) -> Self {
        let total = |of: MediaType| vault.totals.iter().filter(|(known, _)| *known == of).map(|(_, total)| total).sum();
        Self {
            photos_count: total(MediaType::Photo),
            videos_count: total(MediaType::Video),
            gifs_count: total(MediaType::Gif),
            audios_count: total(MediaType::Audio),
            medias: covers(app, connection, &vault.covers),
        }
    }
}

fn covers(app: &App, connection: &Connection, media: &[Media]) -> Vec<Cover> {
    media.iter().map(|media| Cover::of(app, connection, media)).collect()
}

impl Cover {
    fn of(app: &App, connection: &Connection, media: &Media) -> Self {
        let now = app.clock.now();
        let may_show = connection.settings.policy().allows(media.consent(now))
            && matches!(media.status, MediaStatus::Ready | MediaStatus::Playable);
        let thumb = media.renditions.iter().find(|rendition| may_show && rendition.name == RenditionName::Thumb);
        let url = thumb.map(|thumb| app.urls.signer(&connection.settings, media, now).url(thumb));
        Self { r#type: media.media_type.as_str(), url }
    }
}
