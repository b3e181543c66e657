//! Uploads whose parts go to the object store itself.

use strongroom_catalog::records::{Part, SettingsChange, Shortfall, Upload};
use strongroom_catalog::{Catalog, CatalogError};
use strongroom_core::upload::UploadState;

use super::at;
use super::fixtures::{IDLE, SIZE_BYTES, completing, digest, open, part, state, tenant, upload_record};

pub(crate) async fn a_direct_session_comes_back_as_such(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let record = Upload { is_direct: true, ..upload_record(&owner, at(0)) };
    assert!(catalog.create_upload(record.clone(), 9).await.unwrap());
    assert_eq!(catalog.upload(owner.clone(), record.id).await.unwrap(), Some(record.clone()));
    assert_eq!(catalog.list_uploads(owner, None, 9, 0).await.unwrap(), [record]);
}

pub(crate) async fn an_open_session_is_kept_open(catalog: &Catalog) {
    let (owner, stranger) = (tenant(catalog).await, tenant(catalog).await);
    let id = open(catalog, &owner, at(0)).await;
    assert!(catalog.keep_open(owner.clone(), id, at(9), at(9).after(IDLE)).await.unwrap());
    // A session is not cut short by a clock that is behind.
    assert!(catalog.keep_open(owner.clone(), id, at(3), at(3).after(IDLE)).await.unwrap());
    let upload = catalog.upload(owner.clone(), id).await.unwrap().unwrap();
    assert_eq!((upload.active_at, upload.expires_at), (at(3), at(9).after(IDLE)));
    assert!(!catalog.keep_open(stranger, id, at(9), at(9).after(IDLE)).await.unwrap());
    let closed = completing(catalog, &owner, at(1)).await;
    assert!(!catalog.keep_open(owner, closed, at(9), at(9).after(IDLE)).await.unwrap());
}

pub(crate) async fn what_was_read_of_a_joined_file_stays_read(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let (id, still_open) = (completing(catalog, &owner, at(0)).await, open(catalog, &owner, at(0)).await);
    let read = |number| Part { tag: Some(format!("tag {number}")), ..part(number, None) };
    for number in [2, 1] {
        assert!(catalog.keep_read_part(owner.clone(), id, read(number), at(5)).await.unwrap());
    }
    // Two nodes may read the same part.
    assert!(catalog.keep_read_part(owner.clone(), id, read(1), at(7)).await.unwrap());
    assert_eq!(catalog.parts(owner.clone(), id).await.unwrap(), [read(1), read(2)]);
    // Whoever is at it is not interrupted.
    assert_eq!(catalog.interrupted_uploads(at(7)).await.unwrap(), []);
    assert!(!catalog.keep_read_part(owner.clone(), still_open, read(1), at(7)).await.unwrap());
    assert_eq!(catalog.parts(owner, still_open).await.unwrap(), []);
}

pub(crate) async fn a_session_without_a_digest_needs_room(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let limit = async |bytes| {
        let change = SettingsChange { quota_bytes: Some(Some(bytes)), ..SettingsChange::default() };
        catalog.change_connection_settings(owner.clone(), change, at(0)).await.unwrap();
    };
    super::fixtures::completed(catalog, &owner, 1, at(0)).await;
    let id = open(catalog, &owner, at(0)).await;
    limit(2 * SIZE_BYTES - 1).await;
    let refused = catalog.begin_completing_unread(owner.clone(), id, Vec::new(), at(1)).await;
    assert!(matches!(refused, Err(CatalogError::OverQuota(Shortfall { requested: SIZE_BYTES, .. }))), "{refused:?}");
    assert_eq!(state(catalog, &owner, id).await, UploadState::Open);
    // Nobody knows yet that these bytes are here already.
    assert!(catalog.begin_completing(owner.clone(), id, digest(1), at(1)).await.unwrap().is_some());
    limit(9 * SIZE_BYTES).await;
    let another = completing(catalog, &owner, at(1)).await;
    assert!(!catalog.begin_completing_unread(owner.clone(), another, Vec::new(), at(1)).await.unwrap());
    let fits = open(catalog, &owner, at(0)).await;
    let tags = vec!["a\"b".to_owned(), "c".to_owned()];
    assert_eq!(catalog.part_tags(owner.clone(), fits).await.unwrap(), Vec::<String>::new());
    assert!(catalog.begin_completing_unread(owner.clone(), fits, tags.clone(), at(1)).await.unwrap());
    assert_eq!(catalog.part_tags(owner.clone(), fits).await.unwrap(), tags);
    assert_eq!(state(catalog, &owner, fits).await, UploadState::Completing);
}
