//! Connections that are deleted, and what becomes of what they held.

use strongroom_catalog::Catalog;
use strongroom_catalog::records::Remains;
use strongroom_core::id::{BlobKey, ConnectionId, UploadId};

use super::at;
use super::fixtures::{claim, completed, media_of, open, part, ready, tenant, upload_record};

/// All that a deleted connection holds, taken away as the sweeper does.
async fn purge(catalog: &Catalog, owner: &ConnectionId) -> (Vec<UploadId>, Vec<BlobKey>) {
    let mut all = (Vec::new(), Vec::new());
    loop {
        let remains = catalog.remains(owner.clone()).await.unwrap();
        if remains == (Remains { uploads: Vec::new(), blobs: Vec::new() }) {
            return all;
        }
        all.0.extend(remains.uploads.iter().copied());
        all.1.extend(remains.blobs.iter().copied());
        catalog.forget_remains(owner.clone(), remains).await.unwrap();
    }
}

pub(crate) async fn a_deleted_connection_is_unknown_and_then_empty(catalog: &Catalog) {
    let (mine, theirs) = (tenant(catalog).await, tenant(catalog).await);
    let shown = ready(catalog, &mine, 1, at(0)).await;
    let previewed = ready(catalog, &mine, 2, at(0)).await;
    assert!(catalog.set_preview(mine.clone(), previewed.media, Some(shown.blob)).await.unwrap());
    let waiting = completed(catalog, &mine, 3, at(0)).await;
    let session = open(catalog, &mine, at(0)).await;
    catalog.record_part(mine.clone(), session, part(1, None), at(0), at(9)).await.unwrap();
    let kept = completed(catalog, &theirs, 1, at(0)).await;

    assert!(catalog.delete_connection(mine.clone(), at(1)).await.unwrap());
    assert!(!catalog.delete_connection(mine.clone(), at(2)).await.unwrap(), "it is unknown already");
    assert!(!catalog.delete_connection(ConnectionId::random(), at(2)).await.unwrap());
    assert_eq!(catalog.connection(mine.clone()).await.unwrap(), None);
    let name = strongroom_core::rendition::RenditionName::Thumb;
    assert_eq!(catalog.deliverable(shown.media, name).await.unwrap(), None, "its URLs are dead");
    assert!(!catalog.create_upload(upload_record(&mine, at(2)), 100).await.unwrap(), "it takes nothing more");

    let mine_alone = std::slice::from_ref(&mine);
    assert_eq!(catalog.deleted_connections().await.unwrap(), mine_alone);
    let (uploads, blobs) = purge(catalog, &mine).await;
    assert!(uploads.contains(&session) && uploads.len() == 4, "{uploads:?}");
    let names = |blobs: &[BlobKey]| blobs.iter().map(ToString::to_string).collect::<std::collections::BTreeSet<_>>();
    assert_eq!(names(&blobs), names(&[shown.blob, previewed.blob, waiting.blob]));

    catalog.bury_connection(mine.clone(), at(1), at(3)).await.unwrap();
    assert_eq!(catalog.deleted_connections().await.unwrap(), mine_alone, "a late request may still write");
    catalog.bury_connection(mine.clone(), at(2), at(3)).await.unwrap();
    assert_eq!(catalog.deleted_connections().await.unwrap(), []);
    assert_eq!(catalog.parts(mine.clone(), session).await.unwrap(), []);

    assert_eq!(media_of(catalog, &theirs, kept).await.blob, kept.blob, "another's is untouched");
    assert_eq!(claim(catalog, at(4)).await.blob, kept.blob, "and no job is left but theirs");
    catalog.bury_connection(theirs.clone(), at(2), at(3)).await.unwrap();
    assert!(catalog.connection(theirs).await.unwrap().is_some_and(|theirs| !theirs.name.is_empty()));
}
