//! Delivery: signed URLs, and what they serve.

mod conditional;
mod privacy;
mod ranges;
mod renditions;
mod rotation;
mod signatures;

use reqwest::Method;
use serde_json::Value;

use crate::shelf::{SAMPLE, shelve};
use crate::support::{Answer, Client, Server};

/// The media that the sample photograph becomes.
async fn sample(client: &Client) -> Value {
    shelve(client, "Ada Example at home.jpg", SAMPLE).await.1
}

/// Fetches a URL as anyone would who has it: without key or connection.
async fn fetch(server: &Server, method: Method, url: &str, fields: &[(&str, &str)]) -> Answer {
    let request = server.client.bare(method, url);
    Answer::to(fields.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
}

/// GETs a URL.
async fn get(server: &Server, url: &str, fields: &[(&str, &str)]) -> Answer {
    fetch(server, Method::GET, url, fields).await
}

/// The URL of one of a media's files.
fn url<'m>(media: &'m Value, file: &str) -> &'m str {
    media["files"][file]["url"].as_str().unwrap()
}

/// When a URL expires, in seconds since the epoch.
fn expires(url: &str) -> i64 {
    let (_, rest) = url.split_once("exp=").unwrap();
    rest.split('&').next().unwrap().parse().unwrap()
}
