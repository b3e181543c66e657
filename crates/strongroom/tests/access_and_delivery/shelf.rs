//! Putting media on the shelf, for tests that are about what happens to them there.

use serde_json::{Value, json};

use crate::support::{Answer, Client};

/// The photograph that the demo uploads: 12 megapixels, turned, with a place and names in its metadata.
pub(crate) const SAMPLE: &[u8] = include_bytes!("../../../../samples/photo.jpg");

/// Opens a session for a file of `size` bytes. Answers its id.
pub(crate) async fn init(client: &Client, filename: &str, size: usize) -> String {
    let body = json!({ "filename": filename, "size": size, "contentType": "image/jpeg" });
    let session = client.post_json("/v2/access/uploads/init", &body).await.ok();
    session["mediaUploadId"].as_str().unwrap().to_owned()
}

/// Uploads `bytes` in one piece. Answers the upload's id, and its media once it is ready or has failed.
pub(crate) async fn shelve(client: &Client, filename: &str, bytes: &[u8]) -> (String, Value) {
    let id = init(client, filename, bytes.len()).await;
    let put = client.put_bytes(&format!("/v2/access/uploads/{id}"), bytes, &[("Prefer", "wait=20")]).await.ok();
    let media = put["media"].clone();
    assert_ne!(media["status"], "processing", "{media}");
    (id, media)
}

/// Every URL in a document.
pub(crate) fn urls(document: &Value) -> Vec<String> {
    match document {
        Value::Object(fields) => fields.values().flat_map(urls).collect(),
        Value::Array(items) => items.iter().flat_map(urls).collect(),
        Value::String(text) if text.starts_with("http") => vec![text.clone()],
        _ => Vec::new(),
    }
}

/// The ids of a list, in order.
pub(crate) fn ids(list: &Answer) -> Vec<i64> {
    list.ok()["list"].as_array().unwrap().iter().map(|media| media["id"].as_i64().unwrap()).collect()
}
