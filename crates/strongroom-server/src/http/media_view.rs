//! A media as JSON, with the signed URLs of its renditions.

use serde::Serialize;
use strongroom_catalog::records::{Media, Rendition};
use strongroom_core::media::{Failure, MediaStatus, MediaType};
use strongroom_core::release_form::ConsentPolicy;
use strongroom_core::rendition::{RenditionFormat, RenditionName};
use strongroom_core::settings::Settings;
use utoipa::ToSchema;

use crate::app::App;
use crate::delivery::urls::Signer;
use crate::http::list_view::ListRef;
use crate::http::release_form_view::ReleaseFormRef;

/// A media.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MediaView {
    /// Its id.
    id: i64,
    /// `photo`, `video`, `audio` or `gif`.
    r#type: &'static str,
    /// Whether a moving picture is shown as a film.
    converted_to_video: bool,
    /// Whether it may be shown.
    can_view: bool,
    /// Whether it failed.
    has_error: bool,
    /// When it was made.
    created_at: String,
    /// Whether every rendition is there.
    is_ready: bool,
    /// The release forms attached to it.
    release_forms: Vec<ReleaseFormRef>,
    /// What they come to: `granted`, `missing`, `expired` or `revoked`. Absent where the policy is `off`.
    #[serde(skip_serializing_if = "Option::is_none")]
    consent: Option<&'static str>,
    /// Length in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    duration: Option<f64>,
    /// Whether its preview was chosen by hand.
    has_custom_preview: bool,
    /// A film in two sizes.
    #[serde(skip_serializing_if = "Option::is_none")]
    video_sources: Option<VideoSources>,
    /// Its renditions.
    #[serde(skip_serializing_if = "Option::is_none")]
    files: Option<Files>,
    /// `processing`, `playable`, `ready` or `error`.
    status: &'static str,
    /// How far it is, from 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<f64>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<FailureView>,
    /// The name given at init.
    filename: String,
    /// Bytes of the original.
    size: u64,
    /// BLAKE3 of the original, in quotes.
    etag: String,
    /// SHA-256 of the original, once it was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    /// Pixels from left to right, upright.
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    /// Pixels from top to bottom, upright.
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
}

/// A media in the vault.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VaultMediaView {
    #[serde(flatten)]
    media: MediaView,
    /// What viewers did.
    counters: Counters,
    /// The lists it is on.
    lists: Vec<ListRef>,
}

/// What viewers did.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Counters {
    /// How often it was liked.
    likes_count: i64,
    /// Sum of tips.
    tips_summ: i64,
}

/// A film in two sizes; null where there is none of that size.
#[derive(Debug, Serialize, ToSchema)]
struct VideoSources {
    /// Short side at most 240 pixels. None where the film is no larger than that.
    #[serde(rename = "240")]
    small: Option<String>,
    /// Short side at most 720 pixels.
    #[serde(rename = "720")]
    large: Option<String>,
}

/// Why a media failed.
#[derive(Debug, Serialize, ToSchema)]
struct FailureView {
    /// The class of failure.
    code: &'static str,
    /// A sentence for a person.
    message: String,
    /// Whether the same bytes may succeed at another time.
    retryable: bool,
}

/// A media's renditions.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Files {
    full: Full,
    #[serde(skip_serializing_if = "Option::is_none")]
    thumb: Option<File>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preview: Option<Preview>,
    #[serde(skip_serializing_if = "Option::is_none")]
    square_preview: Option<File>,
}

/// Full resolution.
#[derive(Debug, Serialize, ToSchema)]
struct Full {
    #[serde(flatten)]
    file: File,
    /// Other encodings of it.
    sources: Vec<Source>,
}

/// The preview.
#[derive(Debug, Serialize, ToSchema)]
struct Preview {
    #[serde(flatten)]
    file: File,
    /// Other encodings and sizes of it.
    options: Vec<Source>,
}

/// One rendition.
#[derive(Debug, Serialize, ToSchema)]
struct File {
    /// Signed; expires.
    url: String,
    /// Sound has no sides.
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
    /// Bytes.
    size: u64,
}

/// Another encoding or size of a rendition.
#[derive(Debug, Serialize, ToSchema)]
struct Source {
    /// Signed; expires.
    url: String,
    width: u32,
    height: u32,
    /// Its media type.
    r#type: &'static str,
    /// Bytes.
    size: u64,
}

impl MediaView {
    pub(super) fn of(app: &App, settings: &Settings, media: &Media) -> Self {
        let (policy, consent) = (settings.policy(), media.consent(app.clock.now()));
        let may_view = policy.allows(consent);
        let shown = Shown::of(app, settings, media, may_view);
        Self {
            id: media.id.number(),
            r#type: media.media_type.as_str(),
            converted_to_video: media.media_type == MediaType::Gif,
            can_view: may_view,
            has_error: media.status == MediaStatus::Error,
            created_at: media.created_at.to_rfc3339(),
            is_ready: media.status == MediaStatus::Ready,
            release_forms: media.release_forms.iter().map(|form| ReleaseFormRef::of(app, settings, form)).collect(),
            consent: (policy != ConsentPolicy::Off).then_some(consent.as_str()),
            duration: media.duration_ms.map(seconds),
            has_custom_preview: media.custom_preview.is_some(),
            files: shown.files(),
            video_sources: shown.video_sources(),
            status: media.status.as_str(),
            progress: progress(media),
            error: media.failure.as_ref().map(FailureView::of),
            filename: media.filename.clone(),
            size: media.size_bytes,
            etag: media.etag.to_etag(),
            sha256: media.sha256.map(|bytes| bytes.iter().map(|byte| format!("{byte:02x}")).collect()),
            width: media.dimensions.map(|size| size.width),
            height: media.dimensions.map(|size| size.height),
        }
    }
}

impl VaultMediaView {
    pub(super) fn of(app: &App, settings: &Settings, media: &Media) -> Self {
        let counters = Counters { likes_count: media.likes, tips_summ: media.tips };
        let lists = media.lists.iter().map(ListRef::of).collect();
        Self { media: MediaView::of(app, settings, media), counters, lists }
    }
}

#[allow(clippy::cast_precision_loss, reason = "no film lasts 2^53 milliseconds")]
pub(super) fn seconds(millis: u64) -> f64 {
    millis as f64 / 1000.0
}

impl FailureView {
    fn of(failure: &Failure) -> Self {
        let Failure { code, message } = failure;
        Self { code: code.as_str(), message: message.clone(), retryable: code.is_retryable() }
    }
}

/// How far a media that is not at its end is.
fn progress(media: &Media) -> Option<f64> {
    let is_under_way = matches!(media.status, MediaStatus::Processing | MediaStatus::Playable);
    is_under_way.then(|| f64::from(media.progress_permille.unwrap_or(0)) / 1000.0)
}

/// The renditions of a media that may be shown now, and the maker of their URLs.
struct Shown<'a> {
    media: &'a Media,
    signer: Signer<'a>,
    may_view: bool,
}

impl<'a> Shown<'a> {
    fn of(app: &'a App, settings: &Settings, media: &'a Media, may_view: bool) -> Self {
        Self { media, signer: app.urls.signer(settings, media, app.clock.now()), may_view }
    }

    /// None before the media can be watched, and none without the consent that it needs.
    fn find(&self, name: RenditionName) -> Option<&Rendition> {
        let is_shown = self.may_view && matches!(self.media.status, MediaStatus::Ready | MediaStatus::Playable);
        self.media.renditions.iter().filter(|_| is_shown).find(|rendition| rendition.name == name)
    }

    fn files(&self) -> Option<Files> {
        use RenditionName::{Full as Whole, Preview640Webp, PreviewWebp, SquarePreview, Thumb, Video240, Video720};
        let full = [Whole, Video720, Video240].into_iter().find_map(|name| self.find(name))?;
        let all = |names: &[RenditionName]| {
            names.iter().filter_map(|name| self.find(*name)).map(|r| self.source(r)).collect()
        };
        let preview = self.find(RenditionName::Preview);
        Some(Files {
            full: Full { file: self.file(full), sources: all(&[Video720, Video240]) },
            thumb: self.find(Thumb).map(|rendition| self.file(rendition)),
            preview: preview
                .map(|preview| Preview { file: self.file(preview), options: all(&[PreviewWebp, Preview640Webp]) }),
            square_preview: self.find(SquarePreview).map(|rendition| self.file(rendition)),
        })
    }

    fn video_sources(&self) -> Option<VideoSources> {
        let url = |name| self.find(name).map(|rendition| self.signer.url(rendition));
        let (small, large) = (url(RenditionName::Video240), url(RenditionName::Video720));
        (small.is_some() || large.is_some()).then_some(VideoSources { small, large })
    }

    fn file(&self, rendition: &Rendition) -> File {
        let has_sides = rendition.format != RenditionFormat::M4a;
        File {
            url: self.signer.url(rendition),
            width: has_sides.then_some(rendition.dimensions.width),
            height: has_sides.then_some(rendition.dimensions.height),
            size: rendition.size_bytes,
        }
    }

    fn source(&self, rendition: &Rendition) -> Source {
        Source {
            url: self.signer.url(rendition),
            width: rendition.dimensions.width,
            height: rendition.dimensions.height,
            r#type: rendition.format.content_type(),
            size: rendition.size_bytes,
        }
    }
}
