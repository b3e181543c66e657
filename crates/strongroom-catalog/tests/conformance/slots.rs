//! What nodes share of an upload in an object store, and the keys that all of them sign with.

use strongroom_catalog::Catalog;
use strongroom_core::id::{BlobKey, UploadId};
use strongroom_core::upload::UploadState;

use super::fixtures::{IDLE, completing, open, part, tenant};
use super::{at, race};

pub(crate) async fn a_slot_is_claimed_once(catalog: &Catalog) {
    let (owner, stranger) = (tenant(catalog).await, tenant(catalog).await);
    let id = open(catalog, &owner, at(0)).await;
    let claims = race(16, |_| {
        let (catalog, owner) = (catalog.clone(), owner.clone());
        async move { catalog.claim_slot(owner, id, 3).await.unwrap() }
    })
    .await;
    assert_eq!(claims.into_iter().filter(|is_ours| *is_ours).count(), 1);
    assert!(catalog.claim_slot(owner.clone(), id, 4).await.unwrap());
    assert!(!catalog.claim_slot(stranger, id, 5).await.unwrap());
    assert!(!catalog.claim_slot(owner.clone(), UploadId::random(), 1).await.unwrap());
    let closed = completing(catalog, &owner, at(1)).await;
    assert!(!catalog.claim_slot(owner, closed, 1).await.unwrap());
}

pub(crate) async fn a_slot_that_was_given_back_is_free(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let id = open(catalog, &owner, at(0)).await;
    assert!(catalog.claim_slot(owner.clone(), id, 1).await.unwrap());
    catalog.release_slot(owner.clone(), id, 1).await.unwrap();
    assert!(catalog.claim_slot(owner.clone(), id, 1).await.unwrap());
    // What is acknowledged in its slot is not to be written over, whoever gives the slot back.
    catalog.record_part(owner.clone(), id, part(1, None), at(1), at(1).after(IDLE)).await.unwrap();
    catalog.release_slot(owner.clone(), id, 1).await.unwrap();
    assert!(!catalog.claim_slot(owner, id, 1).await.unwrap());
}

pub(crate) async fn one_multipart_upload_holds_the_parts(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let id = open(catalog, &owner, at(0)).await;
    assert_eq!(catalog.multipart_of_staged(id).await.unwrap(), None);
    let kept = race(8, |number| {
        let (catalog, owner) = (catalog.clone(), owner.clone());
        async move { catalog.keep_multipart(owner, id, format!("multipart {number}")).await.unwrap() }
    })
    .await;
    let upload = catalog.upload(owner.clone(), id).await.unwrap().unwrap();
    assert!(upload.multipart.is_some());
    assert!(kept.iter().all(|kept| *kept == upload.multipart), "{kept:?}");
    assert_eq!(catalog.multipart_of_staged(id).await.unwrap(), upload.multipart);
    let closed = completing(catalog, &owner, at(1)).await;
    assert_eq!(catalog.keep_multipart(owner, closed, "late".to_owned()).await.unwrap(), None);
}

pub(crate) async fn a_session_opens_again_without_its_parts(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let id = open(catalog, &owner, at(0)).await;
    assert!(catalog.names_blob(BlobKey::of_upload(id)).await.unwrap());
    catalog.keep_multipart(owner.clone(), id, "first".to_owned()).await.unwrap();
    assert!(catalog.claim_slot(owner.clone(), id, 1).await.unwrap());
    catalog.record_part(owner.clone(), id, part(1, None), at(1), at(1).after(IDLE)).await.unwrap();
    assert!(!catalog.reopen_empty(owner.clone(), id, at(2)).await.unwrap());
    let (from, to) = (UploadState::Open, UploadState::Completing);
    assert!(catalog.move_upload(owner.clone(), id, from, to, at(2)).await.unwrap());
    assert!(catalog.reopen_empty(owner.clone(), id, at(3)).await.unwrap());
    let upload = catalog.upload(owner.clone(), id).await.unwrap().unwrap();
    assert_eq!((upload.state, upload.multipart, upload.active_at), (UploadState::Open, None, at(3)));
    assert_eq!(catalog.parts(owner.clone(), id).await.unwrap(), []);
    assert!(catalog.claim_slot(owner, id, 1).await.unwrap());
}

pub(crate) async fn the_newest_signing_key_comes_first(catalog: &Catalog) {
    let line = |name: &str| format!("{name} secret");
    for name in ["a", "b"] {
        catalog.first_signing_key(name.to_owned(), line(name), at(5)).await.unwrap();
    }
    assert_eq!(catalog.signing_keys().await.unwrap(), [line("a")]);
    // The clock of the second node is behind.
    for (name, now) in [("c", at(3)), ("d", at(9))] {
        catalog.add_signing_key(name.to_owned(), line(name), now, 2).await.unwrap();
    }
    assert_eq!(catalog.signing_keys().await.unwrap(), [line("d"), line("c")]);
}
