//! A file that came whole: one transaction from an open session to a media, once, and nothing of whoever comes second.

use strongroom_catalog::records::{Completed, NewMedia, WholeCompleted};
use strongroom_catalog::{Catalog, CatalogError};
use strongroom_core::id::{BlobKey, ConnectionId, UploadId};
use strongroom_core::media::MediaStatus;
use strongroom_core::upload::UploadState;

use super::fixtures::{
    SIZE_BYTES, completed, completing, digest, events_of, media_of, not_media, open, part, photo, state, tenant,
};
use super::quotas::limit;
use super::{at, race};

/// A photo under a key of its own.
fn whole(owner: &ConnectionId, upload: UploadId, seed: u8) -> NewMedia {
    NewMedia { blob: BlobKey::of_upload(UploadId::random()), ..photo(owner, upload, seed) }
}

fn done(answer: WholeCompleted) -> Completed {
    let WholeCompleted::Completed { completed, .. } = answer else { panic!("{answer:?}") };
    completed
}

pub(crate) async fn a_whole_file_becomes_a_media_at_once(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let id = open(catalog, &owner, at(0)).await;
    let new = whole(&owner, id, 1);
    let answer = catalog.complete_whole(new.clone(), at(1)).await.unwrap();
    assert!(matches!(answer, WholeCompleted::Completed { had_part: false, .. }));
    let done = done(answer);
    assert_eq!(done.blob, new.blob);

    let upload = catalog.upload(owner.clone(), id).await.unwrap().unwrap();
    assert_eq!((upload.state, upload.media), (UploadState::Completed, Some(done.media)));
    let parts = catalog.parts(owner.clone(), id).await.unwrap();
    assert_eq!((parts.len(), parts[0].digest, parts[0].size_bytes), (1, digest(1), SIZE_BYTES));
    assert_eq!(media_of(catalog, &owner, done).await.status, MediaStatus::Processing);
    assert_eq!(events_of(catalog, &owner, done).await, ["upload.completed"]);
    assert_eq!(catalog.list_jobs(10).await.unwrap().len(), 1);
    let usage = catalog.usage(owner.clone()).await.unwrap();
    assert_eq!((usage.stored_bytes, usage.reserved_bytes), (SIZE_BYTES, 0));

    let no_media = open(catalog, &owner, at(0)).await;
    let new = NewMedia { blob: BlobKey::of_upload(UploadId::random()), ..not_media(&owner, no_media, 2) };
    let failed = self::done(catalog.complete_whole(new, at(1)).await.unwrap());
    assert_eq!(events_of(catalog, &owner, failed).await, ["upload.completed", "media.failed"]);
}

pub(crate) async fn the_same_bytes_whole_share_a_blob(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let first = completed(catalog, &owner, 1, at(0)).await;
    let id = open(catalog, &owner, at(0)).await;
    let second = done(catalog.complete_whole(whole(&owner, id, 1), at(1)).await.unwrap());
    assert_eq!(second.blob, first.blob);
    assert_ne!(second.media, first.media);
    assert_eq!(catalog.usage(owner).await.unwrap().stored_bytes, SIZE_BYTES);
}

/// Each with bytes of its own, under a key of its own.
pub(crate) async fn of_eight_whole_files_one_counts(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let id = open(catalog, &owner, at(0)).await;
    let news: Vec<_> = (0..8).map(|seed| whole(&owner, id, seed)).collect();
    let answers = race(8, |index| {
        let (catalog, new) = (catalog.clone(), news[index].clone());
        async move { (new.etag, catalog.complete_whole(new, at(1)).await.unwrap()) }
    })
    .await;
    let (won, lost): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|(_, answer)| matches!(answer, WholeCompleted::Completed { .. }));
    assert!(lost.iter().all(|(_, answer)| *answer == WholeCompleted::NotOpen(UploadState::Completed)), "{lost:?}");
    let [(etag, winner)] = won.as_slice() else { panic!("{won:?}") };
    let media = media_of(catalog, &owner, done(*winner)).await;
    assert_eq!(media.etag, *etag);
    assert_eq!(catalog.parts(owner.clone(), id).await.unwrap()[0].digest, *etag);
    assert_eq!(catalog.list_jobs(10).await.unwrap().len(), 1);
    for new in &news {
        assert_eq!(catalog.names_blob(new.blob).await.unwrap(), new.blob == media.blob);
    }
}

pub(crate) async fn a_session_that_is_not_open_takes_no_whole_file(catalog: &Catalog) {
    let (owner, stranger) = (tenant(catalog).await, tenant(catalog).await);
    for closed in [UploadState::Aborted, UploadState::Expired, UploadState::Completing] {
        let id = open(catalog, &owner, at(0)).await;
        assert!(catalog.move_upload(owner.clone(), id, UploadState::Open, closed, at(0)).await.unwrap());
        let answer = catalog.complete_whole(whole(&owner, id, 1), at(1)).await.unwrap();
        assert_eq!(answer, WholeCompleted::NotOpen(closed));
        assert_eq!(state(catalog, &owner, id).await, closed);
    }
    let foreign = open(catalog, &owner, at(0)).await;
    let answer = catalog.complete_whole(whole(&stranger, foreign, 1), at(1)).await.unwrap();
    assert_eq!(answer, WholeCompleted::NotOpen(UploadState::Aborted));
    assert_eq!(state(catalog, &owner, foreign).await, UploadState::Open);
    assert_eq!(catalog.list_jobs(10).await.unwrap(), []);
}

pub(crate) async fn a_whole_file_replaces_the_part_that_was_there(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let id = open(catalog, &owner, at(0)).await;
    catalog.record_part(owner.clone(), id, part(1, Some(7)), at(0), at(9)).await.unwrap();
    let answer = catalog.complete_whole(whole(&owner, id, 5), at(1)).await.unwrap();
    assert!(matches!(answer, WholeCompleted::Completed { had_part: true, .. }));
    let parts = catalog.parts(owner.clone(), id).await.unwrap();
    assert_eq!((parts.len(), parts[0].digest, parts[0].side), (1, digest(5), None));
}

pub(crate) async fn a_whole_file_is_held_to_a_quota_that_was_lowered(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let known = completed(catalog, &owner, 1, at(0)).await;
    let (new, same) = (open(catalog, &owner, at(0)).await, open(catalog, &owner, at(0)).await);
    let ending = completing(catalog, &owner, at(0)).await;
    limit(catalog, &owner, 3 * SIZE_BYTES - 1).await;
    // One file is stored and one is completing: for a third there is no room.
    let refused = catalog.complete_whole(whole(&owner, new, 2), at(1)).await.unwrap_err();
    assert!(matches!(refused, CatalogError::OverQuota(_)), "{refused}");
    assert_eq!(state(catalog, &owner, new).await, UploadState::Open);
    assert_eq!(catalog.parts(owner.clone(), new).await.unwrap(), []);
    // Bytes that are here already cost nothing.
    assert_eq!(done(catalog.complete_whole(whole(&owner, same, 1), at(1)).await.unwrap()).blob, known.blob);
    limit(catalog, &owner, 3 * SIZE_BYTES).await;
    done(catalog.complete_whole(whole(&owner, new, 2), at(1)).await.unwrap());
    assert_eq!(state(catalog, &owner, ending).await, UploadState::Completing);
}
