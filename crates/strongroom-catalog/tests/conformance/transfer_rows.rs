//! Whole tables as rows, read at one place and put at another.

use std::collections::{BTreeMap, BTreeSet};

use strongroom_catalog::records::{
    DocumentKind, Fetches, NewFetches, RelocationRole, SIGNING_KEYS, SettingsChange, TABLES, Table, TableRow,
};
use strongroom_catalog::{Catalog, CatalogError};
use strongroom_core::connection::Environment;
use strongroom_core::id::{ConnectionId, FormId, ListId, MediaId, MediaReference, OrganisationId, PersonId, UploadId};
use strongroom_core::rendition::RenditionName;

use super::at;
use super::consent::{actor, approved, attach, person_of};
use super::documents::document;
use super::fixtures::{IDLE, completed, completing, open, part, ready, tenant};
use super::keys::key;
use super::transfer::relocation;
use super::transfer_hold::assert_refused;

/// A vault with rows in every table.
pub(crate) struct Story {
    pub(crate) owner: ConnectionId,
    pub(crate) open: UploadId,
    pub(crate) completing: UploadId,
    pub(crate) media: MediaId,
    pub(crate) list: ListId,
    pub(crate) person: PersonId,
    pub(crate) form: FormId,
}

impl Story {
    pub(crate) async fn told(catalog: &Catalog, seed: u8) -> Self {
        let owner = tenant(catalog).await;
        catalog.create_key(key(Environment::Live).1).await.unwrap();
        let name = format!("key {seed}");
        catalog.add_signing_key(name.clone(), name, at(0), 9).await.unwrap();
        let expired = open(catalog, &owner, at(0)).await;
        let upload = open(catalog, &owner, at(1)).await;
        for id in [expired, upload] {
            assert!(catalog.claim_slot(owner.clone(), id, 1).await.unwrap());
            for part in [part(1, None), part(2, Some(7))] {
                catalog.record_part(owner.clone(), id, part, at(1), at(1).after(IDLE)).await.unwrap();
            }
        }
        assert!(catalog.expire_upload(owner.clone(), expired, at(9).after(IDLE)).await.unwrap());
        let media = ready(catalog, &owner, seed, at(2)).await.media;
        let list = catalog.create_list(owner.clone(), "été".to_owned(), at(3)).await.unwrap().unwrap();
        catalog.add_to_list(owner.clone(), list, vec![MediaReference::Media(media)], at(3)).await.unwrap();
        let person = person_of(catalog, &owner, "Ana", at(4)).await;
        let form = approved(catalog, &owner, at(4)).await;
        attach(catalog, &owner, &[media], &[form], at(5)).await;
        let signed = document(&owner, DocumentKind::Pdf, seed + 100);
        catalog.add_document(owner.clone(), form, signed, actor(), at(5)).await.unwrap().unwrap();
        catalog.count_fetches(vec![fetches(&owner, media)]).await.unwrap();
        Self { open: upload, completing: completing(catalog, &owner, at(6)).await, media, list, person, form, owner }
    }
}

pub(crate) fn fetches(owner: &ConnectionId, media: MediaId) -> NewFetches {
    let fetches = Fetches { name: RenditionName::Thumb, total: 3, last_at: at(6) };
    NewFetches { connection: owner.clone(), media, fetches }
}

fn tables() -> impl Iterator<Item = &'static Table> {
    TABLES.iter().chain([&SIGNING_KEYS])
}

async fn rows(catalog: &Catalog, table: &'static Table, limit: u32) -> Vec<TableRow> {
    let mut rows: Vec<TableRow> = Vec::new();
    loop {
        let page = catalog.table_page(table, rows.last().cloned(), limit).await.unwrap();
        if page.is_empty() {
            return rows;
        }
        assert!(page.len() <= limit as usize);
        rows.extend(page);
    }
}

pub(crate) async fn all_rows(catalog: &Catalog) -> BTreeMap<&'static str, Vec<TableRow>> {
    let mut all = BTreeMap::new();
    for table in tables() {
        all.insert(table.name(), rows(catalog, table, 500).await);
    }
    all
}

pub(crate) async fn the_pages_of_a_table_are_its_rows(catalog: &Catalog) {
    for seed in 1..=3 {
        Story::told(catalog, seed).await;
    }
    for table in tables() {
        let all = rows(catalog, table, 500).await;
        let total = usize::try_from(catalog.count_rows(table).await.unwrap()).unwrap();
        let different: BTreeSet<String> = all.iter().map(|row| format!("{row:?}")).collect();
        assert_eq!((all.len(), different.len()), (total, total), "{}", table.name());
        assert!(table.has_first_rows() || total >= 3, "{} has {total} rows", table.name());
        for limit in [1, 2] {
            assert_eq!(rows(catalog, table, limit).await, all, "{} in pages of {limit}", table.name());
        }
    }
}

/// A move that was killed puts rows again. Those that are there stay, what is lost is added, and the counters agree.
pub(crate) async fn rows_that_are_put_are_there_once(catalog: &Catalog) {
    let story = Story::told(catalog, 1).await;
    let before = all_rows(catalog).await;
    if !takes_rows(catalog).await {
        let refused = catalog.put_rows(&SIGNING_KEYS, before[SIGNING_KEYS.name()].clone()).await;
        return assert!(matches!(refused, Err(CatalogError::Unavailable(_))), "{refused:?}");
    }
    let refused = catalog.put_rows(&SIGNING_KEYS, before[SIGNING_KEYS.name()].clone()).await;
    assert!(matches!(refused, Err(CatalogError::Unavailable(_))), "nothing is arriving: {refused:?}");

    assert!(catalog.delete_list(story.owner.clone(), story.list).await.unwrap());
    assert_eq!(catalog.purge_jobs(at(60)).await.unwrap(), 1);
    assert_eq!(catalog.purge_uploads(at(60).after(IDLE)).await.unwrap(), 1);
    let change = SettingsChange { trash_retention_days: Some(Some(3)), ..SettingsChange::default() };
    let organisation = OrganisationId::default_organisation();
    catalog.change_organisation_settings(organisation, Environment::Live, change).await.unwrap();
    assert_ne!(all_rows(catalog).await, before);
    catalog.begin_relocation(relocation(RelocationRole::Arriving, true)).await.unwrap();
    for _ in 0..2 {
        for table in tables() {
            for page in before[table.name()].chunks(2) {
                catalog.put_rows(table, page.to_vec()).await.unwrap();
            }
        }
        assert_eq!(all_rows(catalog).await, before);
        assert_refused("list", catalog.create_list(story.owner.clone(), "a".to_owned(), at(9)).await.map(drop));
    }
    catalog.arrive(None).await.unwrap();
    assert_eq!(catalog.miscounts(story.owner.clone()).await.unwrap(), []);
    assert_eq!(catalog.misplaced_media(story.owner.clone(), 9).await.unwrap(), []);
    assert_eq!(catalog.misworded_media(story.owner, 9).await.unwrap(), []);
}

/// An embedded catalog tells its last numbers, and is moved from; another one goes on after them, and is moved to.
async fn takes_rows(catalog: &Catalog) -> bool {
    catalog.last_numbers().await.is_err()
}

/// Links to a purged media are signed for its number, which must not become another one's.
pub(crate) async fn numbers_go_on_after_the_last_that_was_given_out(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    if takes_rows(catalog).await {
        for _ in 0..2 {
            let last = [("media", 1000), ("job", 7), ("person", 0)].map(|(name, last)| (name.to_owned(), last));
            catalog.number_after(last.to_vec()).await.unwrap();
        }
        assert_eq!(completed(catalog, &owner, 1, at(0)).await.media.number(), 1001);
        assert_eq!(catalog.list_jobs(9).await.unwrap().iter().map(|job| job.id).collect::<Vec<_>>(), [8]);
        assert_eq!(person_of(catalog, &owner, "Ana", at(0)).await.number(), 1);
        return;
    }
    let media = ready(catalog, &owner, 1, at(0)).await.media;
    assert!(catalog.trash_media(owner.clone(), media, at(1)).await.unwrap());
    assert!(catalog.purge_media(owner, media, at(2)).await.unwrap().is_some());
    let last = catalog.last_numbers().await.unwrap();
    assert!(last.contains(&("media".to_owned(), media.number())), "{last:?}");
    assert!(matches!(catalog.number_after(last).await, Err(CatalogError::Unavailable(_))));
}
