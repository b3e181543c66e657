//! Pages of media.

use strongroom_catalog::Catalog;
use strongroom_catalog::records::{MediaOrder, MediaPage};
use strongroom_core::id::{ConnectionId, MediaId};
use strongroom_core::media::{MediaStatus, MediaType};
use strongroom_core::rendition::RenditionName;

use super::at;
use super::fixtures::{claim, completed, completing, facts, not_media, ready, rendition, tenant};

const EVERYTHING: MediaPage =
    MediaPage { order: MediaOrder::Created, descending: true, media_type: None, status: None, limit: 100, offset: 0 };

async fn ids(catalog: &Catalog, owner: &ConnectionId, page: MediaPage) -> Vec<MediaId> {
    catalog.list_media(owner.clone(), page).await.unwrap().into_iter().map(|media| media.id).collect()
}

/// Likes and tips are all zero here, so that those orders come down to the tie-break; their own order is an engine's test.
pub(crate) async fn pages_keep_their_order(catalog: &Catalog) {
    let (owner, stranger) = (tenant(catalog).await, tenant(catalog).await);
    let mut by_id = Vec::new();
    for (seed, second) in [(1, 30), (2, 10), (3, 20), (4, 20), (5, 20)] {
        by_id.push(completed(catalog, &owner, seed, at(second)).await.media);
    }
    completed(catalog, &stranger, 6, at(15)).await;
    let by_creation = [1, 2, 3, 4, 0].map(|index| by_id[index]);
    for (order, ascending) in [
        (MediaOrder::Created, by_creation.as_slice()),
        (MediaOrder::Likes, by_id.as_slice()),
        (MediaOrder::Tips, by_id.as_slice()),
    ] {
        let descending: Vec<_> = ascending.iter().rev().copied().collect();
        assert_eq!(ids(catalog, &owner, MediaPage { order, descending: false, ..EVERYTHING }).await, ascending);
        assert_eq!(ids(catalog, &owner, MediaPage { order, ..EVERYTHING }).await, descending);
        for offset in 0..6 {
            let page = MediaPage { order, limit: 2, offset, ..EVERYTHING };
            let from = usize::try_from(offset).unwrap();
            let expected: Vec<_> = descending.iter().skip(from).take(2).copied().collect();
            assert_eq!(ids(catalog, &owner, page).await, expected, "{order:?} from {offset}");
        }
    }
}

pub(crate) async fn pages_are_filtered(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let done = ready(catalog, &owner, 1, at(1)).await.media;
    let waiting = completed(catalog, &owner, 2, at(2)).await.media;
    let upload = completing(catalog, &owner, at(3)).await;
    let failed = catalog.complete_upload(not_media(&owner, upload, 3), at(3)).await.unwrap().media;
    for (media_type, status, expected) in [
        (None, None, vec![failed, waiting, done]),
        (Some(MediaType::Photo), None, vec![waiting, done]),
        (Some(MediaType::Video), None, vec![failed]),
        (Some(MediaType::Audio), None, vec![]),
        (None, Some(MediaStatus::Ready), vec![done]),
        (None, Some(MediaStatus::Processing), vec![waiting]),
        (None, Some(MediaStatus::Error), vec![failed]),
        (Some(MediaType::Photo), Some(MediaStatus::Error), vec![]),
    ] {
        for order in [MediaOrder::Created, MediaOrder::Likes, MediaOrder::Tips] {
            let page = MediaPage { order, media_type, status, ..EVERYTHING };
            assert_eq!(ids(catalog, &owner, page).await, expected, "{order:?} {media_type:?} {status:?}");
        }
    }
    let second = MediaPage { media_type: Some(MediaType::Photo), limit: 1, offset: 1, ..EVERYTHING };
    assert_eq!(ids(catalog, &owner, second).await, [done], "an offset counts what passes the filter");
}

/// A page counts media, not the rows that their renditions make, and each media has its own.
pub(crate) async fn renditions_stay_with_their_media(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let sets = [
        vec![RenditionName::Full, RenditionName::Preview, RenditionName::SquarePreview, RenditionName::Thumb],
        vec![],
        vec![RenditionName::Preview640Webp],
        // By the alphabet, 640 would come before its elder.
        vec![RenditionName::Full, RenditionName::PreviewWebp, RenditionName::Preview640Webp],
    ];
    for (seed, names) in sets.iter().enumerate() {
        let seed = u8::try_from(seed).unwrap();
        // All at one instant: only the ids tell the media apart.
        completed(catalog, &owner, seed, at(0)).await;
        let mut facts = facts(seed);
        facts.renditions = names.iter().rev().copied().map(rendition).collect();
        assert!(catalog.finish_render(claim(catalog, at(0)).await, facts, at(0)).await.unwrap());
    }
    let page = MediaPage { descending: false, limit: 3, offset: 1, ..EVERYTHING };
    let shown = catalog.list_media(owner.clone(), page).await.unwrap();
    let names: Vec<Vec<_>> = shown.iter().map(|media| media.renditions.iter().map(|r| r.name).collect()).collect();
    assert_eq!(names, sets[1..]);
    for media in shown {
        assert_eq!(
            catalog.media(owner.clone(), media.id).await.unwrap(),
            Some(media),
            "a list shows what a read shows"
        );
    }
}
