//! The HTTP face: one file an operation, and a few that all share.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::problem::{Kind, Problem};

mod account;
mod body;
mod deliver;
mod edge;
mod health;
mod json;
mod leftover;
mod media_view;
mod openapi;
mod page;
mod principal;
mod profile;
mod uploads;
mod vault;

/// The largest JSON body.
const JSON_LIMIT_BYTES: usize = 1 << 20;

/// All routes, with what the edge does for each of them.
pub(crate) fn router(app: App) -> Router {
    let (router, _) = documented().split_for_parts();
    router
        .route("/media/{media}/{file}", axum::routing::get(deliver::deliver))
        .route("/health/live", axum::routing::get(health::live))
        .route("/health/ready", axum::routing::get(health::ready))
        .route("/openapi.json", axum::routing::get(openapi::openapi))
        .fallback(async || Problem::new(Kind::RouteNotFound, "there is no such path; /openapi.json lists them all"))
        .method_not_allowed_fallback(async || {
            Problem::new(
                Kind::MethodNotAllowed,
                "this path does not take this method; /openapi.json lists those it takes",
            )
        })
        .layer(DefaultBodyLimit::max(JSON_LIMIT_BYTES))
        .layer(axum::middleware::from_fn(edge::edge))
        .with_state(app)
}

/// The routes that are in the OpenAPI document: all of the API.
fn documented() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(openapi::Document::openapi())
        .routes(routes!(uploads::init::init))
        .routes(routes!(uploads::check::check))
        .routes(routes!(uploads::complete::complete))
        .routes(routes!(uploads::list::list))
        .routes(routes!(uploads::put_single::put_single, uploads::status::status, uploads::abort::abort))
        .routes(routes!(uploads::put_part::put_part))
        .routes(routes!(vault::list::list))
        .routes(routes!(vault::get::get))
        .routes(routes!(vault::original::original))
        .routes(routes!(vault::preview::put_preview, vault::preview::delete_preview))
        .routes(routes!(vault::reprocess::reprocess))
        .routes(routes!(profile::profile))
        .routes(routes!(account::whoami))
}

/// The OpenAPI document, as served at `/openapi.json` and printed by `strongroom openapi`.
///
/// # Errors
/// Where it cannot be written as JSON.
pub fn openapi_json() -> Result<String, serde_json::Error> {
    documented().into_openapi().to_pretty_json()
}
