//! `/openapi.json`: the document that the routes themselves declare, and what all operations have in common.

mod errors;
mod examples;
mod parameters;
mod rights;
mod schemas;

use std::sync::OnceLock;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use crate::problem::Problem;

/// What the document says beside its operations.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Strongroom",
        description = "A self-hosted media vault: resumable uploads in, safe renditions out.\n\nEvery answer has the header \
                       `X-Request-Id`. Every error has the one shape `Error`, and its point is in `message`. Unknown query \
                       and body keys are ignored."
    ),
    tags(
        (name = "uploads", description = "Sessions, parts, complete."),
        (name = "vault", description = "Media: organise, find, delete, restore; lists."),
        (name = "self", description = "The connected account; release forms and the people they are about."),
        (name = "account", description = "The organisation: its connections, keys and settings."),
        (name = "vault-plus", description = "The same media, as the stored-media calls of the compatible API show them. \
                                             Three generations of paths; new clients need none of the deprecated ones."),
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

/// One operation of the document.
pub(super) struct Operation<'a> {
    /// In lower case, as the document has it.
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) body: &'a mut Value,
}

/// The whole document. What every operation has in common is added here, so that no handler can forget it.
pub(super) fn document() -> Result<Value, serde_json::Error> {
    let mut document = serde_json::to_value(super::documented().into_openapi())?;
    errors::declare(&mut document["components"]);
    parameters::declare(&mut document["components"]);
    schemas::narrow(&mut document["components"]["schemas"]);
    let schemas = document["components"]["schemas"].clone();
    for mut operation in operations(&mut document) {
        rights::add(&mut operation);
        parameters::add(&mut operation);
        errors::add(&mut operation);
        examples::add(&mut operation, &schemas);
    }
    Ok(document)
}

fn operations(document: &mut Value) -> impl Iterator<Item = Operation<'_>> {
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    paths.flat_map(|(path, item)| {
        let methods = item.as_object_mut().into_iter().flatten();
        methods.map(move |(method, body)| Operation { method, path, body })
    })
}

/// The document, as served at `/openapi.json` and printed by `strongroom openapi`.
///
/// # Errors
/// Where it cannot be written as JSON.
pub fn openapi_json() -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(&document()?)
}

/// Serves the document.
pub(super) async fn openapi() -> Result<Response, Problem> {
    static TEXT: OnceLock<String> = OnceLock::new();
    let text = match TEXT.get() {
        Some(text) => text,
        None => {
            let text = openapi_json().map_err(|error| Problem::internal(error.to_string()))?;
            TEXT.get_or_init(|| text)
        }
    };
    Ok(([(header::CONTENT_TYPE, "application/json")], text.as_str()).into_response())
}

/// Adds to a list that may not be there yet.
fn push(list: &mut Value, item: Value) {
    match list {
        Value::Array(items) => items.push(item),
        missing => *missing = json!([item]),
    }
}
