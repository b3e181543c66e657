//! `POST /v2/access/vault/media/{id}/reprocess`: makes a media's renditions anew.

use axum::Json as Answer;
use axum::extract::{Path, State};
use strongroom_core::job::JobKind;

use super::{find, show};
use crate::app::App;
use crate::http::media_view::VaultMediaView;
use crate::http::principal::{Access, VaultWrite};
use crate::problem::{Kind, Problem};

/// Make a media's renditions anew
#[utoipa::path(
    post, path = "/v2/access/vault/media/{mediaId}/reprocess", tag = "vault", operation_id = "reprocessMedia",
    params(("mediaId" = String, Path, description = "A media id, or `upload:<uuid>`")),
    responses((status = 200, body = VaultMediaView)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn reprocess(
    State(app): State<App>,
    access: Access<VaultWrite>,
    Path(reference): Path<String>,
) -> Result<Answer<VaultMediaView>, Problem> {
    let owner = &access.connection.id;
    let media = find(&app, owner.clone(), &reference).await?;
    let format = media.format.ok_or_else(|| {
        Problem::new(Kind::BadRequest, "these bytes are no picture, film or sound; there is nothing to make of them")
    })?;
    app.catalog.render_again(owner.clone(), media.blob, JobKind::for_format(format), app.clock.now()).await?;
    app.wake.wake();
    show(&app, &access.connection, &reference).await
}
