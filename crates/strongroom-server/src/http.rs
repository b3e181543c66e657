//! The HTTP face: one file an operation, and a few that all share.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;
use crate::problem::{Kind, Problem};

mod account;
mod avatar;
mod body;
mod cors;
mod deliver;
mod docs;
mod edge;
mod health;
mod ids;
mod json;
mod leftover;
mod list_view;
mod media_view;
mod openapi;
mod page;
mod principal;
mod profile;
mod rate_limit;
mod release_form_view;
mod request_id;
mod uploads;
mod vault;
mod vault_plus;

pub use openapi::openapi_json;
pub(crate) use rate_limit::RateLimits;

/// The largest JSON body.
const JSON_LIMIT_BYTES: usize = 1 << 20;

/// All routes, with what the edge does for each of them.
pub(crate) fn router(app: App) -> Router {
    let (router, _) = documented().split_for_parts();
    router
        .route("/media/{media}/{file}", axum::routing::get(deliver::deliver).options(cors::preflight_of_delivery))
        .route("/people/{person}/{file}", axum::routing::get(avatar::avatar))
        .route("/health/live", axum::routing::get(health::live))
        .route("/health/ready", axum::routing::get(health::ready))
        .route("/openapi.json", axum::routing::get(openapi::openapi))
        .route("/docs", axum::routing::get(docs::docs))
        .fallback(async || Problem::new(Kind::RouteNotFound, "there is no such path; /openapi.json lists them all"))
        .method_not_allowed_fallback(async || {
            Problem::new(
                Kind::MethodNotAllowed,
                "this path does not take this method; /openapi.json lists those it takes",
            )
        })
        .layer(DefaultBodyLimit::max(JSON_LIMIT_BYTES))
        .layer(axum::middleware::from_fn(edge::edge))
        .layer(axum::middleware::from_fn_with_state(app.clone(), cors::uploads))
        .with_state(app)
}

/// The routes that are in the OpenAPI document: all of the API.
fn documented() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(openapi::Document::openapi())
        .merge(uploads::routes())
        .merge(vault::routes())
        .merge(profile::routes())
        .merge(account::routes())
        .merge(vault_plus::routes())
}
