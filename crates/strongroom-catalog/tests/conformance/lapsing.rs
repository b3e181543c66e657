//! Forms whose time ends.

use std::time::Duration;

use strongroom_catalog::Catalog;
use strongroom_catalog::records::{FormChange, FormTerms};
use strongroom_core::clock::Timestamp;
use strongroom_core::id::{ConnectionId, FormId};
use strongroom_core::release_form::{Actor, ConsentPolicy, FormAction};

use super::at;
use super::consent::{actions, actor, attach, form_of, gated, terms, url_version};

const DAY: Duration = Duration::from_secs(24 * 3600);

fn day(number: u32) -> Timestamp {
    at(0).after(DAY * number)
}

async fn limited(catalog: &Catalog, owner: &ConnectionId, end: u32, is_approved: bool) -> FormId {
    let terms = FormTerms { expires_at: Some(day(end)), ..terms("Limited") };
    let id = form_of(catalog, owner, terms, at(0)).await;
    if is_approved {
        catalog.approve_form(owner.clone(), id, actor(), at(0)).await.unwrap().unwrap();
    }
    id
}

/// What a sweep at this time tells of.
async fn sweep(catalog: &Catalog, now: Timestamp) -> Vec<FormId> {
    let mut told = Vec::new();
    for (owner, form) in catalog.lapsing_forms(now, 100).await.unwrap() {
        if catalog.tell_lapsing(owner, form, now).await.unwrap() {
            told.push(form);
        }
    }
    told
}

pub(crate) async fn an_end_is_told_of_once_before_and_once_after(catalog: &Catalog) {
    let (owner, media) = gated(catalog, ConsentPolicy::Require, at(0)).await;
    let form = limited(catalog, &owner, 100, true).await;
    attach(catalog, &owner, &[media], &[form], at(0)).await;
    let open = url_version(catalog, &owner, media).await;
    assert_eq!(sweep(catalog, day(69)).await, [], "too early");
    assert_eq!((sweep(catalog, day(70)).await, sweep(catalog, day(71)).await), (vec![form], vec![]));
    assert_eq!(url_version(catalog, &owner, media).await, open, "it is still open");
    assert_eq!((sweep(catalog, day(100)).await, sweep(catalog, day(101)).await), (vec![form], vec![]));
    assert_eq!(url_version(catalog, &owner, media).await, open + 1);
    let log = catalog.audit_of_form(owner.clone(), form, 0, 10).await.unwrap();
    let last = log.last().unwrap();
    assert_eq!((last.action, last.actor.clone(), last.at), (FormAction::Expired, Actor::System, day(100)));

    // A new end is a new story.
    let longer = FormChange { expires_at: Some(Some(day(200))), ..FormChange::default() };
    catalog.change_form(owner.clone(), form, longer, actor(), day(110)).await.unwrap().unwrap();
    assert_eq!(url_version(catalog, &owner, media).await, open + 2, "it opened");
    assert_eq!((sweep(catalog, day(170)).await, sweep(catalog, day(250)).await), (vec![form], vec![form]));
}

pub(crate) async fn a_sweep_that_comes_late_tells_of_the_end_alone(catalog: &Catalog) {
    let (owner, _) = gated(catalog, ConsentPolicy::Off, at(0)).await;
    let (form, unapproved) = (limited(catalog, &owner, 50, true).await, limited(catalog, &owner, 60, false).await);
    assert_eq!(sweep(catalog, day(30)).await, [form], "what nobody approved does not expire soon, it never began");
    assert_eq!(sweep(catalog, day(90)).await, [form, unapproved]);
    assert_eq!(sweep(catalog, day(91)).await, []);
    assert_eq!(actions(catalog, &owner, unapproved).await, [FormAction::Created, FormAction::Expired]);
}

pub(crate) async fn revoked_and_deleted_forms_do_not_expire(catalog: &Catalog) {
    let (owner, _) = gated(catalog, ConsentPolicy::Require, at(0)).await;
    let (revoked, deleted) = (limited(catalog, &owner, 50, true).await, limited(catalog, &owner, 50, true).await);
    catalog.revoke_form(owner.clone(), revoked, actor(), at(1)).await.unwrap().unwrap();
    catalog.delete_form(owner.clone(), deleted, actor(), at(1)).await.unwrap().unwrap();
    assert_eq!((sweep(catalog, day(30)).await, sweep(catalog, day(60)).await), (vec![], vec![]));
    assert_eq!(catalog.lapsing_forms(day(61), 10).await.unwrap(), [], "and are not looked at again");
    assert!(!catalog.tell_lapsing(owner.clone(), FormId::new(999_999), day(61)).await.unwrap());
    catalog.approve_form(owner.clone(), revoked, actor(), day(62)).await.unwrap().unwrap();
    assert_eq!(sweep(catalog, day(63)).await, [revoked], "approved again, it is over all the same");
}
