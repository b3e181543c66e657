//! A move of the vault: what each side keeps of it.

use strongroom_catalog::records::{Part, RelocatedPart, Relocation, RelocationRole};
use strongroom_catalog::{Catalog, CatalogError};
use strongroom_core::id::{ConnectionId, UploadId};

use super::at;
use super::fixtures::{IDLE, open, part, tenant};
use super::transfer_hold::assert_refused;

pub(crate) fn relocation(role: RelocationRole, is_held: bool) -> Relocation {
    Relocation {
        token: "a token".to_owned(),
        role,
        is_held,
        to_database: Some("postgres://vault.example/été".to_owned()),
        to_store: None,
        began_at: at(0),
    }
}

pub(crate) async fn a_move_is_noted_until_it_ends(catalog: &Catalog) {
    assert_eq!(catalog.relocation().await.unwrap(), None);
    for nothing_to_hold in [catalog.hold_writes().await, catalog.leave(None).await] {
        assert!(matches!(nothing_to_hold, Err(CatalogError::Unavailable(_))), "{nothing_to_hold:?}");
    }
    let first = relocation(RelocationRole::Arriving, true);
    let second = Relocation {
        token: "another".to_owned(),
        to_database: None,
        to_store: Some("s3://bucket".to_owned()),
        ..relocation(RelocationRole::Leaving, false)
    };
    for begun in [first, second.clone()] {
        catalog.begin_relocation(begun.clone()).await.unwrap();
        assert_eq!(catalog.relocation().await.unwrap(), Some(begun));
    }
    catalog.hold_writes().await.unwrap();
    assert_eq!(catalog.relocation().await.unwrap(), Some(Relocation { is_held: true, ..second.clone() }));
    catalog.leave(None).await.unwrap();
    let left = Relocation { role: RelocationRole::Left, is_held: true, ..second };
    assert_eq!(catalog.relocation().await.unwrap(), Some(left));
    catalog.arrive(None).await.unwrap();
    assert_eq!(catalog.relocation().await.unwrap(), None);
}

fn copy(owner: &ConnectionId, upload: UploadId, number: u32, side: Option<u64>, tag: Option<&str>) -> RelocatedPart {
    let Part { digest, .. } = part(number, None);
    RelocatedPart { connection: owner.clone(), upload, number, digest, side, tag: tag.map(str::to_owned) }
}

pub(crate) async fn where_copies_of_parts_are_comes_back(catalog: &Catalog) {
    let (owner, stranger) = (tenant(catalog).await, tenant(catalog).await);
    let upload = open(catalog, &owner, at(0)).await;
    let multipart = async |owner: &ConnectionId, id| catalog.relocated_upload(owner.clone(), id).await.unwrap();
    let parts = async |owner: &ConnectionId, id| catalog.relocated_parts(owner.clone(), id).await.unwrap();
    catalog.begin_relocation(relocation(RelocationRole::Leaving, false)).await.unwrap();
    assert_eq!((multipart(&owner, upload).await, parts(&owner, upload).await), (None, vec![]));
    for kept in ["first", "second"] {
        catalog.keep_relocated_upload(owner.clone(), upload, kept.to_owned()).await.unwrap();
        assert_eq!(multipart(&owner, upload).await.as_deref(), Some(kept));
    }
    let (in_place, aside) = (copy(&owner, upload, 1, None, Some("\"étag\"")), copy(&owner, upload, 2, Some(7), None));
    let before = RelocatedPart { digest: part(9, None).digest, ..copy(&owner, upload, 1, Some(u64::MAX), None) };
    for kept in [&aside, &before] {
        catalog.keep_relocated_part(kept.clone()).await.unwrap();
    }
    assert_eq!(parts(&owner, upload).await, [before, aside.clone()], "in their order");
    // It was sent anew, so it is copied again. What is held goes on being copied.
    catalog.hold_writes().await.unwrap();
    catalog.keep_relocated_part(in_place.clone()).await.unwrap();
    assert_eq!(parts(&owner, upload).await, [in_place, aside]);
    for (owner, upload) in [(&stranger, upload), (&owner, UploadId::random())] {
        assert_eq!((multipart(owner, upload).await, parts(owner, upload).await), (None, vec![]));
    }
    catalog.end_relocation().await.unwrap();
    assert_eq!((multipart(&owner, upload).await, parts(&owner, upload).await), (None, vec![]));
}

/// To a store of several machines, which knows slots, and to one of a single machine, which does not.
pub(crate) async fn rows_name_the_new_places_when_the_bytes_have_moved(catalog: &Catalog) {
    for is_shared in [true, false] {
        let owner = tenant(catalog).await;
        let upload = open(catalog, &owner, at(0)).await;
        catalog.keep_multipart(owner.clone(), upload, "old".to_owned()).await.unwrap();
        for (number, side) in [(1, Some(3)), (2, None)] {
            assert!(catalog.claim_slot(owner.clone(), upload, number).await.unwrap());
            catalog.record_part(owner.clone(), upload, part(number, side), at(1), at(1).after(IDLE)).await.unwrap();
        }
        catalog.begin_relocation(relocation(RelocationRole::Leaving, false)).await.unwrap();
        catalog.keep_relocated_upload(owner.clone(), upload, "new".to_owned()).await.unwrap();
        // The third had gone again when writes were held.
        for (number, side, tag) in [(1, None, Some("tag")), (2, Some(8), None), (3, None, Some("gone"))] {
            catalog.keep_relocated_part(copy(&owner, upload, number, side, tag)).await.unwrap();
        }
        catalog.hold_writes().await.unwrap();
        catalog.leave(Some(is_shared)).await.unwrap();
        assert_refused("slot", catalog.claim_slot(owner.clone(), upload, 3).await.map(drop));
        let kept = catalog.upload(owner.clone(), upload).await.unwrap().unwrap();
        assert_eq!(kept.multipart.as_deref(), Some("new"));
        let places = [Part { tag: Some("tag".to_owned()), ..part(1, None) }, part(2, Some(8))];
        assert_eq!(catalog.parts(owner.clone(), upload).await.unwrap(), places);

        catalog.arrive(None).await.unwrap();
        for (number, is_free) in [(1, !is_shared), (2, true), (3, true)] {
            assert_eq!(catalog.claim_slot(owner.clone(), upload, number).await.unwrap(), is_free, "{number}");
        }
    }
}
