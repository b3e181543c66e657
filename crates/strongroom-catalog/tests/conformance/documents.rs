//! Signed documents.

use strongroom_catalog::Catalog;
use strongroom_catalog::records::{DocumentKind, NewBlob, NewDocument, NextStep, Refused};
use strongroom_core::id::{BlobKey, ConnectionId, FormId, UploadId};
use strongroom_core::job::JobKind;
use strongroom_core::media::{FailureCode, Format, MediaStatus, MediaType};

use super::at;
use super::consent::{actor, pending, read};
use super::fixtures::{SIZE_BYTES, digest, failure, tenant};

pub(crate) fn document(owner: &ConnectionId, kind: DocumentKind, seed: u8) -> NewDocument {
    let blob = NewBlob {
        connection: owner.clone(),
        key: BlobKey::of_upload(UploadId::random()),
        etag: digest(seed),
        size_bytes: SIZE_BYTES,
        media_type: MediaType::Photo,
        format: None,
        next: NextStep::Fail(failure(FailureCode::NotMedia)),
    };
    NewDocument { blob, sha256: [seed; 32], kind }
}

pub(crate) async fn documents_are_versions_and_stay(catalog: &Catalog) {
    let (owner, stranger) = (tenant(catalog).await, tenant(catalog).await);
    let id = pending(catalog, &owner, at(0)).await;
    let add = async |kind, seed, second| {
        catalog
            .add_document(owner.clone(), id, document(&owner, kind, seed), actor(), at(second))
            .await
            .unwrap()
            .unwrap()
    };
    let first = add(DocumentKind::Pdf, 1, 1).await;
    assert_eq!(
        (first.version, first.sha256, first.kind, first.size_bytes),
        (1, [1; 32], DocumentKind::Pdf, SIZE_BYTES)
    );
    assert_eq!(add(DocumentKind::Pdf, 1, 2).await, first, "the same bytes are no new version");
    failed_ones_are_tried_once_more(catalog, &owner, id).await;
    let second = add(DocumentKind::Picture(Format::Jpeg), 2, 3).await;
    let third = add(DocumentKind::Pdf, 1, 4).await;
    assert_eq!((second.version, third.version, third.blob), (2, 3, first.blob), "but older ones can come back");

    let read_version = async |version| catalog.document(owner.clone(), id, version).await.unwrap();
    assert_eq!(read_version(None).await.as_ref(), Some(&third));
    assert_eq!(read_version(Some(1)).await, Some(first));
    assert_eq!(read_version(Some(2)).await, Some(second));
    assert_eq!(read_version(Some(4)).await, None);
    assert_eq!(read(catalog, &owner, id).await.document, Some(third));
    assert_eq!(catalog.document(stranger.clone(), id, None).await.unwrap(), None);

    let rows = catalog.audit_of_form(owner.clone(), id, 0, 10).await.unwrap();
    let hashes: Vec<_> = rows.iter().map(|row| row.document_sha256).collect();
    assert_eq!(
        hashes,
        [None, Some([1; 32]), Some([2; 32]), Some([1; 32])],
        "the log says which document was the newest"
    );
    let theirs = document(&stranger, DocumentKind::Pdf, 5);
    let refused = catalog.add_document(stranger, id, theirs, actor(), at(5)).await.unwrap();
    assert_eq!(refused, Err(Refused::Form(id)));

    catalog.delete_form(owner.clone(), id, actor(), at(6)).await.unwrap().unwrap();
    assert_eq!(read_version(None).await, None);
    assert!(catalog.names_blob(blob_of_the_first(catalog, &owner).await).await.unwrap(), "kept all the same");
}

/// Sends the newest document of a form again, which could not be rendered.
async fn failed_ones_are_tried_once_more(catalog: &Catalog, owner: &ConnectionId, form: FormId) {
    let status = async |blob| catalog.blob_state(owner.clone(), blob).await.unwrap().unwrap().status;
    let again = async || {
        let mut new = document(owner, DocumentKind::Pdf, 1);
        new.blob.next = NextStep::Render(JobKind::RenderPhoto);
        catalog.add_document(owner.clone(), form, new, actor(), at(2)).await.unwrap().unwrap()
    };
    let same = again().await;
    assert_eq!((same.version, status(same.blob).await), (1, MediaStatus::Processing));
    assert_eq!(again().await, same, "while it is under way, nothing is added");
    let job = catalog.claim_job(JobKind::RenderPhoto, at(3)).await.unwrap().unwrap();
    assert!(catalog.fail_render(job, failure(FailureCode::Malformed), at(3)).await.unwrap());
    assert_eq!(catalog.claim_job(JobKind::RenderPhoto, at(3)).await.unwrap(), None);
    assert_eq!(status(same.blob).await, MediaStatus::Error);
}

/// Where the first document lies, told by a form that shares it: of a deleted form nobody can ask.
async fn blob_of_the_first(catalog: &Catalog, owner: &ConnectionId) -> BlobKey {
    let other = pending(catalog, owner, at(7)).await;
    let shared = document(owner, DocumentKind::Pdf, 1);
    let fresh = shared.blob.key;
    let kept = catalog.add_document(owner.clone(), other, shared, actor(), at(8)).await.unwrap().unwrap().blob;
    assert_ne!(kept, fresh, "the bytes were here already");
    kept
}
