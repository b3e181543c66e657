//! People and their avatars.

use strongroom_catalog::Catalog;
use strongroom_catalog::records::{
    AvatarState, ConsentPage, FormTerms, NameOrder, NewBlob, NextStep, PersonChange, Refused, RenderedFacts,
};
use strongroom_core::id::{BlobKey, ConnectionId, PersonId, UploadId};
use strongroom_core::job::JobKind;
use strongroom_core::media::{FailureCode, Format, MediaType};
use strongroom_core::rendition::RenditionName;

use super::at;
use super::consent::{facts_of, form_of, page, person_of, read, terms};
use super::fixtures::{SIZE_BYTES, claim, digest, facts, failure, ready, rendition, tenant};

pub(crate) async fn a_person_comes_back_whole(catalog: &Catalog) {
    let (owner, stranger) = (tenant(catalog).await, tenant(catalog).await);
    let id = person_of(catalog, &owner, "Émile", at(1)).await;
    let person = catalog.person(owner.clone(), id).await.unwrap().unwrap();
    assert_eq!((person.facts, person.has_avatar, person.created_at), (facts_of("Émile"), false, at(1)));
    let change = PersonChange {
        name: Some("Zoë".to_owned()),
        iv_status: Some(Some("checked".to_owned())),
        is_verified: Some(false),
        ..PersonChange::default()
    };
    assert!(!catalog.change_person(stranger.clone(), id, change.clone(), at(2)).await.unwrap());
    assert!(catalog.change_person(owner.clone(), id, change, at(2)).await.unwrap());
    let facts = catalog.person(owner.clone(), id).await.unwrap().unwrap().facts;
    assert_eq!((facts.name.as_str(), facts.username.as_str(), facts.is_verified), ("Zoë", "émile", false));
    assert_eq!(facts.iv_status.as_deref(), Some("checked"));

    let found = async |text: &str| {
        let page = ConsentPage { search: Some(text.to_owned()), ..page(NameOrder::Name, at(3)) };
        catalog.list_people(owner.clone(), page).await.unwrap().len()
    };
    assert_eq!((found("zOË").await, found("ÉMI").await, found("Ana").await), (1, 1, 0), "by either name");
    assert_eq!(catalog.person(stranger, id).await.unwrap(), None);
}

/// A consent record that no longer said whose consent it is would be worth nothing.
pub(crate) async fn a_deleted_person_is_named_on_their_forms(catalog: &Catalog) {
    let (owner, stranger) = (tenant(catalog).await, tenant(catalog).await);
    let id = person_of(catalog, &owner, "Ana", at(0)).await;
    let form = form_of(catalog, &owner, FormTerms { person: Some(id), ..terms("Hers") }, at(1)).await;
    let unknown = Err(Refused::Person(id));
    assert_eq!(catalog.delete_person(stranger, id, at(2)).await.unwrap(), unknown);
    assert_eq!(catalog.delete_person(owner.clone(), id, at(2)).await.unwrap(), Ok(None));
    assert_eq!(catalog.delete_person(owner.clone(), id, at(3)).await.unwrap(), unknown);
    assert_eq!(catalog.person(owner.clone(), id).await.unwrap(), None);
    assert_eq!(catalog.list_people(owner.clone(), page(NameOrder::Date, at(3))).await.unwrap(), []);
    assert_eq!(read(catalog, &owner, form).await.person_name.as_deref(), Some("Ana"));
}

fn picture(owner: &ConnectionId, seed: u8) -> NewBlob {
    NewBlob {
        connection: owner.clone(),
        key: BlobKey::of_upload(UploadId::random()),
        etag: digest(seed),
        size_bytes: SIZE_BYTES,
        media_type: MediaType::Photo,
        format: Some(Format::Jpeg),
        next: NextStep::Render(JobKind::RenderPhoto),
    }
}

fn with_squares(seed: u8) -> RenderedFacts {
    let squares = [RenditionName::Avatar144, RenditionName::Avatar50].map(rendition);
    let facts = facts(seed);
    RenderedFacts { renditions: [facts.renditions, squares.to_vec()].concat(), ..facts }
}

pub(crate) async fn an_avatar_is_shown_and_its_urls_die_with_it(catalog: &Catalog) {
    let (owner, stranger) = (tenant(catalog).await, tenant(catalog).await);
    let id = person_of(catalog, &owner, "Ana", at(0)).await;
    let blob = catalog.keep_avatar(picture(&owner, 1), at(1)).await.unwrap();
    assert!(catalog.wants_squares(owner.clone(), blob).await.unwrap());
    assert!(!catalog.wants_squares(stranger.clone(), blob).await.unwrap());
    let state = async || catalog.avatar_state(owner.clone(), blob).await.unwrap();
    assert_eq!(state().await, Some(AvatarState::Waiting));
    assert!(catalog.finish_render(claim(catalog, at(2)).await, with_squares(1), at(2)).await.unwrap());
    assert_eq!(state().await, Some(AvatarState::Ready));

    let version = async || catalog.person(owner.clone(), id).await.unwrap().unwrap().url_version;
    let before = version().await;
    let refused = catalog.set_avatar(stranger, id, Some(blob), at(3)).await.unwrap();
    assert_eq!(refused, Err(Refused::Person(id)));
    for _ in 0..2 {
        assert_eq!(catalog.set_avatar(owner.clone(), id, Some(blob), at(3)).await.unwrap(), Ok(None), "it is shown");
    }
    let avatar = catalog.avatar(id, RenditionName::Avatar50).await.unwrap().unwrap();
    assert_eq!((avatar.blob, avatar.url_version), (blob, before + 2));
    assert_eq!(catalog.avatar(PersonId::new(999_999), RenditionName::Avatar50).await.unwrap(), None);
    assert!(!catalog.discard_picture(owner.clone(), blob).await.unwrap(), "it is shown");
    assert_eq!(catalog.set_avatar(owner.clone(), id, None, at(4)).await.unwrap(), Ok(Some(blob)), "nothing shows it");
    assert!(!catalog.names_blob(blob).await.unwrap());
    assert_eq!((catalog.avatar(id, RenditionName::Avatar50).await.unwrap(), version().await), (None, before + 3));
}

/// The same bytes as a media's are one blob; it is rendered anew, and keeps its squares however often that happens.
pub(crate) async fn a_media_can_become_an_avatar(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let done = ready(catalog, &owner, 1, at(0)).await;
    let blob = catalog.keep_avatar(picture(&owner, 1), at(1)).await.unwrap();
    assert_eq!(blob, done.blob);
    let state = async || catalog.avatar_state(owner.clone(), blob).await.unwrap().unwrap();
    assert_eq!(state().await, AvatarState::Lacking(Format::Jpeg));
    assert!(catalog.render_again(owner.clone(), blob, JobKind::RenderPhoto, at(2)).await.unwrap());
    assert!(catalog.finish_render(claim(catalog, at(3)).await, with_squares(1), at(3)).await.unwrap());
    assert_eq!(state().await, AvatarState::Ready);
    let id = person_of(catalog, &owner, "Ana", at(4)).await;
    assert_eq!(catalog.set_avatar(owner.clone(), id, Some(blob), at(4)).await.unwrap(), Ok(None));
    assert_eq!(catalog.delete_person(owner.clone(), id, at(5)).await.unwrap(), Ok(None), "the media shows it");
}

pub(crate) async fn a_picture_that_fails_or_moves_is_no_avatar(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let state = async |blob| catalog.avatar_state(owner.clone(), blob).await.unwrap().unwrap();
    let broken = catalog.keep_avatar(picture(&owner, 1), at(0)).await.unwrap();
    assert!(catalog.fail_render(claim(catalog, at(1)).await, failure(FailureCode::Malformed), at(1)).await.unwrap());
    assert_eq!(state(broken).await, AvatarState::Failed(failure(FailureCode::Malformed)));
    assert!(catalog.discard_picture(owner.clone(), broken).await.unwrap());
    assert_eq!(catalog.avatar_state(owner.clone(), broken).await.unwrap(), None);
    let moving = catalog.keep_avatar(picture(&owner, 2), at(2)).await.unwrap();
    let film = RenderedFacts { media_type: MediaType::Gif, format: Format::Gif, ..facts(2) };
    assert!(catalog.finish_render(claim(catalog, at(3)).await, film, at(3)).await.unwrap());
    assert_eq!(state(moving).await, AvatarState::Moving);
    let nothing = BlobKey::of_upload(UploadId::random());
    assert_eq!(catalog.avatar_state(owner.clone(), nothing).await.unwrap(), None);
}
