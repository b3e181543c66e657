//! `/health/live` and `/health/ready`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::app::App;

/// The process answers.
pub(super) async fn live() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// The process can do its work: catalog and store answer, the disk has room, and it is not draining.
pub(super) async fn ready(State(app): State<App>) -> (StatusCode, Json<Value>) {
    let catalog = app.catalog.probe().await.is_ok();
    let free_bytes = app.store.free_bytes().ok();
    let has_room = free_bytes.is_some_and(|free| free >= app.config.store.min_free_bytes);
    let draining = app.drain.is_draining();
    let is_ready = catalog && has_room && !draining;
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({
        "status": if is_ready { "ready" } else { "unavailable" },
        "catalog": catalog,
        "disk": { "hasRoom": has_room, "freeBytes": free_bytes },
        "sandbox": app.sandbox,
        "tools": app.tools.get(),
        "draining": draining,
    });
    (status, Json(body))
}
