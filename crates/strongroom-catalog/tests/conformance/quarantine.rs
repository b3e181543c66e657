//! What becomes of media whose originals are lost or damaged, and of renditions that are.

use strongroom_catalog::Catalog;
use strongroom_catalog::records::{DocumentKind, NewDocument};
use strongroom_core::id::{BlobKey, ConnectionId, MediaId};
use strongroom_core::media::{Failure, FailureCode, Format, MediaStatus};
use strongroom_core::rendition::RenditionName;

use super::at;
use super::consent::{actor, pending, person_of};
use super::fixtures::{SIZE_BYTES, claim, completed, digest, events_of, facts, media_of, ready, status_of, tenant};
use super::recount::assert_sound;
use super::scrub::{RENDER, any_key, kept, picture, with_squares};

const REASON: &str = "the original's bytes are not those that were sent";

pub(super) async fn quarantine(catalog: &Catalog, owner: &ConnectionId, key: BlobKey, seed: u8, second: u64) -> bool {
    catalog.quarantine_blob(owner.clone(), key, digest(seed), REASON.to_owned(), at(second)).await.unwrap()
}

async fn is_delivered(catalog: &Catalog, media: MediaId, name: RenditionName) -> bool {
    catalog.deliverable(media, name).await.unwrap().is_some()
}

pub(crate) async fn a_blob_in_quarantine_is_withheld_until_it_is_lifted(catalog: &Catalog) {
    let (owner, stranger) = (tenant(catalog).await, tenant(catalog).await);
    let first = ready(catalog, &owner, 1, at(0)).await;
    let again = completed(catalog, &owner, 1, at(1)).await;
    let theirs = ready(catalog, &stranger, 1, at(2)).await;
    assert!(!quarantine(catalog, &owner, first.blob, 2, 3).await, "it is another by now");
    assert!(!quarantine(catalog, &stranger, first.blob, 1, 3).await);
    assert!(!catalog.lift_quarantine(owner.clone(), first.blob, RENDER, at(3)).await.unwrap(), "it is in none");
    assert_eq!(status_of(catalog, &owner, first).await, MediaStatus::Ready);

    assert!(quarantine(catalog, &owner, first.blob, 1, 4).await);
    assert!(!quarantine(catalog, &owner, first.blob, 1, 5).await, "it is there");
    let damaged = Failure { code: FailureCode::Damaged, message: REASON.to_owned() };
    for done in [first, again] {
        let media = media_of(catalog, &owner, done).await;
        assert_eq!((media.status, media.failure), (MediaStatus::Error, Some(damaged.clone())));
        assert!(!is_delivered(catalog, done.media, RenditionName::Full).await);
        assert_eq!(events_of(catalog, &owner, done).await, ["upload.completed", "media.ready", "media.failed"]);
    }
    let lost = kept(catalog, first.blob).await;
    assert_eq!((lost.etag, lost.is_in_quarantine, lost.has_job), (digest(1), true, false));
    assert_eq!(catalog.media_by_etag(owner.clone(), digest(1), SIZE_BYTES).await.unwrap(), None);
    assert!(!catalog.render_again(owner.clone(), first.blob, RENDER, at(5)).await.unwrap(), "of what?");
    assert!(is_delivered(catalog, theirs.media, RenditionName::Full).await);
    assert_sound(catalog, &owner).await;

    assert!(!catalog.lift_quarantine(stranger.clone(), first.blob, RENDER, at(6)).await.unwrap());
    assert!(catalog.lift_quarantine(owner.clone(), first.blob, RENDER, at(6)).await.unwrap());
    assert!(!catalog.lift_quarantine(owner.clone(), first.blob, RENDER, at(6)).await.unwrap());
    let lifted = kept(catalog, first.blob).await;
    assert_eq!((lifted.etag, lifted.is_in_quarantine, lifted.has_job), (digest(1), false, true));
    assert_eq!(media_of(catalog, &owner, again).await.failure, None);
    assert!(catalog.finish_render(claim(catalog, at(7)).await, facts(1), at(7)).await.unwrap());
    for done in [first, again] {
        assert_eq!(status_of(catalog, &owner, done).await, MediaStatus::Ready);
        assert!(is_delivered(catalog, done.media, RenditionName::Full).await);
        assert_eq!(events_of(catalog, &owner, done).await.last().unwrap(), "media.ready");
    }
    assert_sound(catalog, &owner).await;
}

/// A worker that reads what is damaged does not call it ready.
pub(crate) async fn a_quarantine_ends_the_render(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let done = completed(catalog, &owner, 1, at(0)).await;
    let job = claim(catalog, at(1)).await;
    assert!(quarantine(catalog, &owner, done.blob, 1, 2).await);
    assert!(!catalog.finish_render(job, facts(1), at(3)).await.unwrap());
    assert_eq!(status_of(catalog, &owner, done).await, MediaStatus::Error);
    assert!(!catalog.lose_rendition(owner.clone(), done.blob, RenditionName::Full, RENDER, at(4)).await.unwrap());
    assert_eq!(catalog.claim_job(RENDER, at(5)).await.unwrap(), None);
}

pub(crate) async fn bytes_that_come_again_take_the_place_of_the_lost_ones(catalog: &Catalog) {
    let (owner, stranger) = (tenant(catalog).await, tenant(catalog).await);
    let avatar = catalog.keep_avatar(picture(&owner, any_key(), 1), at(0)).await.unwrap();
    assert!(catalog.finish_render(claim(catalog, at(1)).await, with_squares(1), at(1)).await.unwrap());
    let ana = person_of(catalog, &owner, "Ana", at(1)).await;
    assert_eq!(catalog.set_avatar(owner.clone(), ana, Some(avatar), at(1)).await.unwrap(), Ok(None));
    let shown = completed(catalog, &owner, 1, at(2)).await;
    let covered = ready(catalog, &owner, 2, at(2)).await;
    assert!(catalog.set_preview(owner.clone(), covered.media, Some(avatar)).await.unwrap());
    let form = pending(catalog, &owner, at(2)).await;
    let new =
        NewDocument { blob: picture(&owner, any_key(), 1), sha256: [1; 32], kind: DocumentKind::Picture(Format::Jpeg) };
    let document = catalog.add_document(owner.clone(), form, new, actor(), at(2)).await.unwrap().unwrap();
    assert_eq!((shown.blob, document.blob), (avatar, avatar), "one blob shows all");

    assert!(quarantine(catalog, &owner, avatar, 1, 3).await);
    let replace = async |owner: &ConnectionId, second| {
        catalog.replace_lost(owner.clone(), avatar, RENDER, at(second)).await.unwrap()
    };
    assert!(!replace(&owner, 4).await, "they have not come");
    let fresh = ready(catalog, &owner, 1, at(5)).await;
    assert_ne!(fresh.blob, avatar, "what is lost is not shared");
    assert!(!catalog.lift_quarantine(owner.clone(), avatar, RENDER, at(6)).await.unwrap(), "they are another blob");
    assert!(!replace(&stranger, 6).await);
    assert!(replace(&owner, 6).await);
    assert!(!replace(&owner, 7).await, "it is gone");
    assert_eq!(catalog.kept_blob(avatar).await.unwrap(), None);

    let media = media_of(catalog, &owner, shown).await;
    assert_eq!((media.blob, media.status, media.failure), (fresh.blob, MediaStatus::Ready, None));
    let story = ["upload.completed", "media.ready", "media.failed", "media.ready"];
    assert_eq!(events_of(catalog, &owner, shown).await, story);
    assert_eq!(media_of(catalog, &owner, covered).await.custom_preview, Some(fresh.blob));
    let document = catalog.document(owner.clone(), form, None).await.unwrap().unwrap();
    assert_eq!(document.blob, fresh.blob);
    // Nobody knew that they are an avatar when they were rendered.
    assert!(catalog.wants_squares(owner.clone(), fresh.blob).await.unwrap());
    assert!(catalog.finish_render(claim(catalog, at(8)).await, with_squares(1), at(8)).await.unwrap());
    assert_eq!(catalog.avatar(ana, RenditionName::Avatar50).await.unwrap().unwrap().blob, fresh.blob);
    assert_sound(catalog, &owner).await;
}

pub(crate) async fn a_lost_rendition_is_made_anew(catalog: &Catalog) {
    let (owner, stranger) = (tenant(catalog).await, tenant(catalog).await);
    let done = ready(catalog, &owner, 1, at(0)).await;
    let lose = async |owner: &ConnectionId, blob, name| {
        catalog.lose_rendition(owner.clone(), blob, name, RENDER, at(1)).await.unwrap()
    };
    assert!(!lose(&stranger, done.blob, RenditionName::Thumb).await);
    assert!(!lose(&owner, any_key(), RenditionName::Thumb).await, "it was purged meanwhile");
    assert!(!lose(&owner, done.blob, RenditionName::Avatar50).await);
    assert_eq!(catalog.claim_job(RENDER, at(2)).await.unwrap(), None, "nothing is lost");

    assert!(lose(&owner, done.blob, RenditionName::Thumb).await);
    assert!(!lose(&owner, done.blob, RenditionName::Thumb).await);
    assert!(lose(&owner, done.blob, RenditionName::Preview).await);
    assert_eq!(status_of(catalog, &owner, done).await, MediaStatus::Ready, "what can be shown stays shown");
    assert!(is_delivered(catalog, done.media, RenditionName::Full).await);
    assert!(!is_delivered(catalog, done.media, RenditionName::Thumb).await);
    assert!(kept(catalog, done.blob).await.has_job);
    assert_sound(catalog, &owner).await;

    let job = claim(catalog, at(3)).await;
    assert_eq!((job.blob, catalog.claim_job(RENDER, at(3)).await.unwrap()), (done.blob, None), "one job makes both");
    assert!(catalog.finish_render(job, facts(1), at(4)).await.unwrap());
    for name in [RenditionName::Thumb, RenditionName::Preview] {
        assert!(is_delivered(catalog, done.media, name).await);
    }
    assert_sound(catalog, &owner).await;
}
