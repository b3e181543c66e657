//! Lists of media.

use strongroom_catalog::Catalog;
use strongroom_catalog::records::{ListChange, ListName, MediaPage, Shelf, VaultList};
use strongroom_core::id::{ConnectionId, ListId, MediaId, MediaReference};
use strongroom_core::list::ListType;
use strongroom_core::media::MediaType;

use super::fixtures::{completed, completing, media_of, not_media, photo, tenant};
use super::{at, race};

async fn list(catalog: &Catalog, owner: &ConnectionId, name: &str) -> ListId {
    catalog.create_list(owner.clone(), name.to_owned(), at(0)).await.unwrap().unwrap()
}

async fn add(catalog: &Catalog, owner: &ConnectionId, list: ListId, media: &[MediaId]) {
    let media = media.iter().copied().map(MediaReference::Media).collect();
    assert_eq!(catalog.add_to_list(owner.clone(), list, media, at(0)).await.unwrap(), ListChange::Done);
}

async fn on(catalog: &Catalog, owner: &ConnectionId, shelf: Shelf) -> Vec<MediaId> {
    let page = MediaPage { shelf, limit: 100, ..MediaPage::default() };
    catalog.list_media(owner.clone(), page).await.unwrap().into_iter().map(|media| media.id).collect()
}

pub(crate) async fn lists_are_made_found_renamed_and_deleted(catalog: &Catalog) {
    let (owner, stranger) = (tenant(catalog).await, tenant(catalog).await);
    let names = ["Été", "plain", "100%", "été again"];
    let mut made = Vec::new();
    for name in names {
        made.push(list(catalog, &owner, name).await);
    }
    assert_eq!(made.iter().map(|id| id.number()).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(list(catalog, &stranger, "theirs").await.number(), 1, "numbered within the connection");
    let found = async |words: Option<&str>, limit, offset| {
        let lists = catalog.vault_lists(owner.clone(), words.map(str::to_owned), limit, offset).await.unwrap();
        lists.into_iter().map(|list| list.name.name).collect::<Vec<_>>()
    };
    assert_eq!(found(None, 10, 0).await, ["été again", "100%", "plain", "Été"]);
    assert_eq!(found(None, 2, 1).await, ["100%", "plain"]);
    assert_eq!(found(Some("ÉTÉ"), 10, 0).await, ["été again", "Été"]);
    assert_eq!(found(Some("%"), 10, 0).await, ["100%"]);
    assert_eq!(found(Some("_"), 10, 0).await, Vec::<String>::new());

    assert!(catalog.rename_list(owner.clone(), made[1], "Ärger".to_owned(), at(1)).await.unwrap());
    assert_eq!(found(Some("ärg"), 10, 0).await, ["Ärger"]);
    assert!(catalog.delete_list(owner.clone(), made[3]).await.unwrap());
    assert!(!catalog.delete_list(owner.clone(), made[3]).await.unwrap());
    assert_eq!(list(catalog, &owner, "new").await.number(), 5, "a number is never used twice");

    let name = ListName { id: made[0], list_type: ListType::Custom, name: "Été".to_owned() };
    let whole = VaultList { name, covers: Vec::new() };
    assert_eq!(catalog.vault_list(owner.clone(), made[0]).await.unwrap(), Some(whole));
    assert_eq!(catalog.vault_list(owner.clone(), made[3]).await.unwrap(), None);
    assert_eq!(catalog.vault_list(stranger.clone(), made[1]).await.unwrap(), None);
    assert!(!catalog.rename_list(stranger.clone(), made[1], "mine".to_owned(), at(1)).await.unwrap());
    assert!(!catalog.delete_list(stranger.clone(), made[1]).await.unwrap());
    assert_eq!(catalog.known_lists(owner.clone(), vec![made[3], made[1], made[0]]).await.unwrap(), made[..2]);
    assert_eq!(catalog.known_lists(stranger, made).await.unwrap().len(), 1);
}

pub(crate) async fn sixteen_lists_made_at_once_have_their_own_numbers(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let mut numbers = race(16, |_| {
        let (catalog, owner) = (catalog.clone(), owner.clone());
        async move { list(&catalog, &owner, "a").await.number() }
    })
    .await;
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=16).collect::<Vec<_>>());
}

pub(crate) async fn media_are_put_on_lists_and_taken_off(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let (a, b) = (list(catalog, &owner, "a").await, list(catalog, &owner, "b").await);
    let mut media = Vec::new();
    for seed in 0..6 {
        media.push(completed(catalog, &owner, seed, at(u64::from(seed))).await.media);
    }
    add(catalog, &owner, a, &media[..5]).await;
    add(catalog, &owner, a, &[media[0], media[0]]).await;
    add(catalog, &owner, b, &[media[0], media[5]]).await;
    assert_eq!(on(catalog, &owner, Shelf::List(a)).await, [4, 3, 2, 1, 0].map(|index| media[index]));
    assert_eq!(on(catalog, &owner, Shelf::List(b)).await, [media[5], media[0]]);
    let shown = catalog.vault_list(owner.clone(), a).await.unwrap().unwrap();
    let covers: Vec<_> = shown.covers.iter().map(|media| media.id).collect();
    assert_eq!(covers, [4, 3, 2, 1].map(|index| media[index]), "the newest few");
    let first = catalog.media(owner.clone(), media[0]).await.unwrap().unwrap();
    assert_eq!(first.lists.iter().map(|list| list.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);

    let taken = vec![MediaReference::Media(media[4]), MediaReference::Media(media[5])];
    assert_eq!(catalog.take_off_list(owner.clone(), a, taken).await.unwrap(), ListChange::Done);
    assert_eq!(on(catalog, &owner, Shelf::List(a)).await, [3, 2, 1, 0].map(|index| media[index]));
    assert_eq!(on(catalog, &owner, Shelf::List(b)).await.len(), 2);

    assert_eq!(catalog.clear_list(owner.clone(), a, 3).await.unwrap(), 3);
    assert_eq!(catalog.clear_list(owner.clone(), a, 3).await.unwrap(), 1);
    assert_eq!(catalog.clear_list(owner.clone(), a, 3).await.unwrap(), 0);
    assert_eq!(on(catalog, &owner, Shelf::List(a)).await, []);
    assert!(catalog.delete_list(owner.clone(), b).await.unwrap());
    assert_eq!(on(catalog, &owner, Shelf::List(b)).await, []);
    assert_eq!(on(catalog, &owner, Shelf::Vault).await.len(), 6, "media stay");
}

pub(crate) async fn a_refused_change_of_a_list_changes_nothing(catalog: &Catalog) {
    let (owner, stranger) = (tenant(catalog).await, tenant(catalog).await);
    let (mine, theirs) = (list(catalog, &owner, "a").await, list(catalog, &stranger, "a").await);
    assert_eq!(mine, theirs, "the same number, and not the same list");
    let upload = completing(catalog, &owner, at(0)).await;
    let known = catalog.complete_upload(photo(&owner, upload, 1), at(0)).await.unwrap();
    let trashed = completed(catalog, &owner, 2, at(0)).await.media;
    assert!(catalog.trash_media(owner.clone(), trashed, at(1)).await.unwrap());
    let foreign = completed(catalog, &stranger, 3, at(0)).await.media;
    let (known_ref, upload) = (MediaReference::Media(known.media), MediaReference::Upload(upload));
    for unknown in [foreign, trashed, MediaId::new(987_654)] {
        let media = vec![known_ref, MediaReference::Media(unknown)];
        let change = catalog.add_to_list(owner.clone(), mine, media, at(1)).await.unwrap();
        assert_eq!(change, ListChange::NoSuchMedia(1));
    }
    assert_eq!(on(catalog, &owner, Shelf::List(mine)).await, []);
    let no_list = ListId::new(77);
    assert_eq!(catalog.add_to_list(owner.clone(), no_list, vec![], at(1)).await.unwrap(), ListChange::NoSuchList);
    assert_eq!(catalog.take_off_list(owner.clone(), no_list, vec![]).await.unwrap(), ListChange::NoSuchList);

    assert_eq!(catalog.add_to_list(owner.clone(), mine, vec![upload], at(1)).await.unwrap(), ListChange::Done);
    assert_eq!(on(catalog, &owner, Shelf::List(mine)).await, [known.media]);
    let media = vec![known_ref, MediaReference::Media(foreign)];
    assert_eq!(catalog.take_off_list(owner.clone(), mine, media).await.unwrap(), ListChange::NoSuchMedia(1));
    assert_eq!(catalog.clear_list(stranger.clone(), theirs, 10).await.unwrap(), 0);
    assert!(catalog.delete_list(stranger.clone(), theirs).await.unwrap());
    assert_eq!(on(catalog, &owner, Shelf::List(mine)).await, [known.media]);
    assert_eq!(on(catalog, &stranger, Shelf::List(mine)).await, []);
}

pub(crate) async fn the_vault_is_summed_up(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let empty = catalog.vault_overview(owner.clone()).await.unwrap();
    assert_eq!((empty.totals, empty.covers, empty.has_room_for_lists), (Vec::new(), Vec::new(), true));
    let mut newest = Vec::new();
    for seed in 0..5 {
        newest.insert(0, completed(catalog, &owner, seed, at(u64::from(seed))).await);
    }
    let upload = completing(catalog, &owner, at(9)).await;
    let film = catalog.complete_upload(not_media(&owner, upload, 9), at(9)).await.unwrap();
    let vault = catalog.vault_overview(owner.clone()).await.unwrap();
    assert_eq!(vault.totals, [(MediaType::Photo, 5), (MediaType::Video, 1)]);
    assert_eq!(vault.covers.len(), 4);
    assert_eq!(vault.covers[0], media_of(catalog, &owner, film).await);
    assert_eq!(vault.covers[1], media_of(catalog, &owner, newest[0]).await);
}
