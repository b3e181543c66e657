//! The trash: out of sight, back again, gone.

use std::time::Duration;

use strongroom_catalog::Catalog;
use strongroom_catalog::records::{KnownMedia, ListChange, MediaPage, Purged, Shelf};
use strongroom_core::id::{ConnectionId, MediaId, MediaReference};
use strongroom_core::media::MediaStatus;
use strongroom_core::rendition::RenditionName;

use super::fixtures::{
    SIZE_BYTES, claim, completed, completing, digest, events_of, facts, media_of, photo, ready, tenant,
};
use super::{at, race};

const DAY: Duration = Duration::from_secs(24 * 3600);

async fn on(catalog: &Catalog, owner: &ConnectionId, shelf: Shelf) -> Vec<MediaId> {
    let page = MediaPage { shelf, limit: 100, ..MediaPage::default() };
    catalog.list_media(owner.clone(), page).await.unwrap().into_iter().map(|media| media.id).collect()
}

pub(crate) async fn a_media_in_the_trash_is_out_of_sight(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let upload = completing(catalog, &owner, at(0)).await;
    let done = catalog.complete_upload(photo(&owner, upload, 1), at(0)).await.unwrap();
    assert!(catalog.finish_render(claim(catalog, at(0)).await, facts(1), at(0)).await.unwrap());
    let list = catalog.create_list(owner.clone(), "a".to_owned(), at(0)).await.unwrap().unwrap();
    let named = vec![MediaReference::Media(done.media)];
    assert_eq!(catalog.add_to_list(owner.clone(), list, named, at(0)).await.unwrap(), ListChange::Done);
    let before = media_of(catalog, &owner, done).await;

    assert!(catalog.trash_media(owner.clone(), done.media, at(1)).await.unwrap());
    assert!(!catalog.trash_media(owner.clone(), done.media, at(2)).await.unwrap(), "it is there");
    assert_eq!(catalog.media(owner.clone(), done.media).await.unwrap(), None);
    assert_eq!(catalog.media_of_upload(owner.clone(), upload).await.unwrap(), None);
    assert_eq!(catalog.media_by_etag(owner.clone(), digest(1), SIZE_BYTES).await.unwrap(), None);
    assert_eq!(catalog.media_by_sha256(owner.clone(), [1; 32], SIZE_BYTES).await.unwrap(), None);
    assert_eq!(catalog.deliverable(done.media, RenditionName::Full).await.unwrap(), None);
    for shelf in [Shelf::Vault, Shelf::List(list)] {
        assert_eq!(on(catalog, &owner, shelf).await, []);
    }
    assert!(catalog.vault_overview(owner.clone()).await.unwrap().totals.iter().all(|(_, total)| *total == 0));
    assert_eq!(events_of(catalog, &owner, done).await, ["upload.completed", "media.ready", "media.deleted"]);
    let trash = MediaPage { shelf: Shelf::Trash, limit: 10, ..MediaPage::default() };
    let trashed = catalog.list_media(owner.clone(), trash).await.unwrap();
    assert_eq!((trashed.len(), trashed[0].id, trashed[0].deleted_at), (1, done.media, Some(at(1))));
    for reference in [MediaReference::Media(done.media), MediaReference::Upload(upload)] {
        let known = catalog.known_media(owner.clone(), reference).await.unwrap();
        assert_eq!(known, Some(KnownMedia { id: done.media, is_in_trash: true }));
    }

    assert!(catalog.restore_media(owner.clone(), done.media).await.unwrap());
    let after = media_of(catalog, &owner, done).await;
    assert_eq!(after.url_version, before.url_version + 1, "older URLs stay dead");
    assert_eq!((after.lists, after.status, after.deleted_at), (before.lists, before.status, None));
    for shelf in [Shelf::Vault, Shelf::List(list)] {
        assert_eq!(on(catalog, &owner, shelf).await, [done.media]);
    }
    assert_eq!(on(catalog, &owner, Shelf::Trash).await, []);
    assert!(catalog.restore_media(owner.clone(), done.media).await.unwrap(), "it may be restored again");
}

/// What happens to its bytes meanwhile is not missed.
pub(crate) async fn a_media_is_rendered_in_the_trash(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let done = completed(catalog, &owner, 1, at(0)).await;
    assert!(catalog.trash_media(owner.clone(), done.media, at(1)).await.unwrap());
    assert!(catalog.finish_render(claim(catalog, at(2)).await, facts(1), at(2)).await.unwrap());
    assert!(catalog.restore_media(owner.clone(), done.media).await.unwrap());
    assert_eq!(media_of(catalog, &owner, done).await.status, MediaStatus::Ready);
    let page = MediaPage { status: Some(MediaStatus::Ready), limit: 9, ..MediaPage::default() };
    assert_eq!(catalog.list_media(owner.clone(), page).await.unwrap().len(), 1);
}

pub(crate) async fn a_purge_lets_go_of_what_nobody_else_shows(catalog: &Catalog) {
    let (owner, stranger) = (tenant(catalog).await, tenant(catalog).await);
    let first = ready(catalog, &owner, 1, at(0)).await;
    let upload = completing(catalog, &owner, at(1)).await;
    let second = catalog.complete_upload(photo(&owner, upload, 1), at(1)).await.unwrap();
    let cover = ready(catalog, &owner, 2, at(2)).await;
    assert!(catalog.set_preview(owner.clone(), second.media, Some(cover.blob)).await.unwrap());
    let purge = async |media| catalog.purge_media(owner.clone(), media, at(9)).await.unwrap();
    let purged = |blobs: &[_]| Some(Purged { media: 1, blobs: blobs.to_vec() });

    assert_eq!(catalog.purge_media(stranger, first.media, at(9)).await.unwrap(), None);
    assert_eq!(purge(first.media).await, purged(&[]), "the second media shows the same bytes");
    assert_eq!(purge(first.media).await, None);
    assert_eq!(catalog.media(owner.clone(), first.media).await.unwrap(), None);
    assert_eq!(purge(cover.media).await, purged(&[]), "they are the second media's preview");
    assert!(catalog.names_blob(cover.blob).await.unwrap());

    assert!(catalog.trash_media(owner.clone(), second.media, at(8)).await.unwrap());
    assert_eq!(purge(second.media).await, purged(&[second.blob, cover.blob]));
    assert!(!catalog.names_blob(second.blob).await.unwrap() && !catalog.names_blob(cover.blob).await.unwrap());
    assert_eq!(catalog.upload(owner.clone(), upload).await.unwrap(), None, "its upload is forgotten");
    let story = ["upload.completed", "media.ready", "media.deleted"];
    assert_eq!(events_of(catalog, &owner, second).await, story, "told once");
    assert_eq!(events_of(catalog, &owner, first).await, story);
    assert_eq!(on(catalog, &owner, Shelf::Trash).await, []);
    assert_eq!(catalog.list_jobs(10).await.unwrap(), [], "jobs go with their blob");
}

/// A worker that is at it when the media goes changes nothing any more.
pub(crate) async fn a_purge_ends_the_render(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let done = completed(catalog, &owner, 1, at(0)).await;
    let job = claim(catalog, at(0)).await;
    assert_eq!(catalog.purge_media(owner.clone(), done.media, at(1)).await.unwrap().unwrap().blobs, [done.blob]);
    assert!(!catalog.finish_render(job, facts(1), at(2)).await.unwrap());
    let again = completed(catalog, &owner, 1, at(3)).await;
    assert_ne!(again.blob, done.blob, "the same bytes again are new bytes");
    assert_eq!(claim(catalog, at(4)).await.blob, again.blob);
}

/// Fifty races of a purge with a complete of the same bytes: no media ever shows bytes that are to be deleted.
pub(crate) async fn a_purge_and_a_complete_agree(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let mut shared = 0;
    for round in 0..50 {
        let old = completed(catalog, &owner, 1, at(0)).await;
        let upload = completing(catalog, &owner, at(1)).await;
        let answers = race(2, |index| {
            let (catalog, owner) = (catalog.clone(), owner.clone());
            async move {
                if index == round % 2 {
                    (Some(catalog.purge_media(owner, old.media, at(2)).await.unwrap().unwrap()), None)
                } else {
                    (None, Some(catalog.complete_upload(photo(&owner, upload, 1), at(2)).await.unwrap()))
                }
            }
        })
        .await;
        let purged = answers.iter().find_map(|(purged, _)| purged.clone()).unwrap();
        let new = answers.iter().find_map(|(_, new)| *new).unwrap();
        assert!(!purged.blobs.contains(&new.blob) && catalog.names_blob(new.blob).await.unwrap());
        assert_eq!(purged.blobs.is_empty(), new.blob == old.blob, "the old bytes go unless the new media shows them");
        shared += usize::from(new.blob == old.blob);
        assert_eq!(media_of(catalog, &owner, new).await.blob, new.blob);
        catalog.purge_media(owner.clone(), new.media, at(3)).await.unwrap().unwrap();
    }
    assert!((1..50).contains(&shared), "both ends were seen; shared {shared} times");
}

pub(crate) async fn the_trash_is_emptied_in_time(catalog: &Catalog) {
    let (owner, other) = (tenant(catalog).await, tenant(catalog).await);
    let mut media = Vec::new();
    for (owner, seed, second) in [(&owner, 1, 10), (&other, 2, 20), (&owner, 3, 30)] {
        let done = completed(catalog, owner, seed, at(0)).await;
        assert!(catalog.trash_media(owner.clone(), done.media, at(second)).await.unwrap());
        media.push(done);
    }
    let kept = completed(catalog, &owner, 4, at(0)).await;
    let purge = async |now, limit| catalog.purge_trash(now, 30, limit).await.unwrap();
    assert_eq!(purge(at(9).after(30 * DAY), 10).await, Purged::default());
    assert_eq!(purge(at(10).after(30 * DAY), 10).await, Purged { media: 1, blobs: vec![media[0].blob] });
    assert_eq!(purge(at(90).after(30 * DAY), 1).await, Purged { media: 1, blobs: vec![media[1].blob] });
    assert!(catalog.restore_media(owner.clone(), media[2].media).await.unwrap());
    assert_eq!(purge(at(90).after(30 * DAY), 10).await, Purged::default(), "it was restored in time");
    assert_eq!(on(catalog, &owner, Shelf::Vault).await, [kept.media, media[2].media]);
    assert!(!catalog.restore_media(owner, media[0].media).await.unwrap());
}
