//! Quotas: what counts, and that no race gets by them.

use strongroom_catalog::records::{NewBlob, NewMedia, NextStep, SettingsChange, Shortfall, Usage};
use strongroom_catalog::{Catalog, CatalogError};
use strongroom_core::id::{BlobKey, ConnectionId, UploadId};
use strongroom_core::media::{Format, MediaType};
use strongroom_core::upload::UploadState;

use super::fixtures::{
    IDLE, SIZE_BYTES, completed, completing, digest, facts, open, photo, ready, state, tenant, upload_record,
};
use super::{at, race};

pub(crate) async fn limit(catalog: &Catalog, owner: &ConnectionId, bytes: u64) {
    let change = SettingsChange { quota_bytes: Some(Some(bytes)), ..SettingsChange::default() };
    assert!(catalog.change_connection_settings(owner.clone(), change, at(0)).await.unwrap());
}

/// Stored and reserved bytes, in files.
async fn files(catalog: &Catalog, owner: &ConnectionId) -> (u64, u64) {
    let Usage { stored_bytes, reserved_bytes } = catalog.usage(owner.clone()).await.unwrap();
    assert_eq!((stored_bytes % SIZE_BYTES, reserved_bytes % SIZE_BYTES), (0, 0));
    (stored_bytes / SIZE_BYTES, reserved_bytes / SIZE_BYTES)
}

async fn close(catalog: &Catalog, owner: &ConnectionId, id: UploadId, end: UploadState) {
    assert!(catalog.move_upload(owner.clone(), id, UploadState::Open, end, at(1)).await.unwrap());
}

fn picture(owner: &ConnectionId, seed: u8) -> NewBlob {
    NewBlob {
        connection: owner.clone(),
        key: BlobKey::of_upload(UploadId::random()),
        etag: digest(seed),
        size_bytes: SIZE_BYTES,
        media_type: MediaType::Photo,
        format: Some(Format::Jpeg),
        next: NextStep::Render(strongroom_core::job::JobKind::RenderPhoto),
    }
}

pub(crate) async fn bytes_are_promised_at_init_and_stored_at_complete(catalog: &Catalog) {
    let (owner, stranger) = (tenant(catalog).await, tenant(catalog).await);
    assert_eq!(files(catalog, &owner).await, (0, 0));
    let (first, second) = (open(catalog, &owner, at(0)).await, open(catalog, &owner, at(0)).await);
    let third = completing(catalog, &owner, at(0)).await;
    assert_eq!(files(catalog, &owner).await, (0, 3));
    close(catalog, &owner, first, UploadState::Aborted).await;
    assert!(catalog.expire_upload(owner.clone(), second, at(0).after(IDLE)).await.unwrap());
    assert_eq!(files(catalog, &owner).await, (0, 1));
    catalog.complete_upload(photo(&owner, third, 1), at(1)).await.unwrap();
    assert_eq!(files(catalog, &owner).await, (1, 0));
    completed(catalog, &owner, 1, at(2)).await;
    assert_eq!(files(catalog, &owner).await, (1, 0), "the same bytes again cost nothing");
    completed(catalog, &owner, 2, at(3)).await;
    catalog.keep_blob(picture(&owner, 3), at(4)).await.unwrap();
    catalog.keep_blob(picture(&owner, 3), at(4)).await.unwrap();
    assert_eq!(files(catalog, &owner).await, (3, 0), "what is kept without a media counts, once");
    assert_eq!(catalog.purge_uploads(at(100_000)).await.unwrap(), 2);
    assert_eq!(files(catalog, &owner).await, (3, 0));
    assert_eq!(files(catalog, &stranger).await, (0, 0));
}

pub(crate) async fn what_does_not_fit_says_by_how_much(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    completed(catalog, &owner, 1, at(0)).await;
    open(catalog, &owner, at(0)).await;
    limit(catalog, &owner, 3 * SIZE_BYTES - 1).await;
    let shortfall =
        Shortfall { limit: 3 * SIZE_BYTES - 1, used: SIZE_BYTES, reserved: SIZE_BYTES, requested: SIZE_BYTES };
    let refused = upload_record(&owner, at(1));
    let error = catalog.create_upload(refused.clone(), i64::MAX).await.unwrap_err();
    assert_eq!(error, CatalogError::OverQuota(shortfall));
    assert_eq!(catalog.upload(owner.clone(), refused.id).await.unwrap(), None);
    let error = catalog.keep_blob(picture(&owner, 2), at(1)).await.unwrap_err();
    assert_eq!(error, CatalogError::OverQuota(shortfall));
    assert!(catalog.keep_blob(picture(&owner, 1), at(1)).await.is_ok(), "these bytes are here already");
    limit(catalog, &owner, 3 * SIZE_BYTES).await;
    assert!(catalog.create_upload(refused, i64::MAX).await.unwrap());
    assert_eq!(files(catalog, &owner).await, (1, 2));
}

pub(crate) async fn the_quota_holds_when_64_open_at_once(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    limit(catalog, &owner, 64 * SIZE_BYTES - 1).await;
    let opened = race(64, |_| {
        let (catalog, record) = (catalog.clone(), upload_record(&owner, at(0)));
        async move { catalog.create_upload(record, i64::MAX).await.is_ok_and(|created| created) }
    })
    .await;
    assert_eq!(opened.into_iter().filter(|opened| *opened).count(), 63);
    assert_eq!(files(catalog, &owner).await, (0, 63));
}

/// A quota that was lowered after init is held to at complete; whoever comes first is let through.
pub(crate) async fn a_lowered_quota_is_held_to_at_complete(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    completed(catalog, &owner, 100, at(0)).await;
    let mut ids = Vec::new();
    for _ in 0..16 {
        ids.push(open(catalog, &owner, at(0)).await);
    }
    limit(catalog, &owner, 6 * SIZE_BYTES + 1).await;
    let begun = race(16, |index| {
        let (catalog, owner, id) = (catalog.clone(), owner.clone(), ids[index]);
        async move {
            let etag = digest(u8::try_from(index).unwrap());
            match catalog.begin_completing(owner, id, etag, at(1)).await {
                Ok(begun) => begun.is_some(),
                Err(CatalogError::OverQuota(Shortfall { requested: SIZE_BYTES, .. })) => false,
                Err(error) => panic!("{error}"),
            }
        }
    })
    .await;
    let mut blobs = 1;
    for (seed, (id, begun)) in ids.iter().zip(&begun).enumerate() {
        let expected = if *begun { UploadState::Completing } else { UploadState::Open };
        assert_eq!(state(catalog, &owner, *id).await, expected);
        if *begun {
            let new: NewMedia = photo(&owner, *id, u8::try_from(seed).unwrap());
            catalog.complete_upload(new, at(2)).await.unwrap();
            blobs += 1;
        }
    }
    assert_eq!((blobs, files(catalog, &owner).await), (6, (6, 11)));
    // Bytes that are here already cost nothing, whatever the quota says.
    let left = ids.iter().zip(&begun).find(|(_, begun)| !**begun).map(|(id, _)| *id).unwrap();
    limit(catalog, &owner, 0).await;
    assert!(catalog.begin_completing(owner.clone(), left, digest(99), at(3)).await.is_err());
    assert!(catalog.begin_completing(owner.clone(), left, digest(100), at(3)).await.unwrap().is_some());
    let again = catalog.begin_completing(owner, left, digest(100), at(3)).await.unwrap();
    assert_eq!(again, None, "it is not open any more");
}

pub(crate) async fn renditions_are_free(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    limit(catalog, &owner, SIZE_BYTES).await;
    let photo = ready(catalog, &owner, 1, at(0)).await;
    assert!(facts(1).renditions.iter().map(|rendition| rendition.size_bytes).sum::<u64>() > SIZE_BYTES);
    assert_eq!(files(catalog, &owner).await, (1, 0));
    assert!(catalog.media(owner, photo.media).await.unwrap().is_some());
}
