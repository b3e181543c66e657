//! `PATCH /v2/access/vault/media/{id}`: its file name and what viewers did.

use axum::Json as Answer;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::Number;
use strongroom_catalog::records::MediaEdit;
use utoipa::ToSchema;

use super::{find, show};
use crate::app::App;
use crate::http::json::{Json, object};
use crate::http::media_view::VaultMediaView;
use crate::http::principal::{Access, VaultWrite};
use crate::problem::Problem;

/// What is to be changed; what is absent or null stays.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct EditRequest {
    /// The file's name.
    #[schema(min_length = 1)]
    filename: Option<String>,
    /// What viewers did, as whoever counts it says.
    #[serde(default, deserialize_with = "object")]
    counters: Option<NewCounters>,
}

/// What viewers did.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct NewCounters {
    /// How often it was liked.
    #[schema(minimum = 0, value_type = Option<i64>)]
    likes_count: Option<Number>,
    /// Sum of tips.
    #[schema(minimum = 0, value_type = Option<i64>)]
    tips_summ: Option<Number>,
}

/// Change a vault media
#[utoipa::path(
    patch, path = "/v2/access/vault/media/{mediaId}", tag = "vault", operation_id = "editMedia",
    params(("mediaId" = String, Path, description = "A media id, or `upload:<uuid>`")),
    request_body = EditRequest,
    responses((status = 200, body = VaultMediaView)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn edit(
    State(app): State<App>,
    access: Access<VaultWrite>,
    Path(reference): Path<String>,
    Json(request): Json<EditRequest>,
) -> Result<Answer<VaultMediaView>, Problem> {
    let owner = &access.connection.id;
    let media = find(&app, owner.clone(), &reference).await?;
    app.catalog.edit_media(owner.clone(), media.id, request.check()?).await?;
    show(&app, &access.connection, &reference).await
}

impl EditRequest {
    fn check(self) -> Result<MediaEdit, Problem> {
        if self.filename.as_ref().is_some_and(String::is_empty) {
            return Err(Problem::field("filename", "", "a text of at least one character"));
        }
        let counters = self.counters.unwrap_or(NewCounters { likes_count: None, tips_summ: None });
        let count = |name: &str, number: Option<Number>| number.map(|number| whole(name, &number)).transpose();
        Ok(MediaEdit {
            filename: self.filename,
            likes: count("counters.likesCount", counters.likes_count)?,
            tips: count("counters.tipsSumm", counters.tips_summ)?,
        })
    }
}

/// A count as clients print it: `12`, or `12.0`.
fn whole(name: &str, number: &Number) -> Result<i64, Problem> {
    const LIMIT: f64 = 9_007_199_254_740_992.0;
    let float = number.as_f64().filter(|float| float.fract() == 0.0 && (0.0..LIMIT).contains(float));
    #[allow(clippy::cast_possible_truncation, reason = "whole and in range, checked above")]
    let count = float.map(|float| float as i64);
    count.ok_or_else(|| Problem::field(name, &number.to_string(), "a whole number of at least 0"))
}
