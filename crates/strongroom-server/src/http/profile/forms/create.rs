//! `POST /v2/access/self/release-forms`: a new form, which nobody has approved yet.

use axum::Json as Answer;
use axum::extract::State;
use serde::Deserialize;
use serde_json::Value;
use strongroom_catalog::records::FormTerms;
use utoipa::ToSchema;

use super::view::FormView;
use super::{actor, show};
use crate::app::App;
use crate::http::json::Json;
use crate::http::principal::{Access, ProfileWrite};
use crate::http::profile::fields::{NAME, PROSE, WORD, bounded, optional, person, time};
use crate::problem::Problem;

/// Where forms come from that nobody says otherwise of.
const OUR_OWN: &str = "strongroom";

/// A new release form.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewForm {
    /// What it is called; 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// What kind of form it is; 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    r#type: String,
    /// Whose consent it is: the id of a tagged friend user.
    #[schema(value_type = Option<i64>)]
    user_id: Option<Value>,
    /// From when on it gives consent; at once unless given.
    #[schema(value_type = Option<String>)]
    valid_from: Option<String>,
    /// Until when it gives consent; for ever unless given.
    #[schema(value_type = Option<String>)]
    expires_at: Option<String>,
    /// What may be done with the media.
    #[schema(min_length = 1, max_length = 4000)]
    usage: Option<String>,
    /// Its number where it comes from.
    partner_id: Option<i64>,
    /// Where it comes from; `strongroom` unless given.
    #[schema(min_length = 1, max_length = 100)]
    partner_source: Option<String>,
    /// Its code where it comes from.
    #[schema(min_length = 1, max_length = 100)]
    code: Option<String>,
    /// Whether lists leave it out of sight.
    is_hidden: Option<bool>,
}

/// Create a release form
#[utoipa::path(
    post, path = "/v2/access/self/release-forms", tag = "self", operation_id = "createReleaseForm",
    request_body = NewForm,
    responses((status = 200, body = FormView)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn create_release_form(
    State(app): State<App>,
    access: Access<ProfileWrite>,
    Json(new): Json<NewForm>,
) -> Result<Answer<FormView>, Problem> {
    let (owner, actor) = (access.connection.id, actor(&access.key));
    let id = app.catalog.create_form(owner.clone(), new.terms()?, actor, app.clock.now()).await??;
    show(&app, owner, id).await
}

impl NewForm {
    fn terms(self) -> Result<FormTerms, Problem> {
        Ok(FormTerms {
            name: bounded("name", &self.name, NAME)?,
            form_type: bounded("type", &self.r#type, WORD)?,
            person: person("userId", self.user_id.as_ref())?,
            partner_id: self.partner_id,
            partner_source: optional("partnerSource", self.partner_source, WORD)?.unwrap_or_else(|| OUR_OWN.to_owned()),
            code: optional("code", self.code, WORD)?,
            usage: optional("usage", self.usage, PROSE)?,
            valid_from: time("validFrom", self.valid_from.as_deref())?,
            expires_at: time("expiresAt", self.expires_at.as_deref())?,
            is_hidden: self.is_hidden.unwrap_or(false),
        })
    }
}
