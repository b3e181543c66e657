//! Release forms: what they say, how they are listed, what the log keeps of them.

use strongroom_catalog::Catalog;
use strongroom_catalog::records::{ConsentPage, FormChange, FormTerms, NameOrder, Refused};
use strongroom_core::id::{FormId, PersonId};
use strongroom_core::release_form::{FormAction, FormStatus};

use super::at;
use super::consent::{actions, actor, approved, form_of, page, pending, person_of, read, terms};
use super::fixtures::tenant;

const UNKNOWN: FormId = FormId::new(999_999);

pub(crate) async fn a_form_comes_back_whole(catalog: &Catalog) {
    let (owner, stranger) = (tenant(catalog).await, tenant(catalog).await);
    let person = person_of(catalog, &owner, "Émile", at(0)).await;
    let full = FormTerms {
        person: Some(person),
        partner_id: Some(77),
        partner_source: "studio".to_owned(),
        code: Some("SR-1".to_owned()),
        usage: Some("prints; \"web\"".to_owned()),
        valid_from: Some(at(10)),
        expires_at: Some(at(20)),
        is_hidden: true,
        ..terms("Été '26")
    };
    let id = form_of(catalog, &owner, full.clone(), at(1)).await;
    let form = read(catalog, &owner, id).await;
    assert_eq!((form.terms, form.person_name.as_deref()), (full, Some("Émile")));
    assert_eq!((form.approved_at, form.revoked_at, form.document), (None, None, None));
    assert_eq!((form.created_at, form.changed_at), (at(1), at(1)));
    let plain = form_of(catalog, &owner, terms("Plain"), at(2)).await;
    assert_eq!(read(catalog, &owner, plain).await.terms, terms("Plain"));

    assert_eq!(catalog.form(stranger.clone(), id).await.unwrap(), None, "another's");
    assert_eq!(catalog.form(owner.clone(), UNKNOWN).await.unwrap(), None);
    let theirs = FormTerms { person: Some(person), ..terms("A form") };
    let refused = catalog.create_form(stranger, theirs, actor(), at(3)).await.unwrap();
    assert_eq!(refused, Err(Refused::Person(person)), "another's person");
    let never = FormTerms { valid_from: Some(at(20)), expires_at: Some(at(20)), ..terms("A form") };
    assert_eq!(catalog.create_form(owner, never, actor(), at(3)).await.unwrap(), Err(Refused::NeverValid));
}

pub(crate) async fn only_what_differs_is_a_change(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let id = pending(catalog, &owner, at(0)).await;
    let change = async |change: FormChange, second| {
        catalog.change_form(owner.clone(), id, change, actor(), at(second)).await.unwrap()
    };
    let both =
        FormChange { name: Some("Another".to_owned()), code: Some(Some("X".to_owned())), ..FormChange::default() };
    assert_eq!(change(both.clone(), 5).await, Ok(()));
    assert_eq!(change(both, 6).await, Ok(()), "the same again");
    let form = read(catalog, &owner, id).await;
    assert_eq!((form.terms.name.as_str(), form.terms.code.as_deref(), form.changed_at), ("Another", Some("X"), at(5)));
    assert_eq!(change(FormChange { code: Some(None), ..FormChange::default() }, 7).await, Ok(()));
    assert_eq!(read(catalog, &owner, id).await.terms.code, None);

    let rows = catalog.audit_of_form(owner.clone(), id, 0, 100).await.unwrap();
    let details: Vec<&str> = rows.iter().skip(1).map(|row| row.detail.as_str()).collect();
    assert_eq!(
        details,
        [
            r#"{"code":{"from":null,"to":"X"},"name":{"from":"A form","to":"Another"}}"#,
            r#"{"code":{"from":"X","to":null}}"#
        ]
    );
    let nobody = PersonId::new(999_999);
    let refused = change(FormChange { person: Some(Some(nobody)), ..FormChange::default() }, 8).await;
    assert_eq!(refused, Err(Refused::Person(nobody)));
    let refused = catalog.change_form(owner.clone(), UNKNOWN, FormChange::default(), actor(), at(8)).await.unwrap();
    assert_eq!(refused, Err(Refused::Form(UNKNOWN)));
}

pub(crate) async fn a_form_is_approved_revoked_and_approved_again(catalog: &Catalog) {
    let (owner, stranger) = (tenant(catalog).await, tenant(catalog).await);
    let id = pending(catalog, &owner, at(0)).await;
    let status = async |second| read(catalog, &owner, id).await.status(at(second));
    assert_eq!(status(1).await, FormStatus::Pending);
    catalog.approve_form(owner.clone(), id, actor(), at(2)).await.unwrap().unwrap();
    assert_eq!(status(2).await, FormStatus::Active);
    for second in [3, 4] {
        catalog.revoke_form(owner.clone(), id, actor(), at(second)).await.unwrap().unwrap();
    }
    assert_eq!((status(5).await, read(catalog, &owner, id).await.revoked_at), (FormStatus::Revoked, Some(at(3))));
    catalog.approve_form(owner.clone(), id, actor(), at(6)).await.unwrap().unwrap();
    assert_eq!(status(6).await, FormStatus::Active);
    use FormAction::{Approved, Created, Revoked};
    assert_eq!(actions(catalog, &owner, id).await, [Created, Approved, Revoked, Approved], "revoked twice is once");

    let unknown = Err(Refused::Form(id));
    assert_eq!(catalog.approve_form(stranger.clone(), id, actor(), at(7)).await.unwrap(), unknown);
    assert_eq!(catalog.revoke_form(stranger.clone(), id, actor(), at(7)).await.unwrap(), unknown);
    assert_eq!(catalog.delete_form(stranger.clone(), id, actor(), at(7)).await.unwrap(), unknown);
    assert_eq!(catalog.audit_of_form(stranger, id, 0, 10).await.unwrap(), []);
}

pub(crate) async fn a_deleted_form_leaves_its_log(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let id = approved(catalog, &owner, at(0)).await;
    catalog.delete_form(owner.clone(), id, actor(), at(5)).await.unwrap().unwrap();
    assert_eq!(catalog.form(owner.clone(), id).await.unwrap(), None);
    assert_eq!(catalog.list_forms(owner.clone(), page(NameOrder::Date, at(6))).await.unwrap(), []);
    assert_eq!(catalog.delete_form(owner.clone(), id, actor(), at(6)).await.unwrap(), Err(Refused::Form(id)));
    let rows = catalog.audit_of_form(owner.clone(), id, 0, 100).await.unwrap();
    let told: Vec<_> = rows.iter().map(|row| (row.action, row.actor.clone(), row.at, row.form)).collect();
    use FormAction::{Approved, Created, Deleted};
    assert_eq!(
        told,
        [Created, Approved, Deleted]
            .map(|action| { (action, actor(), if action == Deleted { at(5) } else { at(0) }, id) })
    );
}

pub(crate) async fn the_log_of_all_forms_is_read_page_by_page(catalog: &Catalog) {
    let (owner, stranger) = (tenant(catalog).await, tenant(catalog).await);
    let first = approved(catalog, &owner, at(0)).await;
    approved(catalog, &stranger, at(1)).await;
    let second = approved(catalog, &owner, at(2)).await;
    let mut rows = Vec::new();
    loop {
        let after = rows.last().map_or(0, |row: &strongroom_catalog::records::AuditEntry| row.id);
        let page = catalog.audit_of_connection(owner.clone(), after, 3).await.unwrap();
        if page.is_empty() {
            break;
        }
        rows.extend(page);
    }
    let forms: Vec<FormId> = rows.iter().map(|row| row.form).collect();
    assert_eq!(forms, [first, first, second, second]);
    let rest = catalog.audit_of_form(owner, first, rows[0].id, 10).await.unwrap();
    assert_eq!(rest, rows[1..2]);
}

pub(crate) async fn forms_are_listed_searched_and_sorted(catalog: &Catalog) {
    let (owner, stranger) = (tenant(catalog).await, tenant(catalog).await);
    let person = person_of(catalog, &owner, "Zoë 100%", at(0)).await;
    let of = |name: &str, person| FormTerms { person, ..terms(name) };
    let b = form_of(catalog, &owner, of("beach_day", None), at(3)).await;
    let a = form_of(catalog, &owner, of("ÄRMEL", Some(person)), at(1)).await;
    let c = form_of(catalog, &owner, of("Cellar", None), at(2)).await;
    form_of(catalog, &stranger, of("Cellar", None), at(2)).await;
    let ids = async |page: ConsentPage| -> Vec<FormId> {
        catalog.list_forms(owner.clone(), page).await.unwrap().into_iter().map(|form| form.id).collect()
    };
    let by = |order, descending| ConsentPage { descending, ..page(order, at(5)) };
    assert_eq!(ids(by(NameOrder::Date, true)).await, [b, c, a]);
    assert_eq!(ids(by(NameOrder::Date, false)).await, [a, c, b]);
    assert_eq!(ids(by(NameOrder::Name, false)).await, [b, c, a], "whatever the case");
    assert_eq!(ids(by(NameOrder::Name, true)).await, [a, c, b]);
    assert_eq!(ids(ConsentPage { limit: 1, offset: 1, ..by(NameOrder::Date, true) }).await, [c]);
    for (text, expected) in [
        ("EACH_", vec![b]),
        ("ärm", vec![a]),
        ("zOË", vec![a]),
        ("100%", vec![a]),
        ("%", vec![a]),
        ("_", vec![b]),
        ("\\", vec![]),
        ("' or 1=1 --", vec![]),
    ] {
        assert_eq!(
            ids(ConsentPage { search: Some(text.to_owned()), ..by(NameOrder::Date, true) }).await,
            expected,
            "{text}"
        );
    }
}

/// The list's filter is SQL, and a form's status is the core's: they agree at every moment that matters.
pub(crate) async fn pending_is_what_the_rule_calls_pending(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let person = person_of(catalog, &owner, "Ana", at(0)).await;
    let (ends, begins) = ([None, Some(at(20)), Some(at(40))], [None, Some(at(10))]);
    for (expires_at, valid_from) in ends.into_iter().flat_map(|end| begins.map(|begin| (end, begin))) {
        for (is_approved, is_revoked) in [(false, false), (true, false), (true, true), (false, true)] {
            let terms = FormTerms { expires_at, valid_from, ..terms("A form") };
            let id = form_of(catalog, &owner, terms, at(0)).await;
            if is_approved {
                catalog.approve_form(owner.clone(), id, actor(), at(1)).await.unwrap().unwrap();
            }
            if is_revoked {
                catalog.revoke_form(owner.clone(), id, actor(), at(2)).await.unwrap().unwrap();
            }
        }
    }
    for second in [2, 9, 10, 11, 19, 20, 21, 39, 40, 41] {
        let now = at(second);
        let all = catalog.list_forms(owner.clone(), page(NameOrder::Date, now)).await.unwrap();
        assert_eq!(all.len(), 24);
        let expected: Vec<_> = all.into_iter().filter(|form| form.status(now) == FormStatus::Pending).collect();
        let filtered = ConsentPage { is_pending: true, ..page(NameOrder::Date, now) };
        assert_eq!(catalog.list_forms(owner.clone(), filtered).await.unwrap(), expected, "at {second}");
    }
    // People are pending as long as no form of theirs is active.
    let waits = async |second| {
        let page = ConsentPage { is_pending: true, ..page(NameOrder::Date, at(second)) };
        !catalog.list_people(owner.clone(), page).await.unwrap().is_empty()
    };
    assert!(waits(50).await);
    let limited = FormTerms { person: Some(person), expires_at: Some(at(70)), ..terms("Hers") };
    let id = form_of(catalog, &owner, limited, at(50)).await;
    assert!(waits(51).await);
    catalog.approve_form(owner.clone(), id, actor(), at(52)).await.unwrap().unwrap();
    assert!(!waits(69).await && waits(70).await);
}
