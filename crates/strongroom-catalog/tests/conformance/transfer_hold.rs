//! The hold on writes, under which rows are copied.

use std::time::Duration;

use strongroom_catalog::records::{DocumentKind, RelocationRole, SettingsChange, TABLES};
use strongroom_catalog::{Catalog, CatalogError};
use strongroom_core::connection::Environment;
use strongroom_core::id::{MediaReference, OrganisationId};
use strongroom_core::job::JobKind;
use strongroom_core::rendition::RenditionName;

use super::consent::{actor, attaching, facts_of, terms};
use super::documents::document;
use super::fixtures::{IDLE, completed, connection_record, part, photo, tenant, upload_record};
use super::keys::key;
use super::transfer::relocation;
use super::transfer_rows::{Story, all_rows, fetches};
use super::{at, race};

/// The server answers such an error with 503, and a client comes again.
pub(crate) fn assert_refused(write: &str, answer: Result<(), CatalogError>) {
    assert_eq!(answer, Err(CatalogError::Held), "{write}");
}

pub(crate) async fn held_writes_are_refused_and_reads_go_on(catalog: &Catalog) {
    let story = Story::told(catalog, 1).await;
    completed(catalog, &story.owner, 2, at(7)).await;
    let read = async || {
        let owner = || story.owner.clone();
        (
            catalog.connection(owner()).await.unwrap(),
            catalog.parts(owner(), story.open).await.unwrap(),
            catalog.media(owner(), story.media).await.unwrap(),
            catalog.deliverable(story.media, RenditionName::Thumb).await.unwrap(),
            catalog.form(owner(), story.form).await.unwrap(),
        )
    };
    let (seen, before) = (read().await, all_rows(catalog).await);

    catalog.begin_relocation(relocation(RelocationRole::Leaving, false)).await.unwrap();
    catalog.hold_writes().await.unwrap();
    for is_gone in [false, true] {
        if is_gone {
            catalog.leave(None).await.unwrap();
        }
        for (write, answer) in write_everywhere(catalog, &story).await {
            assert_refused(write, answer);
        }
        assert!(read().await == seen, "what is held can be read");
    }
    assert_eq!(all_rows(catalog).await, before);

    catalog.end_relocation().await.unwrap();
    for (write, answer) in write_everywhere(catalog, &story).await {
        assert_eq!(answer, Ok(()), "{write}");
    }
}

/// A write of every kind; each would change something.
async fn write_everywhere(catalog: &Catalog, story: &Story) -> Vec<(&'static str, Result<(), CatalogError>)> {
    let Story { open, completing, media, list, person, form, .. } = *story;
    let owner = || story.owner.clone();
    let organisation = OrganisationId::default_organisation();
    let change = SettingsChange { trash_retention_days: Some(Some(3)), ..SettingsChange::default() };
    let live = Environment::Live;
    let signed = document(&story.owner, DocumentKind::Pdf, 201);
    let reference = MediaReference::Media(media);
    vec![
        ("key", catalog.create_key(key(live).1).await),
        ("organisation", catalog.create_organisation(OrganisationId::random(), "B".to_owned(), at(8)).await),
        ("settings", catalog.change_organisation_settings(organisation, live, change.clone()).await),
        ("connection", catalog.create_connection(connection_record()).await),
        ("its settings", catalog.change_connection_settings(owner(), change, at(8)).await.map(drop)),
        ("signing key", catalog.add_signing_key("new".to_owned(), "new".to_owned(), at(8), 9).await),
        ("upload", catalog.create_upload(upload_record(&story.owner, at(8)), i64::MAX).await.map(drop)),
        ("part", catalog.record_part(owner(), open, part(3, None), at(8), at(8).after(IDLE)).await.map(drop)),
        ("slot", catalog.claim_slot(owner(), open, 3).await.map(drop)),
        ("multipart", catalog.keep_multipart(owner(), open, "m".to_owned()).await.map(drop)),
        ("complete", catalog.complete_upload(photo(&story.owner, completing, 9), at(8)).await.map(drop)),
        ("job", catalog.claim_job(JobKind::RenderPhoto, at(8)).await.map(drop)),
        ("forgotten jobs", catalog.purge_jobs(at(8)).await.map(drop)),
        ("forgotten uploads", catalog.purge_uploads(at(60).after(IDLE)).await.map(drop)),
        ("fetches", catalog.count_fetches(vec![fetches(&story.owner, media)]).await),
        ("list", catalog.create_list(owner(), "another".to_owned(), at(8)).await.map(drop)),
        ("off a list", catalog.take_off_list(owner(), list, vec![reference]).await.map(drop)),
        ("person", catalog.create_person(owner(), facts_of("Zoë"), at(8)).await.map(drop)),
        ("no person", catalog.delete_person(owner(), person, at(8)).await.map(drop)),
        ("form", catalog.create_form(owner(), terms("A form"), actor(), at(8)).await.map(drop)),
        ("document", catalog.add_document(owner(), form, signed, actor(), at(8)).await.map(drop)),
        ("forms", catalog.replace_forms(reference, attaching(&story.owner, &[]), at(8)).await.map(drop)),
        ("revocation", catalog.revoke_form(owner(), form, actor(), at(8)).await.map(drop)),
        ("trash", catalog.trash_media(owner(), media, at(8)).await.map(drop)),
        ("no connection", catalog.delete_connection(owner(), at(8)).await.map(drop)),
    ]
}

/// A write that was answered before the hold is in the rows that are copied, and none is added to them.
pub(crate) async fn nothing_is_written_after_the_hold(catalog: &Catalog) {
    let table = TABLES.iter().find(|table| table.name() == "list").unwrap();
    let mut owners = Vec::new();
    for _ in 0..8 {
        owners.push(tenant(catalog).await);
    }
    catalog.begin_relocation(relocation(RelocationRole::Leaving, false)).await.unwrap();
    let answers = race(owners.len() + 1, |index| {
        let (catalog, owner) = (catalog.clone(), owners.get(index).cloned());
        async move {
            let Some(owner) = owner else {
                tokio::time::sleep(Duration::from_millis(50)).await;
                catalog.hold_writes().await.unwrap();
                return catalog.count_rows(table).await.unwrap();
            };
            let mut made = 0;
            loop {
                match catalog.create_list(owner.clone(), "a".to_owned(), at(1)).await {
                    Ok(_) => made += 1,
                    refused => {
                        assert_refused("list", refused.map(drop));
                        return made;
                    }
                }
            }
        }
    })
    .await;
    let (held, made) = answers.split_last().unwrap();
    assert!(*held > 0, "the race began");
    assert_eq!((*held, *held), (made.iter().sum(), catalog.count_rows(table).await.unwrap()));
}
