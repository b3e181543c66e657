//! What the sweeper asks, and its races with those who are still at work.

use strongroom_catalog::Catalog;
use strongroom_catalog::records::{Part, PartRecorded};
use strongroom_core::id::{BlobKey, UploadId};
use strongroom_core::job::JobState;
use strongroom_core::upload::UploadState;

use super::fixtures::{IDLE, completed, completing, digest, open, part, photo, ready, state, tenant, upload_record};
use super::{at, race};

pub(crate) async fn due_sessions_are_found_and_expired(catalog: &Catalog) {
    let (owner, other) = (tenant(catalog).await, tenant(catalog).await);
    let (second, first) = (open(catalog, &owner, at(10)).await, open(catalog, &other, at(0)).await);
    completing(catalog, &owner, at(0)).await;
    let due = async |now, limit| {
        let due = catalog.due_uploads(now, limit).await.unwrap();
        due.into_iter().map(|upload| upload.id).collect::<Vec<_>>()
    };
    assert_eq!(due(at(0), 10).await, []);
    assert_eq!(due(at(0).after(IDLE), 10).await, [first]);
    assert_eq!(due(at(60).after(IDLE), 10).await, [first, second]);
    assert_eq!(due(at(60).after(IDLE), 1).await, [first]);

    assert!(!catalog.expire_upload(owner.clone(), second, at(0).after(IDLE)).await.unwrap(), "it is not due");
    assert!(catalog.expire_upload(other.clone(), first, at(0).after(IDLE)).await.unwrap());
    assert!(!catalog.expire_upload(other.clone(), first, at(1).after(IDLE)).await.unwrap(), "it is expired");
    assert_eq!(state(catalog, &other, first).await, UploadState::Expired);
    assert_eq!(due(at(60).after(IDLE), 10).await, [second]);
}

/// A hundred races of a part with the sweeper. A part's acceptance implies that its session lived on.
pub(crate) async fn a_part_and_the_sweeper_agree(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let now = at(0).after(IDLE);
    let mut accepted_rounds = 0;
    for round in 0..100 {
        let id = open(catalog, &owner, at(0)).await;
        let answers = race(2, |index| {
            let (catalog, owner) = (catalog.clone(), owner.clone());
            async move {
                if index == round % 2 {
                    (Some(catalog.expire_upload(owner, id, now).await.unwrap()), None)
                } else {
                    let recorded = catalog.record_part(owner, id, part(1, None), now, now.after(IDLE));
                    (None, Some(recorded.await.unwrap()))
                }
            }
        })
        .await;
        let expired = answers.iter().find_map(|(expired, _)| *expired).unwrap();
        let recorded = answers.iter().find_map(|(_, recorded)| *recorded).unwrap();
        let parts = catalog.parts(owner.clone(), id).await.unwrap().len();
        let end = (expired, recorded, state(catalog, &owner, id).await, parts);
        if expired {
            assert_eq!(end, (true, PartRecorded::NotOpen(UploadState::Expired), UploadState::Expired, 0));
        } else {
            assert_eq!(end, (false, PartRecorded::Accepted { unneeded_side: None }, UploadState::Open, 1));
            accepted_rounds += 1;
        }
    }
    assert!((1..100).contains(&accepted_rounds), "both ends were seen; the part won {accepted_rounds} times");
}

pub(crate) async fn interrupted_completes_are_found(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let interrupted = async |before| {
        let found = catalog.interrupted_uploads(before).await.unwrap();
        found.into_iter().map(|upload| upload.id).collect::<Vec<_>>()
    };
    let (second, first) = (completing(catalog, &owner, at(20)).await, completing(catalog, &owner, at(10)).await);
    open(catalog, &owner, at(0)).await;
    completed(catalog, &owner, 1, at(0)).await;
    assert_eq!(interrupted(at(10)).await, [], "it was touched just now");
    assert_eq!(interrupted(at(11)).await, [first]);
    assert_eq!(interrupted(at(30)).await, [first, second]);

    catalog.complete_upload(photo(&owner, first, 2), at(31)).await.unwrap();
    let (from, to) = (UploadState::Completing, UploadState::Open);
    assert!(catalog.move_upload(owner.clone(), second, from, to, at(31)).await.unwrap(), "a failed complete reopens");
    assert_eq!(interrupted(at(100)).await, []);
    let recorded = catalog.record_part(owner, second, part(1, None), at(32), at(32).after(IDLE)).await.unwrap();
    assert_eq!(recorded, PartRecorded::Accepted { unneeded_side: None });
}

pub(crate) async fn closed_sessions_are_forgotten(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let close = async |end, second| {
        let id = open(catalog, &owner, at(0)).await;
        catalog.record_part(owner.clone(), id, part(1, None), at(1), at(0).after(IDLE)).await.unwrap();
        assert!(catalog.move_upload(owner.clone(), id, UploadState::Open, end, at(second)).await.unwrap());
        id
    };
    let (aborted, late) = (close(UploadState::Aborted, 10).await, close(UploadState::Aborted, 20).await);
    let expired = open(catalog, &owner, at(0)).await;
    assert!(catalog.expire_upload(owner.clone(), expired, at(0).after(IDLE)).await.unwrap());
    let (alive, working) = (open(catalog, &owner, at(0)).await, close(UploadState::Completing, 10).await);
    let done = completing(catalog, &owner, at(0)).await;
    catalog.complete_upload(photo(&owner, done, 1), at(10)).await.unwrap();

    assert_eq!(catalog.purge_uploads(at(10)).await.unwrap(), 0);
    assert_eq!(catalog.purge_uploads(at(20)).await.unwrap(), 1);
    assert_eq!(catalog.upload(owner.clone(), aborted).await.unwrap(), None);
    assert_eq!(catalog.parts(owner.clone(), aborted).await.unwrap(), [], "its parts went with it");
    assert_eq!(state(catalog, &owner, late).await, UploadState::Aborted);

    assert_eq!(catalog.purge_uploads(at(1_000_000)).await.unwrap(), 2);
    for (id, end) in [(alive, UploadState::Open), (working, UploadState::Completing), (done, UploadState::Completed)] {
        assert_eq!(state(catalog, &owner, id).await, end);
    }
    assert_eq!(catalog.parts(owner.clone(), working).await.unwrap().len(), 1);
}

pub(crate) async fn the_sweeper_knows_every_session(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    assert_eq!(catalog.state_of_staged(UploadId::random()).await.unwrap(), None);
    let mine = open(catalog, &owner, at(0)).await;
    let other = tenant(catalog).await;
    let theirs = completing(catalog, &other, at(0)).await;
    assert_eq!(catalog.state_of_staged(mine).await.unwrap(), Some(UploadState::Open));
    assert_eq!(catalog.state_of_staged(theirs).await.unwrap(), Some(UploadState::Completing));
    // An id belongs to one session, whoever owns it: the sweeper finds sessions by it alone.
    let mut record = upload_record(&other, at(1));
    record.id = mine;
    assert!(catalog.create_upload(record, i64::MAX).await.is_err());
}

pub(crate) async fn the_sweeper_knows_the_side_files_in_use(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let (id, other) = (open(catalog, &owner, at(0)).await, open(catalog, &owner, at(0)).await);
    let record = async |side: Option<u64>| {
        // Other bytes each time: the same again would change nothing.
        let bytes = digest(90 + u8::try_from(side.unwrap_or_default()).unwrap());
        let part = Part { digest: bytes, ..part(2, side) };
        catalog.record_part(owner.clone(), id, part, at(1), at(1).after(IDLE)).await.unwrap()
    };
    let named = async |id, number, generation| catalog.names_side_file(id, number, generation).await.unwrap();
    record(Some(7)).await;
    assert!(named(id, 2, 7).await);
    assert!(!named(id, 2, 8).await && !named(id, 1, 7).await && !named(other, 2, 7).await);
    assert!(!named(UploadId::random(), 2, 7).await);
    record(Some(8)).await;
    assert!(named(id, 2, 8).await && !named(id, 2, 7).await, "a replaced try counts no more");
    record(None).await;
    assert!(!named(id, 2, 8).await);
}

/// Bytes are published before any row names them, so those of a session that has not ended must count as named.
pub(crate) async fn the_sweeper_knows_the_blobs_in_use(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let named = async |upload| catalog.names_blob(BlobKey::of_upload(upload)).await.unwrap();
    let first = open(catalog, &owner, at(0)).await;
    assert!(named(first).await && !named(UploadId::random()).await);
    let aborted = open(catalog, &owner, at(0)).await;
    let (from, to) = (UploadState::Open, UploadState::Aborted);
    assert!(catalog.move_upload(owner.clone(), aborted, from, to, at(1)).await.unwrap());
    assert!(!named(aborted).await);
    let (from, to) = (UploadState::Open, UploadState::Completing);
    assert!(catalog.move_upload(owner.clone(), first, from, to, at(1)).await.unwrap());
    assert!(named(first).await);
    catalog.complete_upload(photo(&owner, first, 1), at(2)).await.unwrap();
    assert!(named(first).await);

    let again = completing(catalog, &owner, at(3)).await;
    assert!(named(again).await);
    catalog.complete_upload(photo(&owner, again, 1), at(3)).await.unwrap();
    assert!(named(first).await && !named(again).await, "the second media shows the first one's bytes");
}

pub(crate) async fn done_jobs_are_forgotten_and_others_kept(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    ready(catalog, &owner, 1, at(0)).await;
    completed(catalog, &owner, 2, at(0)).await;
    assert_eq!(catalog.purge_jobs(at(0)).await.unwrap(), 0, "it has only just ended");
    assert_eq!(catalog.purge_jobs(at(60)).await.unwrap(), 1);
    let left: Vec<JobState> = catalog.list_jobs(10).await.unwrap().into_iter().map(|job| job.state).collect();
    assert_eq!(left, [JobState::Ready]);
}
