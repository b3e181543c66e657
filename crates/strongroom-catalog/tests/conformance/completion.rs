//! Complete: media, job and event with the upload's end, all or none, and once.

use strongroom_catalog::Catalog;
use strongroom_catalog::records::NewMedia;
use strongroom_core::job::JobState;
use strongroom_core::media::{FailureCode, MediaStatus};
use strongroom_core::upload::UploadState;

use super::fixtures::{
    completed, completing, events_of, failure, media_of, not_media, open, photo, state, status_of, tenant,
};
use super::{at, race};

pub(crate) async fn an_upload_becomes_media_job_and_event(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let id = completing(catalog, &owner, at(0)).await;
    let new = photo(&owner, id, 1);
    let done = catalog.complete_upload(new.clone(), at(1)).await.unwrap();
    assert_eq!(done.blob, new.blob);

    let upload = catalog.upload(owner.clone(), id).await.unwrap().unwrap();
    assert_eq!((upload.state, upload.media), (UploadState::Completed, Some(done.media)));
    assert_eq!(status_of(catalog, &owner, done).await, MediaStatus::Processing);
    assert_eq!(events_of(catalog, &owner, done).await, ["upload.completed"]);
    let jobs = catalog.list_jobs(10).await.unwrap();
    assert_eq!(jobs.len(), 1);
    assert_eq!((jobs[0].state, jobs[0].attempts, jobs[0].run_at), (JobState::Ready, 0, at(1)));
    assert_eq!((&jobs[0].connection, jobs[0].blob), (&owner, new.blob));
}

pub(crate) async fn complete_again_answers_the_same(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let id = completing(catalog, &owner, at(0)).await;
    let first = catalog.complete_upload(photo(&owner, id, 1), at(1)).await.unwrap();
    let second = catalog.complete_upload(photo(&owner, id, 1), at(2)).await.unwrap();
    assert_eq!(first, second);
    assert_eq!(events_of(catalog, &owner, first).await, ["upload.completed"]);
    assert_eq!(catalog.list_jobs(10).await.unwrap().len(), 1);
}

pub(crate) async fn eight_completes_make_one_media(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let id = completing(catalog, &owner, at(0)).await;
    let answers = race(8, |_| {
        let (catalog, new) = (catalog.clone(), photo(&owner, id, 1));
        async move { catalog.complete_upload(new, at(1)).await.unwrap() }
    })
    .await;
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(events_of(catalog, &owner, answers[0]).await, ["upload.completed"]);
    assert_eq!(catalog.list_jobs(10).await.unwrap().len(), 1);
}

pub(crate) async fn bytes_that_are_no_media_fail_at_once(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let id = completing(catalog, &owner, at(0)).await;
    let done = catalog.complete_upload(not_media(&owner, id, 1), at(1)).await.unwrap();
    let media = media_of(catalog, &owner, done).await;
    assert_eq!((media.status, media.failure), (MediaStatus::Error, Some(failure(FailureCode::NotMedia))));
    assert_eq!(events_of(catalog, &owner, done).await, ["upload.completed", "media.failed"]);
    assert_eq!(catalog.list_jobs(10).await.unwrap(), []);
}

pub(crate) async fn a_session_that_is_not_completing_is_refused(catalog: &Catalog) {
    let (owner, stranger) = (tenant(catalog).await, tenant(catalog).await);
    for closed in [None, Some(UploadState::Aborted), Some(UploadState::Expired)] {
        let id = open(catalog, &owner, at(0)).await;
        if let Some(closed) = closed {
            assert!(catalog.move_upload(owner.clone(), id, UploadState::Open, closed, at(0)).await.unwrap());
        }
        assert!(catalog.complete_upload(photo(&owner, id, 1), at(1)).await.is_err());
        assert_eq!(state(catalog, &owner, id).await, closed.unwrap_or(UploadState::Open));
        assert_eq!(catalog.media_of_upload(owner.clone(), id).await.unwrap(), None);
    }
    let foreign = completing(catalog, &owner, at(0)).await;
    assert!(catalog.complete_upload(photo(&stranger, foreign, 1), at(1)).await.is_err());
    assert_eq!(state(catalog, &owner, foreign).await, UploadState::Completing);
    assert_eq!(catalog.list_jobs(10).await.unwrap(), []);
}

/// Half of sixteen completes fail after their first statement, for their blob key is taken; the other half share commits with
/// them.
pub(crate) async fn a_complete_that_fails_changes_nothing(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let taken = completed(catalog, &owner, 100, at(0)).await.blob;
    let mut news = Vec::new();
    for seed in 0..16 {
        let new = photo(&owner, completing(catalog, &owner, at(0)).await, seed);
        news.push(if seed % 2 == 1 { NewMedia { blob: taken, ..new } } else { new });
    }
    let answers = race(news.len(), |index| {
        let (catalog, new) = (catalog.clone(), news[index].clone());
        async move { catalog.complete_upload(new, at(1)).await.ok() }
    })
    .await;
    for (new, answer) in news.iter().zip(answers) {
        let fits = new.blob != taken;
        assert_eq!(answer.is_some(), fits);
        let expected = if fits { UploadState::Completed } else { UploadState::Completing };
        assert_eq!(state(catalog, &owner, new.upload).await, expected);
        let media = catalog.media_of_upload(owner.clone(), new.upload).await.unwrap();
        assert_eq!(media.map(|media| media.id), answer.map(|done| done.media));
    }
    assert_eq!(catalog.list_jobs(100).await.unwrap().len(), 1 + 8);
}
