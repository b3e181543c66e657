//! A stored media as JSON.

use std::collections::BTreeMap;

use serde::Serialize;
use strongroom_catalog::records::{Rendition, StoredMedia};
use strongroom_core::media::{MediaStatus, MediaType};
use strongroom_core::rendition::RenditionName;
use strongroom_core::settings::Settings;
use utoipa::ToSchema;

use crate::app::App;
use crate::delivery::urls::Signer;
use crate::http::media_view::seconds;

/// A stored media.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StoredMedia)]
pub(crate) struct Item {
    /// Its id.
    id: String,
    /// What it is; a moving picture is a `video`.
    #[schema(value_type = ItemType)]
    r#type: &'static str,
    /// Length in seconds; 0 where it has none, or none that is known yet. A number in any case: the published client's
    /// model has no other.
    duration: f64,
    /// Its variants, by their labels: `full`, `preview`, `thumb`, `720p`, `240p`. Empty where it failed.
    media: BTreeMap<&'static str, Variant>,
}

/// One file of a stored media.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Variant {
    /// Its id.
    id: String,
    /// How far it is.
    #[schema(value_type = VariantStatus, example = "stored")]
    status: &'static str,
    /// Its label.
    quality: &'static str,
    /// Its bytes; the original's while it is pending.
    size_bytes: u64,
    /// Its media type.
    content_type: &'static str,
    /// Where it came from.
    #[schema(value_type = VariantSource)]
    source: &'static str,
    /// How often it was fetched. Counted in memory and written every few seconds.
    access_count: u64,
    /// When its media was made, in milliseconds since 1970.
    created_at: i64,
    /// Until when a URL handed out now is good.
    expires_at: i64,
    /// When it was stored.
    stored_at: Option<i64>,
    /// When it was fetched last; when it was stored or made where it never was.
    last_accessed_at: i64,
    /// Where it is fetched. Absent where there is nothing to fetch yet or any more, and without the consent that it needs.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

/// What a stored media is.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "lowercase")]
#[allow(dead_code, reason = "for the OpenAPI document")]
enum ItemType {
    Image,
    Video,
    Audio,
}

/// How far a variant is. `edge_only` and `storing` do not happen here: everything is stored at once.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "snake_case")]
#[allow(dead_code, reason = "for the OpenAPI document")]
enum VariantStatus {
    EdgeOnly,
    Pending,
    Storing,
    Stored,
    Removed,
}

/// Where a variant came from. Here always the vault.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "lowercase")]
#[allow(dead_code, reason = "for the OpenAPI document")]
enum VariantSource {
    Vault,
    Messages,
    Posts,
    Stories,
}

impl Item {
    pub(super) fn of(app: &App, settings: &Settings, stored: &StoredMedia) -> Self {
        let media = &stored.media;
        let now = app.clock.now();
        let may_view = settings.policy().allows(media.consent(now)) && stored.media.deleted_at.is_none();
        let maker = Maker { stored, signer: app.urls.signer(settings, media, now), may_view };
        Self {
            id: media.id.to_string(),
            r#type: match media.media_type {
                MediaType::Photo => "image",
                MediaType::Video | MediaType::Gif => "video",
                MediaType::Audio => "audio",
            },
            duration: media.duration_ms.map_or(0.0, seconds),
            media: maker.variants(),
        }
    }
}

/// Makes the variants of one media.
struct Maker<'a> {
    stored: &'a StoredMedia,
    signer: Signer<'a>,
    may_view: bool,
}

impl Maker<'_> {
    fn variants(&self) -> BTreeMap<&'static str, Variant> {
        use RenditionName::{Full, Preview, Thumb, Video240, Video720};
        if self.stored.media.status == MediaStatus::Processing {
            return BTreeMap::from([("full", self.pending())]);
        }
        // As in a media's `files`: a film's best MP4 is its `full` too.
        let labels: [(&str, &[RenditionName]); 5] = [
            ("full", &[Full, Video720, Video240]),
            ("preview", &[Preview]),
            ("thumb", &[Thumb]),
            ("720p", &[Video720]),
            ("240p", &[Video240]),
        ];
        let variant = |(label, names): (&'static str, &[RenditionName])| {
            let rendition = names.iter().find_map(|name| self.rendition(*name))?;
            Some((label, self.variant(label, rendition)))
        };
        labels.into_iter().filter_map(variant).collect()
    }

    fn rendition(&self, name: RenditionName) -> Option<&Rendition> {
        self.stored.media.renditions.iter().find(|rendition| rendition.name == name)
    }

    fn variant(&self, label: &'static str, rendition: &Rendition) -> Variant {
        let fetches = self.stored.fetches.iter().find(|fetches| fetches.name == rendition.name);
        let media = &self.stored.media;
        let since = self.stored.stored_at.unwrap_or(media.created_at);
        Variant {
            status: if self.stored.media.deleted_at.is_some() { "removed" } else { "stored" },
            size_bytes: rendition.size_bytes,
            content_type: rendition.format.content_type(),
            access_count: fetches.map_or(0, |fetches| fetches.total),
            stored_at: Some(since.as_millis()),
            last_accessed_at: fetches.map_or(since, |fetches| fetches.last_at).as_millis(),
            url: self.may_view.then(|| self.signer.url(rendition)),
            ..self.pending_as(label)
        }
    }

    /// What stands for a media that is still processed.
    fn pending(&self) -> Variant {
        let status = if self.stored.media.deleted_at.is_some() { "removed" } else { "pending" };
        Variant { status, ..self.pending_as("full") }
    }

    fn pending_as(&self, label: &'static str) -> Variant {
        let media = &self.stored.media;
        Variant {
            id: format!("{}-{label}", media.id),
            status: "pending",
            quality: label,
            size_bytes: media.size_bytes,
            content_type: media.format.map_or("application/octet-stream", |format| format.content_type()),
            source: "vault",
            access_count: 0,
            created_at: media.created_at.as_millis(),
            expires_at: self.signer.expires().as_millis(),
            stored_at: None,
            last_accessed_at: media.created_at.as_millis(),
            url: None,
        }
    }
}
