//! Forms on media: what closes, what opens, and which links die.

use strongroom_catalog::Catalog;
use strongroom_catalog::records::{FormChange, FormTerms, Refused};
use strongroom_core::id::{FormId, MediaId, MediaReference, UploadId};
use strongroom_core::release_form::{Consent, ConsentPolicy, FormAction};

use super::at;
use super::consent::{
    actions, actor, approved, attach, attaching, form_of, gated, pending, set_policy, terms, url_version,
};
use super::fixtures::{completing, photo, ready, tenant};

pub(crate) async fn forms_are_attached_to_many_media_or_to_none(catalog: &Catalog) {
    let (owner, stranger) = (tenant(catalog).await, tenant(catalog).await);
    let upload = completing(catalog, &owner, at(0)).await;
    let first = catalog.complete_upload(photo(&owner, upload, 1), at(0)).await.unwrap().media;
    let upload = completing(catalog, &owner, at(0)).await;
    let second = catalog.complete_upload(photo(&owner, upload, 2), at(0)).await.unwrap().media;
    let (a, b) = (approved(catalog, &owner, at(1)).await, approved(catalog, &owner, at(1)).await);
    let foreign = approved(catalog, &stranger, at(1)).await;
    let on = async |media| -> Vec<FormId> {
        let media = catalog.media(owner.clone(), media).await.unwrap().unwrap();
        media.release_forms.into_iter().map(|form| form.id).collect()
    };
    let both = vec![MediaReference::Media(first), MediaReference::Upload(upload)];
    let lost = UploadId::random();
    for (media, forms, refused) in [
        (both.clone(), vec![a, foreign], Refused::Form(foreign)),
        (both.clone(), vec![a, FormId::new(999_999)], Refused::Form(FormId::new(999_999))),
        (vec![both[0], MediaReference::Media(MediaId::new(999_999))], vec![a], Refused::Media("999999".to_owned())),
        (vec![both[0], MediaReference::Upload(lost)], vec![a], Refused::Media(lost.to_string())),
    ] {
        let answer = catalog.attach_forms(media, attaching(&owner, &forms), at(2)).await.unwrap();
        assert_eq!(answer, Err(refused));
    }
    assert_eq!((on(first).await, on(second).await), (vec![], vec![]), "all or nothing");
    let attached = catalog.attach_forms(both.clone(), attaching(&owner, &[a]), at(3)).await.unwrap();
    assert_eq!(attached, Ok(vec![first, second]));
    catalog.attach_forms(both.clone(), attaching(&owner, &[b, a]), at(4)).await.unwrap().unwrap();
    assert_eq!((on(first).await, on(second).await), (vec![a, b], vec![a, b]));

    let replace =
        async |media, forms: &[FormId]| catalog.replace_forms(media, attaching(&owner, forms), at(5)).await.unwrap();
    assert_eq!(replace(both[1], &[b]).await, Ok(second));
    assert_eq!(replace(both[0], &[foreign]).await, Err(Refused::Form(foreign)));
    assert_eq!((on(first).await, on(second).await), (vec![a, b], vec![b]));
    assert_eq!(replace(both[0], &[]).await, Ok(first));
    assert_eq!(on(first).await, []);
    use FormAction::{Approved, Attached, Created, Detached};
    assert_eq!(actions(catalog, &owner, a).await, [Created, Approved, Attached, Detached, Detached]);
    assert_eq!(actions(catalog, &owner, b).await, [Created, Approved, Attached, Detached]);
    let told = catalog.audit_of_form(owner.clone(), a, 0, 10).await.unwrap();
    assert_eq!(told[2].detail, format!("{{\"mediaIds\":[{first},{second}]}}"));
}

/// Under `require`, links to a media that a change finds closed, or leaves closed, die; those to one that stays open live on.
pub(crate) async fn links_die_when_a_media_closes_or_opens(catalog: &Catalog) {
    let (owner, media) = gated(catalog, ConsentPolicy::Require, at(0)).await;
    let version = async || url_version(catalog, &owner, media).await;
    let mut last = version().await;
    let mut moved = async |what: &str, expected: bool| {
        let now = version().await;
        assert_eq!(now != last, expected, "{what}");
        last = now;
    };
    let idle = approved(catalog, &owner, at(1)).await;
    catalog.revoke_form(owner.clone(), idle, actor(), at(1)).await.unwrap().unwrap();
    moved("a form that is not attached", false).await;
    let form = pending(catalog, &owner, at(1)).await;
    attach(catalog, &owner, &[media], &[form], at(1)).await;
    moved("a pending form is attached", true).await;
    catalog.approve_form(owner.clone(), form, actor(), at(2)).await.unwrap().unwrap();
    moved("it is approved", true).await;
    let second = approved(catalog, &owner, at(2)).await;
    attach(catalog, &owner, &[media], &[second], at(2)).await;
    moved("another one that is active is attached", false).await;
    catalog.delete_form(owner.clone(), second, actor(), at(3)).await.unwrap().unwrap();
    moved("it is deleted, and one is enough", false).await;
    catalog.revoke_form(owner.clone(), form, actor(), at(4)).await.unwrap().unwrap();
    moved("the last one is revoked", true).await;
    catalog.revoke_form(owner.clone(), form, actor(), at(5)).await.unwrap().unwrap();
    moved("and again", false).await;
    catalog.approve_form(owner.clone(), form, actor(), at(6)).await.unwrap().unwrap();
    moved("it is approved again", true).await;
    let not_yet = FormChange { valid_from: Some(Some(at(50))), ..FormChange::default() };
    catalog.change_form(owner.clone(), form, not_yet, actor(), at(7)).await.unwrap().unwrap();
    moved("its time has not come", true).await;
    let at_once = FormChange { valid_from: Some(None), ..FormChange::default() };
    catalog.change_form(owner.clone(), form, at_once, actor(), at(8)).await.unwrap().unwrap();
    moved("it has", true).await;
    let renamed = FormChange { name: Some("Another".to_owned()), ..FormChange::default() };
    catalog.change_form(owner.clone(), form, renamed, actor(), at(8)).await.unwrap().unwrap();
    moved("it is renamed", false).await;
    let take = async |forms: &[FormId], second| {
        let media = MediaReference::Media(media);
        catalog.replace_forms(media, attaching(&owner, forms), at(second)).await.unwrap().unwrap();
    };
    take(&[], 9).await;
    moved("it is taken off", true).await;
    take(&[form], 10).await;
    moved("it is attached again", true).await;
    catalog.delete_form(owner.clone(), form, actor(), at(11)).await.unwrap().unwrap();
    moved("it is deleted", true).await;

    set_policy(catalog, &owner, ConsentPolicy::Warn, at(12)).await;
    let lenient = approved(catalog, &owner, at(13)).await;
    attach(catalog, &owner, &[media], &[lenient], at(13)).await;
    catalog.revoke_form(owner.clone(), lenient, actor(), at(14)).await.unwrap().unwrap();
    moved("nothing closes where the policy is not require", false).await;
}

/// What delivery is told is what the media says of itself.
pub(crate) async fn delivery_sees_the_same_forms(catalog: &Catalog) {
    let (owner, media) = gated(catalog, ConsentPolicy::Require, at(0)).await;
    let limited = FormTerms { expires_at: Some(at(30)), ..terms("Limited") };
    let form = form_of(catalog, &owner, limited, at(1)).await;
    attach(catalog, &owner, &[media], &[form], at(1)).await;
    catalog.approve_form(owner.clone(), form, actor(), at(2)).await.unwrap().unwrap();
    for (second, expected) in [(3, Consent::Granted), (29, Consent::Granted), (30, Consent::Expired)] {
        let shown = catalog.media(owner.clone(), media).await.unwrap().unwrap();
        let name = strongroom_core::rendition::RenditionName::Thumb;
        let delivered = catalog.deliverable(media, name).await.unwrap().unwrap();
        let judged = Consent::of(delivered.release_forms.iter().map(|form| form.status(at(second))));
        assert_eq!((shown.consent(at(second)), judged), (expected, expected), "at {second}");
        assert_eq!(delivered.settings.policy(), ConsentPolicy::Require);
    }
    let other = ready(catalog, &owner, 9, at(40)).await.media;
    assert_eq!(catalog.media(owner.clone(), other).await.unwrap().unwrap().consent(at(40)), Consent::Missing);
}
