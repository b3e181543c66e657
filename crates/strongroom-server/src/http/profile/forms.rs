//! `/v2/access/self/release-forms`: the consent of people to be shown.

mod approve;
mod audit;
mod change;
mod create;
mod delete;
mod document;
mod export;
mod get;
mod list;
mod revoke;
mod view;

use axum::Json;
use strongroom_catalog::records::Form;
use strongroom_core::id::{ConnectionId, FormId, KeyId};
use strongroom_core::release_form::Actor;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::view::FormView;
use crate::app::App;
use crate::problem::Problem;

/// The id that a path names. What is no id is a form that does not exist.
fn form_id(segment: &str) -> Result<FormId, Problem> {
    segment.parse().map_err(|_| Problem::not_found("release form", segment))
}

/// Whoever holds the key.
fn actor(key: &KeyId) -> Actor {
    Actor::Key(key.clone())
}

async fn find(app: &App, owner: ConnectionId, id: FormId) -> Result<Form, Problem> {
    app.catalog.form(owner, id).await?.ok_or_else(|| Problem::not_found("release form", &id.to_string()))
}

/// The answer of a call about one form: the form as it is now.
async fn show(app: &App, owner: ConnectionId, id: FormId) -> Result<Json<FormView>, Problem> {
    let form = find(app, owner, id).await?;
    Ok(Json(FormView::of(&form, app.clock.now())))
}

/// The operations of this family.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list_release_forms, create::create_release_form))
        .routes(routes!(export::export_audit))
        .routes(routes!(get::get_release_form, change::change_release_form, delete::delete_release_form))
        .routes(routes!(approve::approve_release_form))
        .routes(routes!(revoke::revoke_release_form))
        .routes(routes!(document::get_document, document::put_document))
        .routes(routes!(document::get_document_preview))
        .routes(routes!(audit::audit_of_form))
}
