//! Rows held against the bytes that they promise, and what becomes of those whose bytes are lost.

use strongroom_catalog::Catalog;
use strongroom_catalog::records::{
    DocumentKind, FormTerms, KeptBlob, KeptPart, KeptRendition, ListChange, MediaEdit, MediaPage, NewBlob, NewDocument,
    NextStep, Part, PersonChange, RenderedFacts, Shelf,
};
use strongroom_core::id::{BlobKey, ConnectionId, MediaId, MediaReference, UploadId};
use strongroom_core::job::JobKind;
use strongroom_core::media::{Failure, FailureCode, Format, MediaStatus, MediaType};
use strongroom_core::rendition::RenditionName;
use strongroom_core::upload::{Plan, UploadState};

use super::at;
use super::consent::{actor, attach, form_of, pending, person_of, terms};
use super::fixtures::{
    IDLE, SIZE_BYTES, claim, completed, completing, digest, events_of, facts, failure, media_of, open, part, ready,
    rendition, state, status_of, tenant,
};

const RENDER: JobKind = JobKind::RenderPhoto;
const REASON: &str = "the original's bytes are not those that were sent";

/// Bytes that came without a media of their own.
fn picture(owner: &ConnectionId, key: BlobKey, seed: u8) -> NewBlob {
    NewBlob {
        connection: owner.clone(),
        key,
        etag: digest(seed),
        size_bytes: SIZE_BYTES,
        media_type: MediaType::Photo,
        format: Some(Format::Jpeg),
        next: NextStep::Render(RENDER),
    }
}

fn any_key() -> BlobKey {
    BlobKey::of_upload(UploadId::random())
}

fn shard_of(key: BlobKey) -> u8 {
    u8::from_str_radix(&key.to_string()[..2], 16).unwrap()
}

fn with_squares(seed: u8) -> RenderedFacts {
    let squares = [RenditionName::Avatar144, RenditionName::Avatar50].map(rendition);
    let facts = facts(seed);
    RenderedFacts { renditions: [facts.renditions, squares.to_vec()].concat(), ..facts }
}

async fn kept(catalog: &Catalog, key: BlobKey) -> KeptBlob {
    catalog.kept_blob(key).await.unwrap().unwrap()
}

async fn quarantine(catalog: &Catalog, owner: &ConnectionId, key: BlobKey, seed: u8, second: u64) -> bool {
    catalog.quarantine_blob(owner.clone(), key, digest(seed), REASON.to_owned(), at(second)).await.unwrap()
}

async fn is_delivered(catalog: &Catalog, media: MediaId, name: RenditionName) -> bool {
    catalog.deliverable(media, name).await.unwrap().is_some()
}

/// Nothing that is kept beside the rows says something else than they do.
async fn assert_sound(catalog: &Catalog, owner: &ConnectionId) {
    assert_eq!(catalog.miscounts(owner.clone()).await.unwrap(), []);
    assert_eq!(catalog.misplaced_media(owner.clone(), 100).await.unwrap(), []);
    assert_eq!(catalog.misworded_media(owner.clone(), 100).await.unwrap(), []);
    assert_eq!(catalog.disagreeing_media(owner.clone(), 100).await.unwrap(), []);
}

pub(crate) async fn a_shard_holds_the_blobs_whose_keys_begin_with_it(catalog: &Catalog) {
    let (owner, other) = (tenant(catalog).await, tenant(catalog).await);
    let key = |start: &str| format!("{start}-0000-4000-8000-000000000000").parse::<BlobKey>().unwrap();
    let starts = ["ff000002", "00000000", "ff000001", "00ffffff", "01000000", "ffffffff", "fe000000", "7fffffff"];
    for (seed, start) in (1..).zip(starts) {
        let keeper = if seed % 2 == 0 { &owner } else { &other };
        assert_eq!(catalog.keep_blob(picture(keeper, key(start), seed), at(0)).await.unwrap(), key(start));
    }
    let of_shard = async |shard| {
        let blobs = catalog.blobs_of_shard(shard).await.unwrap();
        blobs.into_iter().map(|blob| blob.key).collect::<Vec<_>>()
    };
    assert_eq!(of_shard(0x00).await, ["00000000", "00ffffff"].map(key));
    assert_eq!(of_shard(0x01).await, ["01000000"].map(key));
    assert_eq!(of_shard(0x7f).await, ["7fffffff"].map(key));
    assert_eq!(of_shard(0x80).await, []);
    assert_eq!(of_shard(0xff).await, ["ff000001", "ff000002", "ffffffff"].map(key), "whoever owns them");
    // Its bytes go before its rows do.
    assert!(catalog.delete_connection(other, at(1)).await.unwrap());
    assert_eq!(of_shard(0xff).await, ["ffffffff"].map(key));
    assert_eq!(catalog.kept_blob(key("ff000001")).await.unwrap(), None);
    assert_eq!(kept(catalog, key("ffffffff")).await.connection, owner);
}

pub(crate) async fn a_kept_blob_comes_back_whole(catalog: &Catalog) {
    let (owner, stranger) = (tenant(catalog).await, tenant(catalog).await);
    let done = completed(catalog, &owner, 1, at(5)).await;
    let new = KeptBlob {
        connection: owner.clone(),
        key: done.blob,
        etag: digest(1),
        is_in_quarantine: false,
        size_bytes: SIZE_BYTES,
        format: Some(Format::Jpeg),
        media_type: MediaType::Photo,
        status: MediaStatus::Processing,
        has_job: true,
        is_referenced: true,
        created_at: at(5),
        renditions: Vec::new(),
    };
    assert_eq!(kept(catalog, done.blob).await, new);
    assert!(catalog.finish_render(claim(catalog, at(6)).await, facts(1), at(6)).await.unwrap());
    let mut renditions: Vec<_> = facts(1)
        .renditions
        .into_iter()
        .map(|made| KeptRendition { name: made.name, format: made.format, size_bytes: made.size_bytes, digest: None })
        .collect();
    renditions.sort_by_key(|rendition| rendition.name.as_str());
    let rendered = KeptBlob { status: MediaStatus::Ready, has_job: false, renditions, ..new };
    assert_eq!(kept(catalog, done.blob).await, rendered);
    assert_eq!(catalog.blobs_of_shard(shard_of(done.blob)).await.unwrap(), [rendered]);
    assert_eq!(catalog.kept_blob(any_key()).await.unwrap(), None);

    let size_bytes = rendition(RenditionName::Thumb).size_bytes;
    let keep = async |owner: &ConnectionId, name, size_bytes, seed| {
        catalog.keep_digest(owner.clone(), done.blob, name, size_bytes, digest(seed)).await.unwrap()
    };
    assert!(!keep(&stranger, RenditionName::Thumb, size_bytes, 7).await);
    assert!(!keep(&owner, RenditionName::Thumb, size_bytes + 1, 7).await, "it was made anew meanwhile");
    assert!(!keep(&owner, RenditionName::Avatar50, size_bytes, 7).await, "there is none");
    assert!(keep(&owner, RenditionName::Thumb, size_bytes, 8).await);
    assert!(!keep(&owner, RenditionName::Thumb, size_bytes, 9).await, "what is known stays");
    let renditions = kept(catalog, done.blob).await.renditions;
    let known: Vec<_> = renditions.iter().filter_map(|kept| Some((kept.name, kept.digest?))).collect();
    assert_eq!(known, [(RenditionName::Thumb, digest(8))]);
}

pub(crate) async fn parts_are_kept_until_their_upload_ends(catalog: &Catalog) {
    let (owner, stranger) = (tenant(catalog).await, tenant(catalog).await);
    let id = open(catalog, &owner, at(0)).await;
    let (first, second) = (part(1, None), Part { tag: Some("etag".to_owned()), ..part(2, Some(7)) });
    for part in [&second, &first] {
        catalog.record_part(owner.clone(), id, part.clone(), at(1), at(1).after(IDLE)).await.unwrap();
    }
    let of_shard = async || catalog.parts_of_shard(shard_of(BlobKey::of_upload(id))).await.unwrap();
    let in_state = |state, active_at| {
        let plan = Plan::with_part_bytes(SIZE_BYTES, 1024).unwrap();
        [&first, &second].map(|part| KeptPart {
            connection: owner.clone(),
            upload: id,
            state,
            plan,
            active_at,
            part: part.clone(),
        })
    };
    assert_eq!(of_shard().await, in_state(UploadState::Open, at(1)));
    let is_kept =
        async |owner: &ConnectionId, part: &Part| catalog.is_kept_part(owner.clone(), id, part.clone()).await.unwrap();
    assert!(is_kept(&owner, &first).await && is_kept(&owner, &second).await);
    let others = [part(3, None), part(1, Some(7)), part(2, None), Part { digest: digest(9), ..first.clone() }];
    for other in &others {
        assert!(!is_kept(&owner, other).await, "{other:?}");
    }
    assert!(!is_kept(&stranger, &first).await);

    let move_to = async |from, to, second| {
        assert!(catalog.move_upload(owner.clone(), id, from, to, at(second)).await.unwrap());
    };
    move_to(UploadState::Open, UploadState::Completing, 2).await;
    assert_eq!(of_shard().await, in_state(UploadState::Completing, at(2)));
    assert!(is_kept(&owner, &first).await);
    move_to(UploadState::Completing, UploadState::Aborted, 3).await;
    assert_eq!(of_shard().await, []);
    assert!(!is_kept(&owner, &first).await);
}

pub(crate) async fn a_lost_part_is_asked_for_again(catalog: &Catalog) {
    let (owner, stranger) = (tenant(catalog).await, tenant(catalog).await);
    let id = open(catalog, &owner, at(0)).await;
    let record = async |part: Part| {
        catalog.record_part(owner.clone(), id, part, at(1), at(1).after(IDLE)).await.unwrap();
    };
    let lose = async |owner: &ConnectionId, part: Part, before, now| {
        catalog.lose_part(owner.clone(), id, part, at(before), at(now)).await.unwrap()
    };
    let replaced = Part { digest: digest(9), ..part(1, Some(7)) };
    for part in [replaced.clone(), part(1, Some(8)), part(2, None)] {
        record(part).await;
    }
    assert!(!lose(&owner, replaced.clone(), 5, 5).await, "another has its number");
    assert!(!lose(&owner, part(1, None), 5, 5).await, "the same bytes, elsewhere");
    assert!(!lose(&stranger, part(2, None), 5, 5).await);
    assert_eq!(catalog.parts(owner.clone(), id).await.unwrap(), [part(1, Some(8)), part(2, None)]);
    assert!(lose(&owner, part(1, Some(8)), 5, 5).await);
    assert!(!lose(&owner, part(1, Some(8)), 5, 5).await);
    assert_eq!(catalog.parts(owner.clone(), id).await.unwrap(), [part(2, None)]);
    record(part(1, Some(9))).await;

    let (from, to) = (UploadState::Open, UploadState::Completing);
    assert!(catalog.move_upload(owner.clone(), id, from, to, at(10)).await.unwrap());
    assert!(!lose(&owner, part(1, Some(9)), 10, 20).await, "somebody may be at it");
    assert!(!lose(&owner, replaced, 11, 20).await);
    assert_eq!(state(catalog, &owner, id).await, UploadState::Completing, "nothing of it is lost");
    assert!(lose(&owner, part(1, Some(9)), 11, 20).await);
    let upload = catalog.upload(owner.clone(), id).await.unwrap().unwrap();
    assert_eq!((upload.state, upload.active_at), (UploadState::Open, at(20)));
    assert_eq!(catalog.parts(owner.clone(), id).await.unwrap(), [part(2, None)]);
    assert_sound(catalog, &owner).await;
}

/// A copy of the catalog comes without the bytes of uploads under way.
pub(crate) async fn a_restored_catalog_forgets_what_was_staged(catalog: &Catalog) {
    let (owner, other) = (tenant(catalog).await, tenant(catalog).await);
    let whole = ready(catalog, &other, 1, at(0)).await;
    let mut ids = Vec::new();
    for (owner, moves) in
        [(&owner, None), (&other, Some(UploadState::Completing)), (&owner, Some(UploadState::Aborted))]
    {
        let id = open(catalog, owner, at(0)).await;
        assert!(catalog.claim_slot(owner.clone(), id, 1).await.unwrap());
        catalog.keep_multipart(owner.clone(), id, "multipart".to_owned()).await.unwrap();
        for number in [1, 2] {
            catalog.record_part(owner.clone(), id, part(number, None), at(1), at(1).after(IDLE)).await.unwrap();
        }
        if let Some(to) = moves {
            assert!(catalog.move_upload(owner.clone(), id, UploadState::Open, to, at(2)).await.unwrap());
        }
        ids.push(id);
    }
    assert_eq!(catalog.forget_staged().await.unwrap(), 4);
    for (owner, id) in [(&owner, ids[0]), (&other, ids[1])] {
        let upload = catalog.upload(owner.clone(), id).await.unwrap().unwrap();
        assert_eq!((upload.state, upload.multipart), (UploadState::Open, None));
        assert_eq!(catalog.parts(owner.clone(), id).await.unwrap(), []);
        assert!(catalog.claim_slot(owner.clone(), id, 1).await.unwrap());
        assert_sound(catalog, owner).await;
    }
    assert_eq!(state(catalog, &owner, ids[2]).await, UploadState::Aborted);
    assert_eq!(status_of(catalog, &other, whole).await, MediaStatus::Ready);
    assert_eq!(catalog.forget_staged().await.unwrap(), 0);
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

pub(crate) async fn only_what_nothing_refers_to_is_let_go(catalog: &Catalog) {
    let (owner, stranger) = (tenant(catalog).await, tenant(catalog).await);
    let shown = ready(catalog, &owner, 1, at(0)).await;
    let cover = ready(catalog, &owner, 2, at(0)).await;
    assert!(catalog.set_preview(owner.clone(), shown.media, Some(cover.blob)).await.unwrap());
    assert!(catalog.purge_media(owner.clone(), cover.media, at(1)).await.unwrap().unwrap().blobs.is_empty());
    let trashed = ready(catalog, &owner, 3, at(0)).await;
    assert!(catalog.trash_media(owner.clone(), trashed.media, at(1)).await.unwrap());
    let avatar = catalog.keep_avatar(picture(&owner, any_key(), 4), at(0)).await.unwrap();
    let ana = person_of(catalog, &owner, "Ana", at(0)).await;
    assert!(catalog.finish_render(claim(catalog, at(1)).await, with_squares(4), at(1)).await.unwrap());
    assert_eq!(catalog.set_avatar(owner.clone(), ana, Some(avatar), at(1)).await.unwrap(), Ok(None));
    let form = pending(catalog, &owner, at(0)).await;
    let blob = NewBlob { next: NextStep::Fail(failure(FailureCode::NotMedia)), ..picture(&owner, any_key(), 5) };
    let new = NewDocument { blob, sha256: [5; 32], kind: DocumentKind::Pdf };
    let document = catalog.add_document(owner.clone(), form, new, actor(), at(0)).await.unwrap().unwrap();
    let let_go = async |owner: &ConnectionId, key, before| {
        catalog.let_go_unreferenced(owner.clone(), key, at(before)).await.unwrap()
    };
    for key in [shown.blob, cover.blob, trashed.blob, avatar, document.blob] {
        assert!(kept(catalog, key).await.is_referenced);
        assert!(!let_go(&owner, key, 99).await);
    }

    let idle = catalog.keep_blob(picture(&owner, any_key(), 6), at(10)).await.unwrap();
    assert!(!kept(catalog, idle).await.is_referenced);
    assert!(!let_go(&stranger, idle, 99).await);
    assert!(!let_go(&owner, idle, 10).await, "something may be about to refer to it");
    assert!(let_go(&owner, idle, 11).await);
    assert!(!let_go(&owner, idle, 11).await);
    assert!(!catalog.names_blob(idle).await.unwrap());
    assert_eq!(catalog.claim_job(RENDER, at(20)).await.unwrap(), None, "its job went with it");
    assert_sound(catalog, &owner).await;
}

pub(crate) async fn connections_are_walked_by_their_ids(catalog: &Catalog) {
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(tenant(catalog).await);
    }
    let gone = made.pop().unwrap();
    assert!(catalog.delete_connection(gone, at(1)).await.unwrap());
    made.sort_by_key(ToString::to_string);
    let after =
        async |last: Option<&ConnectionId>, limit| catalog.connections_after(last.cloned(), limit).await.unwrap();
    assert_eq!(after(None, 3).await, made[..3]);
    assert_eq!(after(Some(&made[2]), 3).await, made[3..]);
    assert_eq!(after(Some(&made[3]), 3).await, []);
}

/// Everything that triggers follow, done once.
async fn busy_story(catalog: &Catalog, owner: &ConnectionId) -> Vec<MediaId> {
    let mut done = Vec::new();
    for seed in 1..=5 {
        done.push(ready(catalog, owner, seed, at(0)).await);
    }
    done.push(completed(catalog, owner, 1, at(1)).await);
    let failed = completed(catalog, owner, 6, at(1)).await;
    assert!(catalog.fail_render(claim(catalog, at(1)).await, failure(FailureCode::Malformed), at(1)).await.unwrap());
    let mut media: Vec<MediaId> = done.iter().chain([&failed]).map(|done| done.media).collect();

    let mut lists = Vec::new();
    for name in ["a", "b"] {
        let list = catalog.create_list(owner.clone(), name.to_owned(), at(2)).await.unwrap().unwrap();
        let named = media[..4].iter().copied().map(MediaReference::Media).collect();
        assert_eq!(catalog.add_to_list(owner.clone(), list, named, at(2)).await.unwrap(), ListChange::Done);
        lists.push(list);
    }
    let off = vec![MediaReference::Media(media[0])];
    assert_eq!(catalog.take_off_list(owner.clone(), lists[0], off).await.unwrap(), ListChange::Done);
    assert!(catalog.delete_list(owner.clone(), lists[1]).await.unwrap());
    let edit = MediaEdit { filename: Some("Ärger\n%_.jpg".to_owned()), likes: Some(7), tips: Some(3) };
    assert!(catalog.edit_media(owner.clone(), media[1], edit).await.unwrap());

    let (ana, bea) = (person_of(catalog, owner, "Ana", at(3)).await, person_of(catalog, owner, "Bea", at(3)).await);
    let hers = form_of(catalog, owner, FormTerms { person: Some(ana), ..terms("Hers") }, at(3)).await;
    let other = form_of(catalog, owner, FormTerms { person: Some(bea), ..terms("Other") }, at(3)).await;
    attach(catalog, owner, &media[1..4], &[other, hers], at(4)).await;
    let change = PersonChange { name: Some("Zoë".to_owned()), ..PersonChange::default() };
    assert!(catalog.change_person(owner.clone(), ana, change, at(5)).await.unwrap());

    for trashed in [2, 3, 4] {
        assert!(catalog.trash_media(owner.clone(), media[trashed], at(6)).await.unwrap());
    }
    assert!(catalog.restore_media(owner.clone(), media[3]).await.unwrap());
    assert!(catalog.purge_media(owner.clone(), media[4], at(7)).await.unwrap().is_some());
    media.remove(4);
    assert!(quarantine(catalog, owner, done[2].blob, 3, 8).await, "that of one in the trash");
    assert!(quarantine(catalog, owner, done[3].blob, 4, 8).await);
    open(catalog, owner, at(9)).await;
    completing(catalog, owner, at(9)).await;
    let expired = open(catalog, owner, at(9)).await;
    assert!(catalog.expire_upload(owner.clone(), expired, at(9).after(IDLE)).await.unwrap());
    media
}

/// What a viewer sees of all that is kept beside the rows.
async fn seen(catalog: &Catalog, owner: &ConnectionId) -> String {
    let mut seen = format!(
        "{:?} {:?}",
        catalog.usage(owner.clone()).await.unwrap(),
        catalog.vault_overview(owner.clone()).await.unwrap()
    );
    for (shelf, words) in
        [(Shelf::Vault, None), (Shelf::Trash, None), (Shelf::Vault, Some("zoë")), (Shelf::Vault, Some("ärg"))]
    {
        let page = MediaPage { shelf, words: words.map(str::to_owned), limit: 100, ..MediaPage::default() };
        seen.push_str(&format!("\n{:?}", catalog.list_media(owner.clone(), page).await.unwrap()));
    }
    seen
}

pub(crate) async fn counting_anew_changes_nothing_that_is_sound(catalog: &Catalog) {
    let (owner, other) = (tenant(catalog).await, tenant(catalog).await);
    let media = busy_story(catalog, &owner).await;
    busy_story(catalog, &other).await;
    for owner in catalog.connections_after(None, 10).await.unwrap() {
        assert_sound(catalog, &owner).await;
    }
    let before = (seen(catalog, &owner).await, seen(catalog, &other).await);
    for counted in [&owner, &other] {
        catalog.recount(counted.clone()).await.unwrap();
        for id in &media {
            catalog.place_again(counted.clone(), *id).await.unwrap();
            catalog.agree(counted.clone(), *id).await.unwrap();
            catalog.word_again(*id).await.unwrap();
        }
        assert_sound(catalog, &owner).await;
        assert_sound(catalog, &other).await;
        assert_eq!((seen(catalog, &owner).await, seen(catalog, &other).await), before);
    }
    // Of one that is unknown there is nothing to count.
    assert_sound(catalog, &ConnectionId::random()).await;
    catalog.recount(ConnectionId::random()).await.unwrap();
}
