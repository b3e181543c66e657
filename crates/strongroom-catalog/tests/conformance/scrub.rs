//! Rows held against the bytes that they promise.

use std::time::Duration;

use strongroom_catalog::Catalog;
use strongroom_catalog::records::{
    DocumentKind, KeptBlob, KeptPart, KeptRendition, NewBlob, NewDocument, NextStep, Part, RenderedFacts,
};
use strongroom_core::id::{BlobKey, ConnectionId, UploadId};
use strongroom_core::job::JobKind;
use strongroom_core::media::{FailureCode, Format, MediaStatus, MediaType};
use strongroom_core::rendition::RenditionName;
use strongroom_core::upload::{Plan, UploadState};

use super::at;
use super::consent::{actor, pending, person_of};
use super::fixtures::{
    IDLE, SIZE_BYTES, claim, completed, digest, facts, failure, open, part, ready, rendition, state, status_of, tenant,
};
use super::recount::assert_sound;

pub(super) const RENDER: JobKind = JobKind::RenderPhoto;

/// Bytes that came without a media of their own.
pub(super) fn picture(owner: &ConnectionId, key: BlobKey, seed: u8) -> NewBlob {
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

pub(super) fn any_key() -> BlobKey {
    BlobKey::of_upload(UploadId::random())
}

fn shard_of(key: BlobKey) -> u8 {
    u8::from_str_radix(&key.to_string()[..2], 16).unwrap()
}

pub(super) fn with_squares(seed: u8) -> RenderedFacts {
    let squares = [RenditionName::Avatar144, RenditionName::Avatar50].map(rendition);
    let facts = facts(seed);
    RenderedFacts { renditions: [facts.renditions, squares.to_vec()].concat(), ..facts }
}

pub(super) async fn kept(catalog: &Catalog, key: BlobKey) -> KeptBlob {
    catalog.kept_blob(key).await.unwrap().unwrap()
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
    for (part, second) in [(&second, 1), (&first, 2)] {
        catalog.record_part(owner.clone(), id, part.clone(), at(second), at(1).after(IDLE)).await.unwrap();
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
    assert_eq!(of_shard().await, in_state(UploadState::Open, at(2)));
    let is_kept_in = async |owner: &ConnectionId, part: &Part, state| {
        catalog.is_kept_part(owner.clone(), id, state, part.clone()).await.unwrap()
    };
    let is_kept = async |owner: &ConnectionId, part: &Part| is_kept_in(owner, part, UploadState::Open).await;
    assert!(is_kept(&owner, &first).await && is_kept(&owner, &second).await);
    let others = [part(3, None), part(1, Some(7)), part(2, None), Part { digest: digest(9), ..first.clone() }];
    for other in &others {
        assert!(!is_kept(&owner, other).await, "{other:?}");
    }
    assert!(!is_kept(&stranger, &first).await);

    let move_to = async |from, to, second| {
        assert!(catalog.move_upload(owner.clone(), id, from, to, at(second)).await.unwrap());
    };
    move_to(UploadState::Open, UploadState::Completing, 3).await;
    assert_eq!(of_shard().await, in_state(UploadState::Completing, at(3)));
    assert!(!is_kept(&owner, &first).await, "it was open when it was listed");
    assert!(is_kept_in(&owner, &first, UploadState::Completing).await);
    move_to(UploadState::Completing, UploadState::Aborted, 4).await;
    assert_eq!(of_shard().await, []);
    assert!(!is_kept_in(&owner, &first, UploadState::Completing).await);
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
    // It moves on with the part: who has read the parts just before has to notice.
    assert_eq!((upload.state, upload.active_at), (UploadState::Open, at(20).after(Duration::from_millis(1))));
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
