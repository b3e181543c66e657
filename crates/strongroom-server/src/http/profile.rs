//! `/v2/access/self`: the connected account, its people and their release forms.

mod account;
mod consent_page;
mod fields;
mod forms;
mod people;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;

/// The operations of this family.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(account::profile)).merge(forms::routes()).merge(people::routes())
}
