use insta::assert_snapshot;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::session::{Session, UPLOADS, media};
use crate::support::{Client, Server, noise, photo};

async fn check(client: &Client, body: Value) -> Value {
    client.post_json(&format!("{UPLOADS}/check"), &body).await.ok()
}

#[tokio::test]
async fn a_file_that_is_there_is_found_by_its_digest() {
    let server = Server::start(&[]).await;
    let file = photo(64, 48, 1);
    let made = media(&Session::filled(&server.client, &file).await.complete().await);
    let (blake3, size) = (blake3::hash(&file).to_string(), file.len());
    let sha256: String = Sha256::digest(&file).iter().map(|byte| format!("{byte:02x}")).collect();
    let found = json!({ "exists": true, "media": made });
    for etag in [blake3.clone(), format!("\"{blake3}\""), blake3.to_uppercase()] {
        assert_eq!(check(&server.client, json!({ "etag": etag, "size": size })).await, found, "{etag}");
    }
    assert_eq!(check(&server.client, json!({ "sha256": sha256, "size": size })).await, found);
    let printed_as_float: Value = serde_json::from_str(&format!("{size}.0")).unwrap();
    assert_eq!(check(&server.client, json!({ "etag": blake3, "size": printed_as_float })).await, found);
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let server = Server::start(&[]).await;
    let file = photo(64, 48, 1);
    Session::filled(&server.client, &file).await.complete().await.ok();
    let (etag, size) = (blake3::hash(&file).to_string(), file.len());
    let absent = json!({ "exists": false });
    let others = ["d41d8cd98f00b204e9800998ecf8427e", "\"d41d8cd98f00b204e9800998ecf8427e-3\"", "W/\"1\"", "é"];
    for other in others {
        assert_eq!(check(&server.client, json!({ "etag": other, "size": size })).await, absent, "{other}");
    }
    assert_eq!(check(&server.client, json!({ "etag": etag, "size": size + 1 })).await, absent);
    assert_eq!(check(&server.client, json!({ "sha256": etag, "size": size })).await, absent);
    assert_eq!(check(&server.new_client().await, json!({ "etag": etag, "size": size })).await, absent);
}

#[tokio::test]
async fn a_media_that_failed_is_not_offered() {
    let server = Server::start(&[]).await;
    let file = noise(100);
    Session::filled(&server.client, &file).await.complete().await.ok();
    let body = json!({ "etag": blake3::hash(&file).to_string(), "size": 100 });
    assert_eq!(check(&server.client, body).await, json!({ "exists": false }));
}

#[tokio::test]
async fn a_question_that_is_none_is_named() {
    let server = Server::start(&[]).await;
    let refused = async |body: Value| server.client.post_json(&format!("{UPLOADS}/check"), &body).await.refusal();
    assert_snapshot!(refused(json!({ "size": 10 })).await, @r#"
    400 BAD_REQUEST: etag: missing, but required
    {"expected":"a value","field":"etag","value":null}
    "#);
    assert_snapshot!(refused(json!({ "etag": "", "size": 10 })).await, @r#"
    400 BAD_REQUEST: etag: `` is not an entity tag
    {"expected":"an entity tag","field":"etag","value":""}
    "#);
    assert_snapshot!(refused(json!({ "etag": "\"00\"" })).await, @r#"
    400 BAD_REQUEST: size: missing, but required
    {"expected":"a value","field":"size","value":null}
    "#);
    assert_snapshot!(refused(json!({ "etag": "\"00\"", "size": 0 })).await, @r#"
    400 BAD_REQUEST: size: `0` is not a whole number above 0
    {"expected":"a whole number above 0","field":"size","value":"0"}
    "#);
    assert_snapshot!(refused(json!({ "etag": "\"00\"", "size": -1 })).await, @r#"
    400 BAD_REQUEST: size: `-1` is not a whole number above 0
    {"expected":"a whole number above 0","field":"size","value":"-1"}
    "#);
    assert_snapshot!(refused(json!({ "etag": "\"00\"", "size": 1.5 })).await, @r#"
    400 BAD_REQUEST: size: `1.5` is not a whole number above 0
    {"expected":"a whole number above 0","field":"size","value":"1.5"}
    "#);
    assert_snapshot!(refused(json!({ "etag": "\"00\"", "size": "10" })).await, @r#"
    400 BAD_REQUEST: size: `"10"` is not a number
    {"expected":"a number","field":"size","value":"\"10\""}
    "#);
    assert_snapshot!(refused(json!({ "sha256": "abc", "size": 10 })).await, @r#"
    400 BAD_REQUEST: sha256: `abc` is not 64 hexadecimal digits
    {"expected":"64 hexadecimal digits","field":"sha256","value":"abc"}
    "#);
}
