//! The rows that cases about consent start from.

use strongroom_catalog::Catalog;
use strongroom_catalog::records::{Attaching, ConsentPage, Form, FormTerms, NameOrder, PersonFacts, SettingsChange};
use strongroom_core::clock::Timestamp;
use strongroom_core::id::{ConnectionId, FormId, KeyId, MediaId, MediaReference, PersonId};
use strongroom_core::release_form::{Actor, ConsentPolicy, FormAction};

use super::fixtures::{connection_record, ready};

pub(crate) fn actor() -> Actor {
    Actor::Key("key_000000000000000000000000".parse::<KeyId>().unwrap())
}

pub(crate) fn terms(name: &str) -> FormTerms {
    FormTerms {
        name: name.to_owned(),
        form_type: "model".to_owned(),
        person: None,
        partner_id: None,
        partner_source: "strongroom".to_owned(),
        code: None,
        usage: None,
        valid_from: None,
        expires_at: None,
        is_hidden: false,
    }
}

pub(crate) fn facts_of(name: &str) -> PersonFacts {
    PersonFacts {
        person_type: "user".to_owned(),
        name: name.to_owned(),
        username: name.to_lowercase(),
        is_verified: true,
        is_guest: false,
        is_hidden: false,
        iv_status: None,
    }
}

pub(crate) async fn form_of(catalog: &Catalog, owner: &ConnectionId, terms: FormTerms, now: Timestamp) -> FormId {
    catalog.create_form(owner.clone(), terms, actor(), now).await.unwrap().unwrap()
}

/// A form that nobody has approved.
pub(crate) async fn pending(catalog: &Catalog, owner: &ConnectionId, now: Timestamp) -> FormId {
    form_of(catalog, owner, terms("A form"), now).await
}

/// A form that gives consent.
pub(crate) async fn approved(catalog: &Catalog, owner: &ConnectionId, now: Timestamp) -> FormId {
    let id = pending(catalog, owner, now).await;
    catalog.approve_form(owner.clone(), id, actor(), now).await.unwrap().unwrap();
    id
}

pub(crate) async fn person_of(catalog: &Catalog, owner: &ConnectionId, name: &str, now: Timestamp) -> PersonId {
    catalog.create_person(owner.clone(), facts_of(name), now).await.unwrap()
}

pub(crate) fn attaching(owner: &ConnectionId, forms: &[FormId]) -> Attaching {
    Attaching { connection: owner.clone(), forms: forms.to_vec(), actor: actor() }
}

pub(crate) async fn attach(
    catalog: &Catalog,
    owner: &ConnectionId,
    media: &[MediaId],
    forms: &[FormId],
    now: Timestamp,
) {
    let media = media.iter().copied().map(MediaReference::Media).collect();
    catalog.attach_forms(media, attaching(owner, forms), now).await.unwrap().unwrap();
}

pub(crate) async fn read(catalog: &Catalog, owner: &ConnectionId, id: FormId) -> Form {
    catalog.form(owner.clone(), id).await.unwrap().unwrap()
}

/// What the log says was done, oldest first.
pub(crate) async fn actions(catalog: &Catalog, owner: &ConnectionId, id: FormId) -> Vec<FormAction> {
    let rows = catalog.audit_of_form(owner.clone(), id, 0, 100).await.unwrap();
    rows.into_iter().map(|row| row.action).collect()
}

pub(crate) fn page(order: NameOrder, now: Timestamp) -> ConsentPage {
    ConsentPage { is_pending: false, order, descending: false, search: None, limit: 100, offset: 0, now }
}

/// A connection with this policy, and a media on it.
pub(crate) async fn gated(catalog: &Catalog, policy: ConsentPolicy, now: Timestamp) -> (ConnectionId, MediaId) {
    let record = connection_record();
    catalog.create_connection(record.clone()).await.unwrap();
    set_policy(catalog, &record.id, policy, now).await;
    let media = ready(catalog, &record.id, 1, now).await.media;
    (record.id, media)
}

pub(crate) async fn url_version(catalog: &Catalog, owner: &ConnectionId, media: MediaId) -> i64 {
    catalog.media(owner.clone(), media).await.unwrap().unwrap().url_version
}

pub(crate) async fn set_policy(catalog: &Catalog, owner: &ConnectionId, policy: ConsentPolicy, now: Timestamp) {
    let change = SettingsChange { consent_policy: Some(Some(policy)), ..SettingsChange::default() };
    assert!(catalog.change_connection_settings(owner.clone(), change, now).await.unwrap());
}
