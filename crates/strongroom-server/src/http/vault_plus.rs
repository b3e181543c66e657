//! `/v2/vault-plus`: the same media, as the stored-media calls of the compatible API show them.
//!
//! Three generations of that API's clients are in use, and their paths do not collide: each operation is written down once,
//! under the path of the published clients, and mounted under the others beside it.

pub(super) mod batch;
mod filter;
mod generations;
mod item;
pub(super) mod list;
pub(super) mod one;
pub(super) mod purge;
pub(super) mod remove;
pub(super) mod stats;
pub(super) mod status;
pub(super) mod store_list;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use generations::{newer, older};

/// The operations of this family.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list))
        .routes(newer(routes!(list::list), "/v2/vault-plus/media"))
        .routes(older(routes!(list::list), "/v2/vault/list"))
        .routes(routes!(one::one, remove::remove))
        .routes(newer(routes!(one::one, remove::remove), "/v2/vault-plus/media/{mediaId}"))
        .routes(older(routes!(one::one), "/v2/vault/{mediaId}"))
        .routes(routes!(batch::batch))
        .routes(newer(routes!(batch::batch), "/v2/vault-plus/media/batch"))
        .routes(older(routes!(batch::batch), "/v2/vault/batch"))
        .routes(routes!(purge::purge))
        .routes(newer(routes!(purge::purge), "/v2/vault-plus/media"))
        .routes(routes!(store_list::store_list))
        .routes(routes!(store_list::sync_list))
        .routes(older(routes!(store_list::store_list), "/v2/vault/cache/list/{listId}"))
        .routes(routes!(status::status))
        .routes(newer(routes!(status::status), "/v2/vault-plus/status"))
        .routes(routes!(stats::stats))
        .routes(newer(routes!(stats::stats), "/v2/vault-plus/stats"))
}
