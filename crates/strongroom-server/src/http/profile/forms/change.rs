//! `PATCH /v2/access/self/release-forms/{id}`: changes what a form says.

use axum::Json as Answer;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::Value;
use strongroom_catalog::records::FormChange;
use utoipa::ToSchema;

use super::view::FormView;
use super::{actor, form_id, show};
use crate::app::App;
use crate::http::json::Json;
use crate::http::principal::{Access, ProfileWrite};
use crate::http::profile::fields::{NAME, PROSE, WORD, given, optional, person, removable, time};
use crate::problem::Problem;

/// What to change of a release form. A field that is left out stays; null takes it away.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FormPatch {
    /// What it is called.
    #[schema(min_length = 1, max_length = 200)]
    name: Option<String>,
    /// What kind of form it is.
    #[schema(min_length = 1, max_length = 100)]
    r#type: Option<String>,
    /// Whose consent it is.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<i64>)]
    user_id: Option<Option<Value>>,
    /// From when on it gives consent.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    valid_from: Option<Option<String>>,
    /// Until when it gives consent.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    expires_at: Option<Option<String>>,
    /// What may be done with the media.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 4000)]
    usage: Option<Option<String>>,
    /// Its number where it comes from.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<i64>)]
    partner_id: Option<Option<i64>>,
    /// Where it comes from.
    #[schema(min_length = 1, max_length = 100)]
    partner_source: Option<String>,
    /// Its code where it comes from.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    code: Option<Option<String>>,
    /// Whether lists leave it out of sight.
    is_hidden: Option<bool>,
}

/// Change a release form
#[utoipa::path(
    patch, path = "/v2/access/self/release-forms/{releaseFormId}", tag = "self", operation_id = "changeReleaseForm",
    params(("releaseFormId" = String, Path, description = "A release form's id")),
    request_body = FormPatch,
    responses((status = 200, body = FormView)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn change_release_form(
    State(app): State<App>,
    access: Access<ProfileWrite>,
    Path(id): Path<String>,
    Json(patch): Json<FormPatch>,
) -> Result<Answer<FormView>, Problem> {
    let (owner, id, actor) = (access.connection.id, form_id(&id)?, actor(&access.key));
    app.catalog.change_form(owner.clone(), id, patch.change()?, actor, app.clock.now()).await??;
    show(&app, owner, id).await
}

impl FormPatch {
    fn change(self) -> Result<FormChange, Problem> {
        Ok(FormChange {
            name: optional("name", self.name, NAME)?,
            form_type: optional("type", self.r#type, WORD)?,
            person: self.user_id.map(|id| person("userId", id.as_ref())).transpose()?,
            partner_id: self.partner_id,
            partner_source: optional("partnerSource", self.partner_source, WORD)?,
            code: removable("code", self.code, WORD)?,
            usage: removable("usage", self.usage, PROSE)?,
            valid_from: self.valid_from.map(|at| time("validFrom", at.as_deref())).transpose()?,
            expires_at: self.expires_at.map(|at| time("expiresAt", at.as_deref())).transpose()?,
            is_hidden: self.is_hidden,
        })
    }
}
