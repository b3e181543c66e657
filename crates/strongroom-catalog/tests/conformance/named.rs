//! Lists and release forms that an upload names, and the people that a search finds media by.

use strongroom_catalog::Catalog;
use strongroom_catalog::records::{Attaching, FormTerms, MediaPage, PersonChange, PersonFacts};
use strongroom_core::id::{ConnectionId, FormId, KeyId, ListId, MediaId, PersonId};
use strongroom_core::release_form::{Actor, FormAction};

use super::at;
use super::fixtures::{completed, completing, media_of, open, photo, tenant};

fn actor() -> Actor {
    Actor::Key("key_000000000000000000000000".parse::<KeyId>().unwrap())
}

async fn list(catalog: &Catalog, owner: &ConnectionId, name: &str) -> ListId {
    catalog.create_list(owner.clone(), name.to_owned(), at(0)).await.unwrap().unwrap()
}

async fn form(catalog: &Catalog, owner: &ConnectionId, person: Option<PersonId>) -> FormId {
    let terms = FormTerms {
        name: "a form".to_owned(),
        form_type: "model".to_owned(),
        person,
        partner_id: None,
        partner_source: "strongroom".to_owned(),
        code: None,
        usage: None,
        valid_from: None,
        expires_at: None,
        is_hidden: false,
    };
    catalog.create_form(owner.clone(), terms, actor(), at(0)).await.unwrap().unwrap()
}

fn naming(owner: &ConnectionId, forms: &[FormId]) -> Attaching {
    Attaching { connection: owner.clone(), forms: forms.to_vec(), actor: actor() }
}

pub(crate) async fn what_an_upload_names_is_attached_by_complete(catalog: &Catalog) {
    let (owner, stranger) = (tenant(catalog).await, tenant(catalog).await);
    let lists = [list(catalog, &owner, "a").await, list(catalog, &owner, "b").await, list(catalog, &owner, "c").await];
    let forms =
        [form(catalog, &owner, None).await, form(catalog, &owner, None).await, form(catalog, &owner, None).await];
    let foreign = form(catalog, &stranger, None).await;
    let unknown = vec![FormId::new(987_654), foreign, forms[0], forms[2]];
    assert_eq!(catalog.known_forms(owner.clone(), unknown).await.unwrap(), [forms[0], forms[2]]);

    let upload = completing(catalog, &owner, at(0)).await;
    for (lists, forms) in [(&lists[..2], &forms[..1]), (&lists[1..], &forms[..]), (&[], &[])] {
        catalog.name_for_upload(upload, lists.to_vec(), naming(&owner, forms), at(1)).await.unwrap();
    }
    // Gone by the time that the media comes.
    assert!(catalog.delete_list(owner.clone(), lists[0]).await.unwrap());
    catalog.delete_form(owner.clone(), forms[1], actor(), at(2)).await.unwrap().unwrap();
    let done = catalog.complete_upload(photo(&owner, upload, 1), at(3)).await.unwrap();
    let media = media_of(catalog, &owner, done).await;
    assert_eq!(media.lists.iter().map(|list| list.id).collect::<Vec<_>>(), lists[1..]);
    assert_eq!(media.release_forms.iter().map(|form| form.id).collect::<Vec<_>>(), [forms[0], forms[2]]);
    let log = catalog.audit_of_form(owner.clone(), forms[0], 0, 10).await.unwrap();
    let last = log.last().unwrap();
    assert_eq!((last.action, &last.actor), (FormAction::Attached, &actor()));
}

/// A single PUT has completed it; what complete then names is attached at once.
pub(crate) async fn a_complete_upload_is_given_what_it_names(catalog: &Catalog) {
    let (owner, stranger) = (tenant(catalog).await, tenant(catalog).await);
    let (list, form) = (list(catalog, &owner, "a").await, form(catalog, &owner, None).await);
    let upload = completing(catalog, &owner, at(0)).await;
    let done = catalog.complete_upload(photo(&owner, upload, 1), at(0)).await.unwrap();
    for _ in 0..2 {
        catalog.name_for_upload(upload, vec![list], naming(&owner, &[form]), at(1)).await.unwrap();
        let media = media_of(catalog, &owner, done).await;
        assert_eq!((media.lists.len(), media.release_forms.len()), (1, 1));
    }
    // Another's upload is nobody's.
    let theirs = open(catalog, &stranger, at(0)).await;
    catalog.name_for_upload(theirs, vec![list], naming(&owner, &[form]), at(1)).await.unwrap();
    let from = strongroom_core::upload::UploadState::Open;
    let to = strongroom_core::upload::UploadState::Completing;
    assert!(catalog.move_upload(stranger.clone(), theirs, from, to, at(1)).await.unwrap());
    let theirs = catalog.complete_upload(photo(&stranger, theirs, 2), at(2)).await.unwrap();
    assert_eq!(media_of(catalog, &stranger, theirs).await.lists, []);
}

pub(crate) async fn media_are_found_by_their_people(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let facts = PersonFacts {
        person_type: "user".to_owned(),
        name: "Ana Ärmel".to_owned(),
        username: "the_ana".to_owned(),
        is_verified: true,
        is_guest: false,
        is_hidden: false,
        iv_status: None,
    };
    let ana = catalog.create_person(owner.clone(), facts, at(0)).await.unwrap();
    let (hers, nobodys) = (form(catalog, &owner, Some(ana)).await, form(catalog, &owner, None).await);
    let one = completed(catalog, &owner, 1, at(1)).await.media;
    let two = completed(catalog, &owner, 2, at(2)).await.media;
    let found = async |words: &str| {
        let page = MediaPage { words: Some(words.to_owned()), limit: 10, ..MediaPage::default() };
        let shown = catalog.list_media(owner.clone(), page).await.unwrap();
        shown.iter().map(|media| media.id).collect::<Vec<MediaId>>()
    };
    let attach = async |media: MediaId, forms: &[FormId]| {
        let named = strongroom_core::id::MediaReference::Media(media);
        catalog.replace_forms(named, naming(&owner, forms), at(3)).await.unwrap().unwrap();
    };
    assert_eq!(found("ärmel").await, []);
    attach(one, &[hers]).await;
    attach(two, &[nobodys]).await;
    assert_eq!((found("ärmel").await, found("THE_ANA").await, found("é'26").await), (vec![one], vec![one], vec![]));
    attach(two, &[hers, nobodys]).await;
    assert_eq!(found("Ana Ä").await, [two, one]);

    let change = PersonChange { name: Some("Bea".to_owned()), ..PersonChange::default() };
    assert!(catalog.change_person(owner.clone(), ana, change, at(4)).await.unwrap());
    assert_eq!((found("ärmel").await, found("bea").await), (vec![], vec![two, one]));
    attach(one, &[]).await;
    assert_eq!(found("bea").await, [two]);
    catalog.delete_form(owner.clone(), hers, actor(), at(5)).await.unwrap().unwrap();
    assert_eq!(found("bea").await, []);
}
