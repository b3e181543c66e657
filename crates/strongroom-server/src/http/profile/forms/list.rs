//! `GET /v2/access/self/release-forms`: a connection's release forms.

use axum::Json as Answer;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::view::FormView;
use crate::app::App;
use crate::http::page::QueryPairs;
use crate::http::principal::{Access, ProfileRead};
use crate::http::profile::consent_page;
use crate::problem::Problem;

/// A page of release forms.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FormList {
    /// The forms.
    list: Vec<FormView>,
    /// Whether there are more.
    has_more: bool,
}

/// List release forms
#[utoipa::path(
    get, path = "/v2/access/self/release-forms", tag = "self", operation_id = "listReleaseForms",
    params(
        ("limit" = Option<u32>, Query, description = "1 to 20; 10 unless given"),
        ("offset" = Option<u64>, Query, description = "How many to pass over"),
        ("filter" = Option<String>, Query, description = "all, or pending: those that wait for approval or for their time"),
        ("sortBy" = Option<String>, Query, description = "date or name"),
        ("sortDirection" = Option<String>, Query, description = "asc or desc"),
        ("search" = Option<String>, Query, description = "Part of the form's or the person's name; at most 100 characters"),
    ),
    responses((status = 200, body = FormList)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn list_release_forms(
    State(app): State<App>,
    access: Access<ProfileRead>,
    query: QueryPairs,
) -> Result<Answer<FormList>, Problem> {
    let now = app.clock.now();
    let (page, wanted) = consent_page::read(&query, now)?;
    let (forms, has_more) = page.cut(app.catalog.list_forms(access.connection.id, wanted).await?);
    let list = forms.iter().map(|form| FormView::of(form, now)).collect();
    Ok(Answer(FormList { list, has_more }))
}
