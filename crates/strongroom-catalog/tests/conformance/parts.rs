//! Parts: which count, and what they keep alive.

use strongroom_catalog::Catalog;
use strongroom_catalog::records::{Part, PartRecorded};
use strongroom_core::id::ConnectionId;
use strongroom_core::upload::UploadState;

use super::fixtures::{IDLE, digest, open, part, tenant};
use super::{at, race};

const ACCEPTED: PartRecorded = PartRecorded::Accepted { unneeded_side: None };

pub(crate) async fn parts_come_back_in_order(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let (id, other) = (open(catalog, &owner, at(0)).await, open(catalog, &owner, at(0)).await);
    for number in [3, 1, 2] {
        let recorded = catalog.record_part(owner.clone(), id, part(number, None), at(1), at(1).after(IDLE)).await;
        assert_eq!(recorded.unwrap(), ACCEPTED);
    }
    let parts = [1, 2, 3].map(|number| part(number, None));
    assert_eq!(catalog.parts(owner.clone(), id).await.unwrap(), parts);
    let (upload, its_parts) = catalog.upload_with_parts(owner.clone(), id).await.unwrap().unwrap();
    assert_eq!((Some(upload), its_parts.as_slice()), (catalog.upload(owner.clone(), id).await.unwrap(), &parts[..]));
    assert_eq!(catalog.part(owner.clone(), id, 2).await.unwrap(), Some(part(2, None)));
    assert_eq!(catalog.part(owner.clone(), id, 4).await.unwrap(), None);
    assert_eq!(catalog.parts(owner, other).await.unwrap(), []);
}

pub(crate) async fn a_part_keeps_its_session_alive(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let id = open(catalog, &owner, at(0)).await;
    catalog.record_part(owner.clone(), id, part(1, None), at(3000), at(3000).after(IDLE)).await.unwrap();
    let upload = catalog.upload(owner, id).await.unwrap().unwrap();
    assert_eq!((upload.active_at, upload.expires_at), (at(3000), at(3000).after(IDLE)));
    assert_eq!(catalog.due_uploads(at(0).after(IDLE), 10).await.unwrap(), []);
}

pub(crate) async fn the_replaced_side_file_is_answered(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let id = open(catalog, &owner, at(0)).await;
    let tries = [(None, None), (Some(7), None), (Some(8), Some(7)), (None, Some(8)), (None, None)];
    for (byte, (side, unneeded_side)) in (90..).zip(tries) {
        let try_of_one = Part { digest: digest(byte), tag: Some(format!("tag{byte}")), ..part(1, side) };
        let recorded =
            catalog.record_part(owner.clone(), id, try_of_one.clone(), at(1), at(1).after(IDLE)).await.unwrap();
        assert_eq!(recorded, PartRecorded::Accepted { unneeded_side }, "side file {side:?}");
        assert_eq!(catalog.parts(owner.clone(), id).await.unwrap(), [try_of_one]);
    }
}

pub(crate) async fn the_same_bytes_again_change_nothing(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let id = open(catalog, &owner, at(0)).await;
    catalog.record_part(owner.clone(), id, part(1, None), at(1), at(1).after(IDLE)).await.unwrap();
    let again = catalog.record_part(owner.clone(), id, part(1, Some(7)), at(2), at(2).after(IDLE)).await.unwrap();
    assert_eq!(again, PartRecorded::Accepted { unneeded_side: Some(7) });
    assert_eq!(catalog.parts(owner.clone(), id).await.unwrap(), [part(1, None)]);
    assert_eq!(catalog.upload(owner, id).await.unwrap().unwrap().active_at, at(2));
}

pub(crate) async fn who_completes_hears_whether_parts_came_since(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let id = open(catalog, &owner, at(0)).await;
    let active_at = async || catalog.upload(owner.clone(), id).await.unwrap().unwrap().active_at;
    let mut seen = active_at().await;
    // In order, in the same moment, by a clock that was set back, and over another.
    for (number, side, accepted_at) in [(1, None, 7), (2, None, 7), (3, None, 2), (1, Some(8), 7), (2, None, 7)] {
        catalog.record_part(owner.clone(), id, part(number, side), at(accepted_at), at(1).after(IDLE)).await.unwrap();
        let now = active_at().await;
        assert!(now > seen, "part {number}: {now:?} after {seen:?}");
        seen = now;
    }
    assert!(catalog.lose_part(owner.clone(), id, part(3, None), at(9), at(9)).await.unwrap());
    let now = active_at().await;
    assert!(now > seen, "a part that is lost is a change, too");
    let begin =
        async |owner: &ConnectionId| catalog.begin_completing(owner.clone(), id, digest(1), at(9)).await.unwrap();
    assert_eq!(begin(&tenant(catalog).await).await, None, "it is not theirs");
    assert_eq!(begin(&owner).await, Some(now));
    assert_eq!(begin(&owner).await, None, "it has begun");
    assert_eq!(catalog.upload(owner, id).await.unwrap().unwrap().state, UploadState::Completing);
}

pub(crate) async fn a_closed_session_takes_no_part(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    for closed in [UploadState::Completing, UploadState::Aborted, UploadState::Expired, UploadState::Completed] {
        let id = open(catalog, &owner, at(0)).await;
        catalog.record_part(owner.clone(), id, part(1, None), at(1), at(1).after(IDLE)).await.unwrap();
        assert!(catalog.move_upload(owner.clone(), id, UploadState::Open, closed, at(2)).await.unwrap());
        let before = catalog.upload(owner.clone(), id).await.unwrap();
        for late in [part(1, Some(9)), part(2, None)] {
            let recorded = catalog.record_part(owner.clone(), id, late, at(3), at(3).after(IDLE)).await.unwrap();
            assert_eq!(recorded, PartRecorded::NotOpen(closed));
        }
        assert_eq!(catalog.parts(owner.clone(), id).await.unwrap(), [part(1, None)]);
        assert_eq!(catalog.upload(owner.clone(), id).await.unwrap(), before);
    }
}

/// Each try wrote a side file of its own. Every one but that of the row must be answered exactly once, or it would never be
/// removed; that one must not be, or the part would be lost.
pub(crate) async fn racing_tries_of_one_part_replace_one_another(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let id = open(catalog, &owner, at(0)).await;
    let recorded = race(32, |side| {
        let (catalog, owner) = (catalog.clone(), owner.clone());
        let try_of_two = part(2, Some(side as u64));
        async move { catalog.record_part(owner, id, try_of_two, at(1), at(1).after(IDLE)).await.unwrap() }
    })
    .await;
    let mut sides: Vec<u64> = recorded
        .into_iter()
        .filter_map(|recorded| match recorded {
            PartRecorded::Accepted { unneeded_side } => unneeded_side,
            PartRecorded::NotOpen(state) => panic!("the session is {state}"),
        })
        .collect();
    sides.extend(catalog.part(owner, id, 2).await.unwrap().unwrap().side);
    sides.sort_unstable();
    assert_eq!(sides, (0..32).collect::<Vec<u64>>());
}

pub(crate) async fn a_foreign_session_takes_no_part(catalog: &Catalog) {
    let (owner, stranger) = (tenant(catalog).await, tenant(catalog).await);
    let id = open(catalog, &owner, at(0)).await;
    catalog.record_part(owner.clone(), id, part(1, None), at(1), at(1).after(IDLE)).await.unwrap();
    let before = catalog.upload(owner.clone(), id).await.unwrap();
    let recorded = catalog.record_part(stranger.clone(), id, part(1, Some(3)), at(2), at(2).after(IDLE)).await.unwrap();
    assert!(matches!(recorded, PartRecorded::NotOpen(_)), "{recorded:?}");
    assert_eq!(catalog.part(stranger.clone(), id, 1).await.unwrap(), None);
    assert_eq!(catalog.parts(stranger.clone(), id).await.unwrap(), []);
    assert_eq!(catalog.upload_with_parts(stranger, id).await.unwrap(), None);
    assert_eq!(catalog.parts(owner.clone(), id).await.unwrap(), [part(1, None)]);
    assert_eq!(catalog.upload(owner, id).await.unwrap(), before);
}
