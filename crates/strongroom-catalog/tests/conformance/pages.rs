//! Pages of media: their order, their filters, what is on them.

use strongroom_catalog::Catalog;
use strongroom_catalog::records::{MediaEdit, MediaOrder, MediaPage, MediaPlace};
use strongroom_core::id::{ConnectionId, MediaId};
use strongroom_core::media::{MediaStatus, MediaType};
use strongroom_core::rendition::RenditionName;

use super::at;
use super::fixtures::{claim, completed, completing, facts, not_media, ready, rendition, tenant};

fn everything() -> MediaPage {
    MediaPage { limit: 100, ..MediaPage::default() }
}

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
        assert_eq!(ids(catalog, &owner, MediaPage { order, descending: false, ..everything() }).await, ascending);
        assert_eq!(ids(catalog, &owner, MediaPage { order, ..everything() }).await, descending);
        for offset in 0..6 {
            let page = MediaPage { order, limit: 2, offset, ..everything() };
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
            let page = MediaPage { order, media_type, status, ..everything() };
            assert_eq!(ids(catalog, &owner, page).await, expected, "{order:?} {media_type:?} {status:?}");
        }
    }
    let second = MediaPage { media_type: Some(MediaType::Photo), limit: 1, offset: 1, ..everything() };
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
    let page = MediaPage { descending: false, limit: 3, offset: 1, ..everything() };
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

/// Three to a page, whatever the order, and media arrive between one page and the next: none is shown twice, and of those
/// that were there at the beginning none is passed over.
pub(crate) async fn a_walk_by_places_shows_each_once(catalog: &Catalog) {
    for order in [MediaOrder::Created, MediaOrder::Likes, MediaOrder::Tips] {
        for descending in [false, true] {
            let owner = tenant(catalog).await;
            let mut there = Vec::new();
            for seed in 0..10 {
                let media = completed(catalog, &owner, seed, at(100 + u64::from(seed) / 3)).await.media;
                let (likes, tips) = (Some(i64::from(seed) % 3), Some(i64::from(seed) / 4));
                let edit = MediaEdit { filename: None, likes, tips };
                assert!(catalog.edit_media(owner.clone(), media, edit).await.unwrap());
                there.push(media);
            }
            let expected = ids(catalog, &owner, MediaPage { order, descending, ..everything() }).await;
            let (mut seen, mut after, mut arrived) = (Vec::new(), None, 20);
            loop {
                let page = MediaPage { order, descending, after, limit: 3, ..MediaPage::default() };
                let shown = catalog.list_media(owner.clone(), page).await.unwrap();
                let Some(last) = shown.last() else { break };
                after = Some(MediaPlace { value: order.value_of(last), media: last.id });
                seen.extend(shown.iter().map(|media| media.id));
                if arrived < 24 {
                    completed(catalog, &owner, arrived, at(u64::from(arrived) * 10 - 150)).await;
                    arrived += 1;
                }
            }
            let of_the_first: Vec<_> = seen.iter().filter(|id| there.contains(id)).copied().collect();
            assert_eq!(of_the_first, expected, "{order:?} {descending}");
            let mut once = seen.clone();
            once.sort();
            once.dedup();
            assert_eq!(once.len(), seen.len(), "{order:?} {descending}: {seen:?}");
        }
    }
}

pub(crate) async fn pages_hold_a_span_of_time(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let mut made = Vec::new();
    for seed in 0..5 {
        made.push(completed(catalog, &owner, seed, at(u64::from(seed) * 10)).await.media);
    }
    let at = |second| Some(at(second));
    for (created_from, created_to, expected) in [
        (None, None, 0..5),
        (at(10), None, 1..5),
        (None, at(30), 0..4),
        (at(10), at(30), 1..4),
        (at(11), at(29), 2..3),
        (at(20), at(20), 2..3),
        (at(21), at(29), 0..0),
        (at(30), at(10), 0..0),
    ] {
        for order in [MediaOrder::Created, MediaOrder::Likes, MediaOrder::Tips] {
            let page = MediaPage { order, created_from, created_to, descending: false, ..everything() };
            assert_eq!(ids(catalog, &owner, page.clone()).await, made[expected.clone()], "{page:?}");
            let mut reversed = made[expected.clone()].to_vec();
            reversed.reverse();
            assert_eq!(ids(catalog, &owner, MediaPage { descending: true, ..page }).await, reversed);
        }
        // A place outside the span is no way around it.
        for second in [0, 25, 40] {
            let place = MediaPlace { value: super::at(second).as_millis(), media: MediaId::new(i64::MAX) };
            let page = MediaPage { created_from, created_to, after: Some(place), ..everything() };
            let shown = ids(catalog, &owner, page).await;
            let before = |id: &&MediaId| made.iter().position(|made| made == *id).unwrap() as u64 * 10 <= second;
            let mut expected: Vec<_> = made[expected.clone()].iter().filter(before).copied().collect();
            expected.reverse();
            assert_eq!(shown, expected);
        }
    }
}
