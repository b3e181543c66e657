//! The OpenAPI document says all that a caller must know, and the page made from it says the same.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::Value;

use super::get;
use super::operations::{Right, operations};
use crate::support::{Answer, Server};

async fn document(server: &Server) -> Value {
    get(server, "/openapi.json", &[]).await.ok()
}

/// Every operation of a document, with its method and path.
fn all(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let of_path = |(path, item): (&String, &'_ Value)| {
        item.as_object().unwrap().keys().map(|method| format!("{method} {path}")).collect::<Vec<_>>()
    };
    let names = paths.iter().flat_map(of_path);
    names.zip(paths.values().flat_map(|item| item.as_object().unwrap().values())).collect()
}

#[tokio::test]
async fn every_operation_is_described() {
    let server = Server::start(&[]).await;
    let document = document(&server).await;
    let tags: Vec<&Value> = document["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
    let mut ids = BTreeSet::new();
    for (at, operation) in all(&document) {
        assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{at}: its id stands for another one too");
        assert!(operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{at}");
        assert!(tags.contains(&&operation["tags"][0]), "{at}: {}", operation["tags"]);
        assert_eq!(
            operation["security"].as_array().unwrap().len(),
            2,
            "{at}: a key in its own field, or as a bearer token"
        );
        for body in [&operation["requestBody"], &operation["responses"]["200"]] {
            let json = &body["content"]["application/json"];
            assert_eq!(json.is_object(), !json["example"].is_null(), "{at}: {body}");
        }
    }
}

#[tokio::test]
async fn every_operation_names_its_right_and_its_connection() {
    let server = Server::start(&[]).await;
    let document = document(&server).await;
    for row in operations() {
        let operation = &document["paths"][row.path][row.method.as_str().to_lowercase()];
        let expected = match row.right {
            Right::On(permission) => permission.as_str(),
            Right::Account | Right::AccountOn => "ACCOUNT",
        };
        assert_eq!(operation["x-required-permission"], expected, "{} {}", row.method, row.path);
        let names_one = operation["parameters"].to_string().contains("#/components/parameters/connection");
        assert_eq!(names_one, row.right != Right::Account, "{} {}", row.method, row.path);
    }
}

#[tokio::test]
async fn every_error_has_the_one_shape() {
    let server = Server::start(&[]).await;
    let document = document(&server).await;
    for (at, operation) in all(&document) {
        let answers = operation["responses"].as_object().unwrap();
        for status in ["200", "401", "403", "500", "503"] {
            assert!(answers.contains_key(status), "{at}: {status}");
        }
        for (status, answer) in answers.iter().filter(|(status, _)| status.starts_with(['4', '5'])) {
            let reference = answer["$ref"].as_str().unwrap_or_else(|| panic!("{at}: {status} has a shape of its own"));
            let shared = document.pointer(reference.trim_start_matches('#')).unwrap();
            assert_eq!(shared["content"]["application/json"]["schema"]["$ref"], "#/components/schemas/Error", "{at}");
        }
    }
}

#[tokio::test]
async fn the_page_shows_every_operation_and_runs_nothing() {
    let server = Server::start(&[]).await;
    let document = document(&server).await;
    let answer = Answer::to(server.client.bare(Method::GET, "/docs")).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/html; charset=utf-8"));
    let policy = answer.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("unsafe"), "{policy}");
    let page = answer.text();
    for (at, operation) in all(&document) {
        let id = operation["operationId"].as_str().unwrap();
        assert!(page.contains(&format!("<article id=\"op-{id}\">")), "{at}");
    }
    assert!(!page.contains("<script") && !page.contains("src="), "a page without scripts and without assets");
}
