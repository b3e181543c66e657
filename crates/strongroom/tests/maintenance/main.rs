//! Checking, copying and restoring a vault. What happens when they are killed, and two hundred faults at once, are
//! conformance/maintenance_kills.py's and conformance/fsck.py's to try.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../support/mod.rs"]
mod support;

mod backup;
mod faults;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use strongroom_server::maintenance::fsck::{Fsck, FsckOptions, Report};
use strongroom_store::{Durability, Store};

use support::{Client, Server, eventually, photo};

/// A vault in which there is one of everything: photos, one of them twice, a signed PDF, an upload under way with a part that
/// was sent again.
async fn vault() -> (Server, Vec<Value>) {
    // The sweep would clear what a check is to find. The rows of whatever catalog the tests are run on, the bytes of a disk.
    let settings = [("STRONGROOM_UPLOAD__MIN_PART_BYTES", "1024"), ("STRONGROOM_SWEEP__INTERVAL_SECONDS", "3600")];
    let server = Server::start(&settings).await;
    let mut media = Vec::new();
    for seed in [0, 1, 2, 2] {
        media.push(upload(&server.client, &photo(64, 48, seed)).await);
    }
    let form = json!({ "name": "A form", "type": "model" });
    let form = server.client.post_json("/v2/access/self/release-forms", &form).await.ok();
    let path = format!("/v2/access/self/release-forms/{}/document", form["id"]);
    server.client.put_bytes(&path, b"%PDF-1.7\nsigned", &[]).await.ok();
    for media in &mut media {
        *media = settled(&server.client, media).await;
        assert_eq!(media["status"], "ready", "{media:#}");
    }
    (server, media)
}

/// Uploads a file to its end, and waits for nothing.
async fn upload(client: &Client, bytes: &[u8]) -> Value {
    let id = send_parts(client, bytes).await;
    let answer = client.post_json("/v2/access/uploads/complete", &json!({ "mediaUploadId": id })).await.ok();
    answer["media"].clone()
}

/// Sends all parts of a file. Answers the upload's id.
async fn send_parts(client: &Client, bytes: &[u8]) -> String {
    let new = json!({ "filename": "file.png", "size": bytes.len(), "contentType": "image/png" });
    let init = client.post_json("/v2/access/uploads/init", &new).await.ok();
    let id = init["mediaUploadId"].as_str().unwrap();
    for part in init["parts"].as_array().unwrap() {
        let at = |name: &str| usize::try_from(part["byteRange"][name].as_u64().unwrap()).unwrap();
        let path = format!("/v2/access/uploads/{id}/parts/{}", part["partNumber"]);
        client.put_bytes(&path, &bytes[at("start")..=at("end")], &[]).await.ok();
    }
    id.to_owned()
}

async fn settled(client: &Client, media: &Value) -> Value {
    let path = format!("/v2/access/vault/media/{}", media["id"]);
    eventually(async || {
        let seen = client.get(&path).await.ok();
        ["ready", "error"].contains(&seen["status"].as_str().unwrap()).then_some(seen)
    })
    .await
}

/// A check as another process would make it, which takes bytes for old at once.
async fn fsck(server: &Server, repair: bool) -> Report {
    let store = Store::open(server.data(), Durability::Relaxed).unwrap();
    let options = FsckOptions {
        data_dir: server.data().to_owned(),
        repair,
        scrub: true,
        max_bytes_per_second: None,
        grace: Duration::ZERO,
    };
    // Files have the machine's times, and the test's clock stands.
    server.clock.advance(Duration::from_secs(60));
    let fsck = Fsck::new(server.catalog.clone(), store, Arc::new(server.clock.clone()), options);
    fsck.run(|_| {}).await.unwrap()
}

/// The kinds of a report's faults, and how often each is in it.
fn kinds(report: &Report) -> Value {
    let mut counts = serde_json::Map::new();
    for fault in &report.faults {
        let kind = json!(fault.kind).as_str().unwrap().to_owned();
        let before = counts.get(&kind).and_then(Value::as_u64).unwrap_or_default();
        counts.insert(kind, json!(before + 1));
    }
    Value::Object(counts)
}

/// The files of an area, in the order of their names.
fn files(server: &Server, area: &str) -> Vec<PathBuf> {
    let mut names = server.files(area);
    names.sort_unstable();
    names.iter().map(|name| server.data().join(area).join(&name[..2]).join(name)).collect()
}
