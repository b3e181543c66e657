//! What is kept beside the rows, counted anew.

use strongroom_catalog::Catalog;
use strongroom_catalog::records::{FormTerms, ListChange, MediaEdit, MediaPage, PersonChange, Shelf};
use strongroom_core::id::{ConnectionId, MediaId, MediaReference};
use strongroom_core::media::FailureCode;

use super::at;
use super::consent::{attach, form_of, person_of, terms};
use super::fixtures::{IDLE, claim, completed, completing, failure, open, ready, tenant};
use super::quarantine::quarantine;

/// Nothing that is kept beside the rows says something else than they do.
pub(super) async fn assert_sound(catalog: &Catalog, owner: &ConnectionId) {
    assert_eq!(catalog.miscounts(owner.clone()).await.unwrap(), []);
    assert_eq!(catalog.misplaced_media(owner.clone(), 100).await.unwrap(), []);
    assert_eq!(catalog.misworded_media(owner.clone(), 100).await.unwrap(), []);
    assert_eq!(catalog.disagreeing_media(owner.clone(), 100).await.unwrap(), []);
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
