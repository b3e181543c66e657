//! `POST /v2/vault-plus/batch`: several stored media.

use axum::Json as Answer;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use strongroom_core::id::MediaReference;
use utoipa::ToSchema;

use super::item::Item;
use crate::app::App;
use crate::http::json::Json;
use crate::http::principal::AccountOn;
use crate::problem::Problem;

/// The most media of one call.
const MOST: usize = 100;

/// Which media.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BatchRequest {
    /// Their ids, or `upload:<uuid>`.
    #[schema(value_type = Vec<String>, max_items = 100, example = json!(["1", "2"]))]
    media_ids: Vec<Value>,
}

/// Those of the media that there are.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BatchResponse {
    /// By id, each once; unknown ones are left out.
    items: Vec<Item>,
}

/// Get several stored media
#[utoipa::path(
    post, path = "/v2/vault-plus/batch", tag = "vault-plus", operation_id = "getStoredMediaBatch",
    request_body = BatchRequest,
    responses((status = 200, body = BatchResponse)),
    security(("apiKey" = []), ("bearer" = [])),
)]
pub(crate) async fn batch(
    State(app): State<App>,
    account: AccountOn,
    Json(request): Json<BatchRequest>,
) -> Result<Answer<BatchResponse>, Problem> {
    let wanted = request.references()?;
    let found = app.catalog.stored_media(account.connection.id, wanted).await?;
    let items = found.iter().map(|stored| Item::of(&app, &account.connection.settings, stored)).collect();
    Ok(Answer(BatchResponse { items }))
}

impl BatchRequest {
    /// What the ids name. Text that names nothing is an unknown id; what is neither text nor a number is a mistake.
    fn references(&self) -> Result<Vec<MediaReference>, Problem> {
        if self.media_ids.len() > MOST {
            let count = self.media_ids.len().to_string();
            return Err(Problem::field("mediaIds", &count, "a list of at most 100 ids"));
        }
        let read = |(index, id): (usize, &Value)| match id {
            Value::String(text) => Ok(text.parse().ok()),
            Value::Number(number) if let Ok(reference) = number.to_string().parse() => Ok(Some(reference)),
            other => Err(Problem::field(&format!("mediaIds[{index}]"), &other.to_string(), "a media id")),
        };
        self.media_ids.iter().enumerate().map(read).filter_map(Result::transpose).collect()
    }
}
