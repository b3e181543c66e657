//! `PUT /v2/access/vault/media/{id}/release-forms` and `POST …/vault/media/release-forms`: which forms hang on which media.
//!
//! Whose consent a media needs is a matter of the profile, not of the vault: hence the permission, and hence an answer that
//! shows forms, and nothing of the media but whether it may be shown.

use axum::Json as Answer;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use strongroom_catalog::records::{Attaching, Media};
use strongroom_core::id::{ConnectionId, FormId, KeyId, MediaReference};
use strongroom_core::release_form::Actor;
use strongroom_core::settings::Settings;
use utoipa::ToSchema;

use super::find;
use crate::app::App;
use crate::http::ids::read_ids;
use crate::http::json::Json;
use crate::http::principal::{Access, ProfileWrite};
use crate::http::release_form_view::ReleaseFormRef;
use crate::problem::Problem;

const A_FORM: &str = "the id of a release form";
const A_MEDIA: &str = "a media id, or `upload:<uuid>`";

/// Forms.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Forms {
    /// Release forms; at most 100.
    #[schema(value_type = Vec<i64>, max_items = 100)]
    release_form_ids: Vec<Value>,
}

/// Media, and forms for all of them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Attachment {
    /// Media, each by its id or its `upload:<uuid>`; at most 100.
    #[schema(value_type = Vec<i64>, max_items = 100)]
    media_ids: Vec<Value>,
    /// Release forms; at most 100.
    #[schema(value_type = Vec<i64>, max_items = 100)]
    release_form_ids: Vec<Value>,
}

/// What the forms of a media come to.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConsentView {
    /// The media.
    media_id: i64,
    /// Whether it may be shown.
    can_view: bool,
    /// `granted`, `missing`, `expired` or `revoked`.
    consent: &'static str,
    /// The forms attached to it.
    release_forms: Vec<ReleaseFormRef>,
}

/// What the forms of several media come to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConsentList {
    /// The media, in the order of the request.
    list: Vec<ConsentView>,
}

/// Set a media's release forms
#[utoipa::path(
    put, path = "/v2/access/vault/media/{mediaId}/release-forms", tag = "vault", operation_id = "setMediaReleaseForms",
    params(("mediaId" = String, Path, description = "A media id, or `upload:<uuid>`")),
    request_body = Forms,
    responses((status = 200, body = ConsentView)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn set_media_release_forms(
    State(app): State<App>,
    access: Access<ProfileWrite>,
    Path(reference): Path<String>,
    Json(forms): Json<Forms>,
) -> Result<Answer<ConsentView>, Problem> {
    let media = reference.parse().map_err(|_| Problem::not_found("media", &reference))?;
    let attaching = attaching(&access.connection.id, &access.key, &forms.release_form_ids)?;
    app.catalog.replace_forms(media, attaching, app.clock.now()).await??;
    let media = find(&app, access.connection.id, &reference).await?;
    Ok(Answer(ConsentView::of(&app, &access.connection.settings, &media)))
}

/// Attach release forms to several media
///
/// All of them to all of the media, beside those that are there, or nothing where an id is unknown.
#[utoipa::path(
    post, path = "/v2/access/vault/media/release-forms", tag = "vault", operation_id = "attachReleaseForms",
    request_body = Attachment,
    responses((status = 200, body = ConsentList)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn attach_release_forms(
    State(app): State<App>,
    access: Access<ProfileWrite>,
    Json(Attachment { media_ids, release_form_ids }): Json<Attachment>,
) -> Result<Answer<ConsentList>, Problem> {
    let owner = access.connection.id;
    let attaching = attaching(&owner, &access.key, &release_form_ids)?;
    let media = read_ids::<MediaReference>("mediaIds", &media_ids, A_MEDIA)?;
    let media = media.into_iter().map(|(_, id)| id).collect();
    let attached = app.catalog.attach_forms(media, attaching, app.clock.now()).await??;
    let mut list = Vec::with_capacity(attached.len());
    for id in attached {
        if let Some(media) = app.catalog.media(owner.clone(), id).await? {
            list.push(ConsentView::of(&app, &access.connection.settings, &media));
        }
    }
    Ok(Answer(ConsentList { list }))
}

fn attaching(owner: &ConnectionId, key: &KeyId, forms: &[Value]) -> Result<Attaching, Problem> {
    let forms = read_ids::<FormId>("releaseFormIds", forms, A_FORM)?.into_iter().map(|(_, id)| id).collect();
    Ok(Attaching { connection: owner.clone(), forms, actor: Actor::Key(key.clone()) })
}

impl ConsentView {
    fn of(app: &App, settings: &Settings, media: &Media) -> Self {
        let consent = media.consent(app.clock.now());
        Self {
            media_id: media.id.number(),
            can_view: settings.policy().allows(consent),
            consent: consent.as_str(),
            release_forms: media.release_forms.iter().map(|form| ReleaseFormRef::of(app, settings, form)).collect(),
        }
    }
}
