//! Upload sessions: opening, listing, moving.

use strongroom_catalog::Catalog;
use strongroom_catalog::records::Upload;
use strongroom_core::upload::{Plan, UploadState};

use super::fixtures::{open, state, tenant, upload_record};
use super::{at, race};

pub(crate) async fn a_session_comes_back_whole(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let record = Upload {
        repr_digest: Some("sha-256=:AAAA:".to_owned()),
        plan: Plan::with_part_bytes(600 << 30, 64 << 20).unwrap(),
        ..upload_record(&owner, at(0))
    };
    assert!(catalog.create_upload(record.clone(), 1).await.unwrap());
    assert_eq!(catalog.upload(owner, record.id).await.unwrap(), Some(record));
}

pub(crate) async fn sessions_are_listed_newest_first(catalog: &Catalog) {
    let (owner, stranger) = (tenant(catalog).await, tenant(catalog).await);
    let mut newest_first = Vec::new();
    for second in [2, 5, 3, 4, 1] {
        newest_first.push((second, open(catalog, &owner, at(second)).await));
    }
    open(catalog, &stranger, at(9)).await;
    newest_first.sort_by_key(|(second, _)| std::cmp::Reverse(*second));
    let ids: Vec<_> = newest_first.into_iter().map(|(_, id)| id).collect();
    let aborted = ids[1];
    assert!(catalog.move_upload(owner.clone(), aborted, UploadState::Open, UploadState::Aborted, at(6)).await.unwrap());

    let list = async |state, limit, offset| {
        let page = catalog.list_uploads(owner.clone(), state, limit, offset).await.unwrap();
        page.into_iter().map(|upload| upload.id).collect::<Vec<_>>()
    };
    assert_eq!(list(None, 100, 0).await, ids);
    assert_eq!(list(None, 2, 1).await, ids[1..3]);
    assert_eq!(list(None, 100, 5).await, []);
    assert_eq!(list(Some(UploadState::Aborted), 100, 0).await, [aborted]);
    assert_eq!(list(Some(UploadState::Open), 2, 0).await, [ids[0], ids[2]]);
    assert_eq!(list(Some(UploadState::Completed), 100, 0).await, []);
}

pub(crate) async fn open_sessions_are_capped(catalog: &Catalog) {
    let (owner, stranger) = (tenant(catalog).await, tenant(catalog).await);
    let first = open(catalog, &owner, at(0)).await;
    let (second, third) = (upload_record(&owner, at(1)), upload_record(&owner, at(2)));
    assert!(catalog.create_upload(second, 2).await.unwrap());
    assert!(!catalog.create_upload(third.clone(), 2).await.unwrap());
    assert_eq!(catalog.upload(owner.clone(), third.id).await.unwrap(), None);
    assert!(
        catalog.create_upload(upload_record(&stranger, at(2)), 2).await.unwrap(),
        "each connection has its own cap"
    );
    assert!(catalog.move_upload(owner, first, UploadState::Open, UploadState::Completing, at(3)).await.unwrap());
    assert!(catalog.create_upload(third, 2).await.unwrap(), "only open sessions count");
}

pub(crate) async fn the_cap_holds_when_32_open_at_once(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let created = race(32, |_| {
        let (catalog, record) = (catalog.clone(), upload_record(&owner, at(0)));
        async move { catalog.create_upload(record, 5).await.unwrap() }
    })
    .await;
    assert_eq!(created.into_iter().filter(|created| *created).count(), 5);
    assert_eq!(catalog.list_uploads(owner, None, 100, 0).await.unwrap().len(), 5);
}

pub(crate) async fn one_of_50_moves_a_session(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let id = open(catalog, &owner, at(0)).await;
    let ends = [UploadState::Completing, UploadState::Aborted];
    let moved = race(50, |index| {
        let (catalog, owner) = (catalog.clone(), owner.clone());
        async move { catalog.move_upload(owner, id, UploadState::Open, ends[index % 2], at(1)).await.unwrap() }
    })
    .await;
    let winners: Vec<_> = (0..50).filter(|index| moved[*index]).collect();
    assert_eq!(winners.len(), 1);
    assert_eq!(state(catalog, &owner, id).await, ends[winners[0] % 2]);
    assert_eq!(catalog.upload(owner, id).await.unwrap().unwrap().active_at, at(1));
}

pub(crate) async fn a_foreign_session_is_unknown(catalog: &Catalog) {
    let (owner, stranger) = (tenant(catalog).await, tenant(catalog).await);
    let id = open(catalog, &owner, at(0)).await;
    assert_eq!(catalog.upload(stranger.clone(), id).await.unwrap(), None);
    assert_eq!(catalog.list_uploads(stranger.clone(), None, 100, 0).await.unwrap(), []);
    let (from, to) = (UploadState::Open, UploadState::Aborted);
    assert!(!catalog.move_upload(stranger.clone(), id, from, to, at(1)).await.unwrap());
    assert!(!catalog.expire_upload(stranger, id, at(1_000_000)).await.unwrap());
    assert_eq!(state(catalog, &owner, id).await, UploadState::Open);
}
