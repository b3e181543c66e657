//! `/docs`: the OpenAPI document as a page for people. Made here, whole: no script, no outside asset, nothing to go stale.

mod curl;
mod html;
mod operation;
mod schema;

use std::sync::OnceLock;

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::openapi;
use crate::problem::Problem;
use html::{escaped, prose};

const STYLE: &str = include_str!("docs/style.css");

/// Serves the page.
pub(super) async fn docs() -> Result<Response, Problem> {
    static PAGE: OnceLock<(String, HeaderValue)> = OnceLock::new();
    let (page, policy) = match PAGE.get() {
        Some(made) => made,
        None => {
            let document = openapi::document().map_err(|error| Problem::internal(error.to_string()))?;
            let policy = HeaderValue::from_str(&policy()).map_err(|error| Problem::internal(error.to_string()))?;
            PAGE.get_or_init(|| (page(&document), policy))
        }
    };
    let headers: [(HeaderName, HeaderValue); 3] = [
        (header::CONTENT_SECURITY_POLICY, policy.clone()),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    Ok((headers, Html(page.as_str())).into_response())
}

/// Lets a browser apply our style, and nothing else whatever.
fn policy() -> String {
    let style = STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

/// The page of a document.
fn page(document: &Value) -> String {
    let info = &document["info"];
    let title = escaped(text(&info["title"]));
    let tags: Vec<&Value> = document["tags"].as_array().into_iter().flatten().collect();
    let contents: String = tags.iter().map(|tag| contents(document, tag)).collect();
    let sections: String = tags.iter().map(|tag| section(document, tag)).collect();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title} API</title>\n<style>{STYLE}</style>\n</head>\n\
         <body>\n<nav aria-label=\"Operations\"><a class=\"home\" href=\"#top\">{title}</a>\n{contents}\
         <h2><a href=\"#schemas\">Schemas</a></h2></nav>\n\
         <main id=\"top\"><h1>{title} API <small>{version}</small></h1>\n{description}\
         <p>For programs: <a href=\"/openapi.json\">openapi.json</a></p>\n{sections}{schemas}</main>\n</body>\n</html>\n",
        version = escaped(text(&info["version"])),
        description = prose(text(&info["description"])),
        schemas = schema::all(document),
    )
}

/// The operations of a tag, in the order of their paths.
fn operations<'a>(document: &'a Value, tag: &'a Value) -> impl Iterator<Item = operation::Operation<'a>> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let all = paths.flat_map(|(path, item)| {
        let methods = item.as_object().into_iter().flatten();
        methods.map(move |(method, body)| operation::Operation { method, path, body })
    });
    all.filter(|operation| operation.body["tags"][0] == tag["name"])
}

fn contents(document: &Value, tag: &Value) -> String {
    let name = escaped(text(&tag["name"]));
    let items: String = operations(document, tag).map(|operation| operation.link()).collect();
    format!("<h2><a href=\"#tag-{name}\">{name}</a></h2>\n<ul>{items}</ul>\n")
}

fn section(document: &Value, tag: &Value) -> String {
    let name = escaped(text(&tag["name"]));
    let operations: String = operations(document, tag).map(|operation| operation.article(document)).collect();
    let description = prose(text(&tag["description"]));
    format!("<section id=\"tag-{name}\"><h2>{name}</h2>\n{description}{operations}</section>\n")
}

/// A text of the document, or none.
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// What a reference leads to, or the value itself.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let target = value["$ref"].as_str().and_then(|reference| document.pointer(reference.trim_start_matches('#')));
    target.unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const HOSTILE: &str = "</style><script>alert('x')</script>\"&";

    #[test]
    fn nothing_in_a_document_becomes_markup() {
        let document = json!({
            "info": { "title": HOSTILE, "version": HOSTILE, "description": HOSTILE },
            "tags": [{ "name": HOSTILE, "description": HOSTILE }],
            "paths": { HOSTILE: { "post": {
                "tags": [HOSTILE], "operationId": HOSTILE, "summary": HOSTILE, "x-required-permission": HOSTILE,
                "parameters": [{ "name": HOSTILE, "in": HOSTILE, "description": HOSTILE, "schema": { "enum": [HOSTILE] } }],
                "requestBody": { "content": { "application/json": {
                    "schema": { "properties": { HOSTILE: { "type": "string", "description": HOSTILE } } },
                    "example": { HOSTILE: HOSTILE },
                } } },
                "responses": { "200": { "description": HOSTILE }, HOSTILE: { "description": HOSTILE } },
            } } },
            "components": { "schemas": { HOSTILE: { "description": HOSTILE, "type": "string" } } },
        });
        let page = page(&document);
        assert_eq!(page.matches("</style>").count(), 1, "only our own");
        assert!(!page.contains("<script"), "{page}");
        assert!(page.contains("&lt;script&gt;"));
    }

    #[test]
    fn every_link_leads_somewhere() {
        let page = page(&openapi::document().unwrap());
        let after = |mark: &str| -> Vec<String> {
            let pieces = page.split(mark).skip(1);
            pieces.map(|rest| rest.split('"').next().unwrap_or_default().to_owned()).collect()
        };
        let targets = after(" id=\"");
        for link in after("href=\"#") {
            assert!(targets.contains(&link), "#{link}");
        }
        let unique: std::collections::BTreeSet<&String> = targets.iter().collect();
        assert_eq!(unique.len(), targets.len(), "an id stands for one place");
        assert!(!page.contains("http://") && page.contains("op-initUpload"), "nothing is fetched from elsewhere");
    }
}
