//! Searches: file names, whatever their case, and nothing of another tenant's.

use strongroom_catalog::Catalog;
use strongroom_catalog::records::{MediaEdit, MediaOrder, MediaPage, MediaPlace, NewMedia, Shelf};
use strongroom_core::clock::Timestamp;
use strongroom_core::id::{ConnectionId, MediaId, MediaReference};
use strongroom_core::media::{MediaStatus, MediaType};

use super::fixtures::{completing, not_media, photo, tenant};
use super::{at, race};

/// More media than a search walks through by itself.
const MANY: usize = 1100;

/// A photo with this file name.
async fn named(catalog: &Catalog, owner: &ConnectionId, name: &str, now: Timestamp) -> MediaId {
    let upload = completing(catalog, owner, now).await;
    let new = NewMedia { filename: name.to_owned(), ..photo(owner, upload, 1) };
    catalog.complete_upload(new, now).await.unwrap().media
}

async fn found(catalog: &Catalog, owner: &ConnectionId, words: &str, page: MediaPage) -> Vec<MediaId> {
    let page = MediaPage { words: Some(words.to_owned()), limit: 100, ..page };
    catalog.list_media(owner.clone(), page).await.unwrap().iter().map(|media| media.id).collect()
}

pub(crate) async fn what_occurs_in_a_name_is_found(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let names = [
        "Été à la plage.JPG",
        "100%_sure \"quoted\" it's.png",
        "海の写真.heic",
        "a*b OR c NOT d^e.mp4",
        "İstanbul\\x.png",
    ];
    let mut media = Vec::new();
    for name in names {
        media.push(named(catalog, &owner, name, at(0)).await);
    }
    for (words, expected) in [
        ("plage", vec![0]),
        ("PLAGE", vec![0]),
        ("été", vec![0]),
        ("ÉTÉ À", vec![0]),
        (".jpg", vec![0]),
        ("É", vec![0]),
        ("à", vec![0]),
        ("lage.", vec![0]),
        ("plagé", vec![]),
        ("%", vec![1]),
        ("_", vec![1]),
        ("%_", vec![1]),
        ("0%_s", vec![1]),
        ("\"", vec![1]),
        ("\"quoted\" it's", vec![1]),
        ("'", vec![1]),
        ("海", vec![2]),
        ("写真", vec![2]),
        ("の写真.", vec![2]),
        ("b or c not", vec![3]),
        ("a*b", vec![3]),
        ("* ", vec![]),
        ("*", vec![3]),
        ("d^e", vec![3]),
        ("\\", vec![4]),
        ("l\\x", vec![4]),
        ("png", vec![4, 1]),
        ("P", vec![4, 3, 1, 0]),
        ("nowhere", vec![]),
        ("   ", vec![]),
        ("owner", vec![]),
        ("text : plage", vec![]),
    ] {
        let expected: Vec<_> = expected.into_iter().map(|index: usize| media[index]).collect();
        assert_eq!(found(catalog, &owner, words, MediaPage::default()).await, expected, "{words}");
    }
}

pub(crate) async fn a_new_name_is_found_and_the_old_one_is_not(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let media = named(catalog, &owner, "before.png", at(0)).await;
    let edit = MediaEdit { filename: Some("afterwards.png".to_owned()), ..MediaEdit::default() };
    assert!(catalog.edit_media(owner.clone(), media, edit).await.unwrap());
    assert_eq!(found(catalog, &owner, "before", MediaPage::default()).await, []);
    assert_eq!(found(catalog, &owner, "AFTER", MediaPage::default()).await, [media]);
    assert!(catalog.trash_media(owner.clone(), media, at(1)).await.unwrap());
    assert_eq!(found(catalog, &owner, "after", MediaPage::default()).await, []);
    let trash = MediaPage { shelf: Shelf::Trash, ..MediaPage::default() };
    assert_eq!(found(catalog, &owner, "after", trash.clone()).await, [media]);
    assert!(catalog.purge_media(owner.clone(), media, at(2)).await.unwrap().is_some());
    assert_eq!(found(catalog, &owner, "after", trash).await, []);
}

/// The two ways that a search can go, over few media and over many, find the same.
pub(crate) async fn searches_are_sorted_filtered_and_paged(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    for many in [false, true] {
        if many {
            race(MANY, |number| {
                let (catalog, owner) = (catalog.clone(), owner.clone());
                async move { named(&catalog, &owner, &format!("{number}.bin"), at(0)).await }
            })
            .await;
        }
        let word = if many { "sunset" } else { "sunrise" };
        let list = catalog.create_list(owner.clone(), "a".to_owned(), at(0)).await.unwrap().unwrap();
        let mut media = Vec::new();
        for number in 0..6 {
            let id = named(catalog, &owner, &format!("{word} {number}.jpg"), at(100 + number)).await;
            let likes = Some([5, 3, 9, 3, 0, 1][usize::try_from(number).unwrap()]);
            let edit = MediaEdit { filename: None, likes, tips: likes.map(|likes| -likes) };
            assert!(catalog.edit_media(owner.clone(), id, edit).await.unwrap());
            if number % 2 == 0 {
                catalog.add_to_list(owner.clone(), list, vec![MediaReference::Media(id)], at(200)).await.unwrap();
            }
            media.push(id);
        }
        let upload = completing(catalog, &owner, at(300)).await;
        let film = NewMedia { filename: format!("{word}.mp4"), ..not_media(&owner, upload, 77) };
        media.push(catalog.complete_upload(film, at(300)).await.unwrap().media);
        let page = MediaPage::default;
        for (page, expected) in [
            (page(), vec![6, 5, 4, 3, 2, 1, 0]),
            (MediaPage { descending: false, ..page() }, vec![0, 1, 2, 3, 4, 5, 6]),
            (MediaPage { offset: 2, ..page() }, vec![4, 3, 2, 1, 0]),
            (MediaPage { order: MediaOrder::Likes, ..page() }, vec![2, 0, 3, 1, 5, 6, 4]),
            (MediaPage { order: MediaOrder::Likes, descending: false, ..page() }, vec![4, 6, 5, 1, 3, 0, 2]),
            (MediaPage { order: MediaOrder::Tips, ..page() }, vec![6, 4, 5, 3, 1, 0, 2]),
            (MediaPage { media_type: Some(MediaType::Photo), ..page() }, vec![5, 4, 3, 2, 1, 0]),
            (MediaPage { media_type: Some(MediaType::Video), ..page() }, vec![6]),
            (MediaPage { status: Some(MediaStatus::Error), ..page() }, vec![6]),
            (MediaPage { status: Some(MediaStatus::Ready), ..page() }, vec![]),
            (MediaPage { shelf: Shelf::List(list), ..page() }, vec![4, 2, 0]),
            (MediaPage { created_from: Some(at(102)), created_to: Some(at(104)), ..page() }, vec![4, 3, 2]),
        ] {
            let expected: Vec<_> = expected.into_iter().map(|index: usize| media[index]).collect();
            assert_eq!(found(catalog, &owner, word, page.clone()).await, expected, "{page:?}");
        }
        if many {
            // In more places than are looked up.
            let common = found(catalog, &owner, ".BIN", MediaPage { order: MediaOrder::Likes, ..page() }).await;
            assert_eq!(common.len(), 100);
            let all = found(catalog, &owner, "et", MediaPage { order: MediaOrder::Likes, ..page() }).await;
            assert_eq!(all[..4], [2, 0, 3, 1].map(|index: usize| media[index]));
        }
        for (order, descending) in [(MediaOrder::Created, true), (MediaOrder::Likes, false), (MediaOrder::Tips, true)] {
            let all = found(catalog, &owner, word, MediaPage { order, descending, ..page() }).await;
            let (mut seen, mut after) = (Vec::new(), None);
            loop {
                let words = Some(word.to_owned());
                let page = MediaPage { order, descending, words, after, limit: 2, ..page() };
                let shown = catalog.list_media(owner.clone(), page).await.unwrap();
                let Some(last) = shown.last() else { break };
                after = Some(MediaPlace { value: order.value_of(last), media: last.id });
                seen.extend(shown.iter().map(|media| media.id));
            }
            assert_eq!(seen, all, "{order:?}");
        }
    }
}

pub(crate) async fn a_search_stays_with_its_tenant(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let mine = named(catalog, &owner, "canary.png", at(0)).await;
    for _ in 0..3 {
        let stranger = tenant(catalog).await;
        let theirs = named(catalog, &stranger, "canary.png", at(0)).await;
        for words in ["canary", "CANARY", "an", "."] {
            assert_eq!(found(catalog, &owner, words, MediaPage::default()).await, [mine]);
            assert_eq!(found(catalog, &stranger, words, MediaPage::default()).await, [theirs]);
        }
    }
}
