//! A complete that a crash ended in the middle: the session is left `completing`.

use std::time::Duration;

use insta::assert_snapshot;
use strongroom_catalog::Catalog;
use strongroom_core::clock::Clock as _;
use strongroom_core::id::{BlobKey, UploadId};
use strongroom_core::upload::{PartRange, UploadState};
use strongroom_store::{Durability, PartLocation, Store};

use crate::session::{QUICK_SWEEPS, SMALL_PARTS, Session, etag, media};
use crate::support::{Server, eventually, noise};

const FILE_BYTES: usize = 2500;

/// Puts a session into the state in which a crash right after complete's first step leaves it.
async fn interrupt(server: &Server, session: &Session) -> UploadId {
    let (owner, id): (_, UploadId) = (session.client.connection.clone(), session.id.parse().unwrap());
    let (from, to) = (UploadState::Open, UploadState::Completing);
    assert!(server.catalog.move_upload(owner, id, from, to, server.clock.now()).await.unwrap());
    id
}

/// Publishes the bytes of an interrupted session, as far as a crash before the transaction had got.
async fn publish(catalog: &Catalog, server: &Server, session: &Session, id: UploadId) {
    let owner = session.client.connection.clone();
    let plan = catalog.upload(owner, id).await.unwrap().unwrap().plan;
    let places: Vec<(PartRange, PartLocation)> = plan.parts().map(|part| (part, PartLocation::InPlace)).collect();
    let store = Store::open(server.data(), Durability::Strict).unwrap();
    store.publish(id, &plan, &places, None, BlobKey::of_upload(id)).await.unwrap();
}

#[tokio::test]
async fn the_next_complete_ends_it() {
    let server = Server::start(&[SMALL_PARTS]).await;
    let file = noise(FILE_BYTES);
    let session = Session::filled(&server.client, &file).await;
    interrupt(&server, &session).await;
    assert_eq!(session.state().await, "completing");
    assert_eq!(media(&session.complete().await)["etag"], etag(&file));
    assert_eq!(session.state().await, "completed");
}

#[tokio::test]
async fn the_next_complete_ends_it_also_where_the_bytes_were_published() {
    let server = Server::start(&[SMALL_PARTS]).await;
    let file = noise(FILE_BYTES);
    let session = Session::filled(&server.client, &file).await;
    let id = interrupt(&server, &session).await;
    publish(&server.catalog, &server, &session, id).await;
    let made = media(&session.complete().await);
    assert_eq!(made["etag"], etag(&file));
    let original = server.client.get(&format!("/v2/access/vault/media/{}/original", made["id"])).await;
    assert_eq!(original.bytes, file);
}

#[tokio::test]
async fn a_sweep_ends_it() {
    let server = Server::start(&[SMALL_PARTS, QUICK_SWEEPS]).await;
    let file = noise(FILE_BYTES);
    let session = Session::filled(&server.client, &file).await;
    interrupt(&server, &session).await;
    server.clock.advance(Duration::from_secs(31));
    let made = eventually(async || session.status().await.get("media").cloned()).await;
    assert_eq!(made["etag"], etag(&file));
    assert_eq!(media(&session.complete().await)["id"], made["id"]);
    assert_eq!(server.files("staging"), [""; 0]);
}

#[tokio::test]
async fn it_takes_no_parts_and_is_not_aborted() {
    let server = Server::start(&[SMALL_PARTS]).await;
    let session = Session::filled(&server.client, &noise(FILE_BYTES)).await;
    interrupt(&server, &session).await;
    assert_snapshot!(session.put_part(1, &[7; 1024]).await.refusal(), @"409 UPLOAD_CLOSED: upload:[id] is complete and takes no more parts");
    assert_snapshot!(session.abort().await.refusal(), @"409 UPLOAD_CLOSED: upload:[id] is complete and cannot be aborted; delete its media instead");
    session.complete().await.ok();
}

#[tokio::test]
async fn it_does_not_expire() {
    let server = Server::start(&[SMALL_PARTS, QUICK_SWEEPS]).await;
    let session = Session::filled(&server.client, &noise(FILE_BYTES)).await;
    interrupt(&server, &session).await;
    server.clock.advance(Duration::from_secs(8 * 24 * 3600));
    session.complete().await.ok();
}
