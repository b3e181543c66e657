//! The HTTP face: one file an operation, and a few that all share.

use std::convert::Infallible;
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::response::Response;
use axum::routing::future::RouteFuture;
use futures_util::future::{BoxFuture, Either, FutureExt as _};
use tower::Service;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;
use crate::problem::{Kind, Problem};
use crate::telemetry::{DELIVERY, ORIGINAL, Route};

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
use vault::original;

/// The largest JSON body.
const JSON_LIMIT_BYTES: usize = 1 << 20;

/// What every request comes in by.
#[derive(Clone)]
pub(crate) struct Entrance {
    app: App,
    router: Router,
}

impl Entrance {
    pub(crate) fn new(app: App) -> Self {
        Self { router: router(app.clone()), app }
    }
}

/// Files, which are most of all requests, do not go through the router; the edge is the same for them.
impl Service<Request> for Entrance {
    type Response = Response;
    type Error = Infallible;
    type Future = Either<BoxFuture<'static, Result<Response, Infallible>>, RouteFuture<Infallible>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Service::<Request>::poll_ready(&mut self.router, context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        if deliver::is_plain(&request) {
            let app = self.app.clone();
            let answer = edge::around(request, Route::Past(DELIVERY), |request| deliver::at_once(app, request));
            return Either::Left(answer.map(Ok).boxed());
        }
        if original::is_plain(&request) {
            let app = self.app.clone();
            let answer = edge::around(request, Route::Past(ORIGINAL), |request| original::at_once(app, request));
            return Either::Left(answer.map(Ok).boxed());
        }
        Either::Right(self.router.call(request))
    }
}

/// All routes, with what the edge does for each of them.
fn router(app: App) -> Router {
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
