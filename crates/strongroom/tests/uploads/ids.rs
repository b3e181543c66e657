use insta::assert_snapshot;
use serde_json::json;

use crate::session::{SMALL_PARTS, Session, UPLOADS, media};
use crate::support::{Answer, Client, Server, noise};

const FILE_BYTES: usize = 2500;

/// Every call on the upload `id`, and what it answered.
async fn every_call(client: &Client, id: &str) -> Vec<Answer> {
    vec![
        client.get(&format!("{UPLOADS}/{id}")).await,
        client.put_bytes(&format!("{UPLOADS}/{id}/parts/1"), &[7; 1024], &[]).await,
        client.put_bytes(&format!("{UPLOADS}/{id}"), &[7; FILE_BYTES], &[]).await,
        client.post_json(&format!("{UPLOADS}/complete"), &json!({ "mediaUploadId": id })).await,
        client.delete(&format!("{UPLOADS}/{id}")).await,
    ]
}

#[tokio::test]
async fn ids_come_raw_and_percent_encoded() {
    let server = Server::start(&[SMALL_PARTS]).await;
    let file = noise(FILE_BYTES);
    let session = Session::open(&server.client, FILE_BYTES).await;
    let uuid = session.id.strip_prefix("upload:").unwrap();
    for id in [session.id.clone(), format!("upload%3A{uuid}"), format!("upload%3a{uuid}")] {
        let path = format!("{UPLOADS}/{id}");
        assert_eq!(server.client.get(&path).await.ok()["mediaUploadId"], session.id);
        for (part, number) in file.chunks(1024).zip(1..) {
            server.client.put_bytes(&format!("{path}/parts/{number}"), part, &[]).await.ok();
        }
    }
    session.complete().await.ok();
}

#[tokio::test]
async fn an_unknown_upload_is_not_told_from_another_connections() {
    let server = Server::start(&[SMALL_PARTS]).await;
    let session = Session::filled(&server.client, &noise(FILE_BYTES)).await;
    let stranger = server.new_client().await;
    let unknown_id = "upload:00000000-0000-4000-8000-000000000000";
    let foreign = every_call(&stranger, &session.id).await;
    let unknown = every_call(&stranger, unknown_id).await;
    for (foreign, unknown) in foreign.iter().zip(&unknown) {
        // Byte for byte, but for what the caller named and the request's own id.
        let plain = |answer: &Answer, id: &str| {
            answer.text().replace(id, "[upload]").replace(answer.header("x-request-id"), "[request]")
        };
        assert_eq!(plain(foreign, &session.id), plain(unknown, unknown_id));
        let names = |answer: &Answer| answer.headers.keys().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!((foreign.status, names(foreign)), (404, names(unknown)));
    }
    assert_snapshot!(foreign[0].refusal(), @"404 RESOURCE_NOT_FOUND: there is no upload upload:[id]");
    session.complete().await.ok();
}

#[tokio::test]
async fn what_is_no_id_is_an_upload_that_does_not_exist() {
    let server = Server::start(&[]).await;
    for id in ["7", "upload:7", "upload:", "00000000-0000-4000-8000-000000000000", "upload%2F7"] {
        for answer in every_call(&server.client, id).await {
            let text = answer.text();
            assert_eq!((answer.status, &answer.json()["type"]), (404, &json!("RESOURCE_NOT_FOUND")), "{id}: {text}");
        }
    }
}

#[tokio::test]
async fn an_upload_stands_for_its_media() {
    let server = Server::start(&[SMALL_PARTS]).await;
    let file = noise(FILE_BYTES);
    let session = Session::filled(&server.client, &file).await;
    let uuid = session.id.strip_prefix("upload:").unwrap();
    let path = |id: &str| format!("/v2/access/vault/media/{id}");
    assert_eq!(server.client.get(&path(&session.id)).await.json()["type"], "RESOURCE_NOT_FOUND");
    let made = media(&session.complete().await);
    for id in [session.id.clone(), format!("upload%3A{uuid}"), made["id"].to_string()] {
        assert_eq!(server.client.get(&path(&id)).await.ok()["id"], made["id"]);
        assert_eq!(server.client.get(&format!("{}/original", path(&id))).await.bytes, file);
    }
    assert_eq!(server.new_client().await.get(&path(&session.id)).await.status, 404);
}
