//! API keys, and the promise that every write makes: it is kept whole or not at all.

use strongroom_catalog::Catalog;
use strongroom_catalog::records::{ApiKeyRecord, NewApiKey};
use strongroom_core::connection::Environment;
use strongroom_core::id::{KeyId, OrganisationId};
use strongroom_core::key::ApiKey;
use strongroom_core::permission::{Grants, Permission, Scope};

use super::{at, race};

fn key(environment: Environment) -> (ApiKey, NewApiKey) {
    let key = ApiKey::random(environment);
    let record = ApiKeyRecord {
        id: KeyId::random(),
        organisation: OrganisationId::default_organisation(),
        environment,
        name: "the importer's".to_owned(),
        scopes: Grants::<Scope>::all(),
        permissions: Grants::<Permission>::all(),
        expires_at: None,
        revoked_at: None,
    };
    let hash = key.hash();
    (key, NewApiKey { record, hash, created_at: at(0) })
}

pub(crate) async fn a_key_is_found_by_its_hash(catalog: &Catalog) {
    let (mine, new) = key(Environment::Live);
    assert_eq!(catalog.key_by_hash(mine.hash()).await.unwrap(), None);
    catalog.create_key(new.clone()).await.unwrap();
    assert_eq!(catalog.key_by_hash(mine.hash()).await.unwrap(), Some(new.record));
    assert_eq!(catalog.key_by_hash(ApiKey::random(Environment::Live).hash()).await.unwrap(), None);
}

pub(crate) async fn keys_of_every_kind_come_back_whole(catalog: &Catalog) {
    for environment in Environment::ALL.iter().copied() {
        let (mine, mut new) = key(environment);
        new.record.scopes = std::iter::empty().collect();
        new.record.permissions = [Permission::VaultWrite, Permission::VaultRead].into_iter().collect();
        new.record.expires_at = Some(at(60));
        catalog.create_key(new.clone()).await.unwrap();
        assert_eq!(catalog.key_by_hash(mine.hash()).await.unwrap(), Some(new.record));
    }
}

/// Thirty-two good writes and thirty-two that a unique key refuses, at once, so that they share commits.
pub(crate) async fn a_refused_write_leaves_no_trace_and_its_neighbours_stand(catalog: &Catalog) {
    let (taken, first) = key(Environment::Live);
    catalog.create_key(first.clone()).await.unwrap();
    let news: Vec<_> = (0..64)
        .map(|index| {
            let (own, mut new) = key(Environment::Sandbox);
            if index % 2 == 1 {
                new.hash = taken.hash();
            }
            (own, new)
        })
        .collect();
    let kept = race(news.len(), |index| {
        let (catalog, new) = (catalog.clone(), news[index].1.clone());
        async move { catalog.create_key(new).await.is_ok() }
    })
    .await;
    for (index, ((own, new), kept)) in news.into_iter().zip(kept).enumerate() {
        assert_eq!(kept, index % 2 == 0, "write {index}");
        let expected = kept.then_some(new.record);
        assert_eq!(catalog.key_by_hash(own.hash()).await.unwrap(), expected, "write {index}");
    }
    assert_eq!(catalog.key_by_hash(taken.hash()).await.unwrap(), Some(first.record));
}
