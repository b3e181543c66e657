//! `/openapi.json`: the document that the routes themselves declare.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use crate::problem::Problem;

/// What the document says beside its operations.
#[derive(OpenApi)]
#[openapi(
    info(title = "Strongroom", description = "A self-hosted media vault: resumable uploads in, safe renditions out."),
    tags(
        (name = "uploads", description = "Sessions, parts, complete. Permission `vault:write`; header `x-connection-id`."),
        (name = "vault", description = "Media. Permission `vault:read`; header `x-connection-id`."),
        (name = "self", description = "The connected account. Permission `profile:read`; header `x-connection-id`."),
        (name = "account", description = "The organisation. Key scope `ACCOUNT`."),
    ),
    modifiers(&Security)
)]
pub(super) struct Document;

struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_with(Default::default);
        let key = SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("apiKey")));
        let bearer = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
        components.add_security_scheme("apiKey", key);
        components.add_security_scheme("bearer", bearer);
    }
}

/// The document.
pub(super) async fn openapi() -> Result<Response, Problem> {
    let json = super::openapi_json().map_err(|error| Problem::internal(error.to_string()))?;
    Ok(([(header::CONTENT_TYPE, "application/json")], json).into_response())
}
