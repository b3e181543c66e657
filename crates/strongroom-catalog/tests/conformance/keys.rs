//! API keys, and the promise that every write makes: it is kept whole or not at all.

use strongroom_catalog::Catalog;
use strongroom_catalog::records::{ApiKeyRecord, NewApiKey};
use strongroom_core::connection::Environment;
use strongroom_core::id::{ConnectionId, KeyId, OrganisationId};
use strongroom_core::key::ApiKey;
use strongroom_core::permission::{Grants, Permission, Scope};

use super::fixtures::tenant;
use super::{at, race};

pub(crate) fn key(environment: Environment) -> (ApiKey, NewApiKey) {
    let key = ApiKey::random(environment);
    let record = ApiKeyRecord {
        id: KeyId::random(),
        organisation: OrganisationId::default_organisation(),
        environment,
        name: "the importer's".to_owned(),
        scopes: Grants::<Scope>::all(),
        permissions: Grants::<Permission>::all(),
        connections: None,
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

pub(crate) async fn a_key_is_found_beside_a_connection(catalog: &Catalog) {
    let (mine, new) = key(Environment::Live);
    let owner = tenant(catalog).await;
    let look = |id: &ConnectionId| catalog.key_beside_connection(mine.hash(), id.clone());
    assert_eq!(look(&owner).await.unwrap(), None);
    catalog.create_key(new.clone()).await.unwrap();
    let record = catalog.connection(owner.clone()).await.unwrap();
    assert!(record.is_some());
    assert_eq!(look(&owner).await.unwrap(), Some((new.record.clone(), record)));
    assert_eq!(look(&ConnectionId::random()).await.unwrap(), Some((new.record.clone(), None)));
    catalog.delete_connection(owner.clone(), at(1)).await.unwrap();
    assert_eq!(look(&owner).await.unwrap(), Some((new.record, None)));
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

pub(crate) async fn keys_are_listed_until_they_are_revoked(catalog: &Catalog) {
    let default = OrganisationId::default_organisation();
    let theirs = OrganisationId::random();
    catalog.create_organisation(theirs.clone(), "Theirs".to_owned(), at(0)).await.unwrap();
    let (mine, mut first) = key(Environment::Live);
    first.record.connections = Some(vec![ConnectionId::random(), ConnectionId::random()]);
    let (_, mut second) = key(Environment::Live);
    second.created_at = at(1);
    let (_, sandbox) = key(Environment::Sandbox);
    let (_, mut foreign) = key(Environment::Live);
    foreign.record.organisation = theirs.clone();
    for new in [&first, &second, &sandbox, &foreign] {
        catalog.create_key(new.clone()).await.unwrap();
    }
    let list = async |limit| {
        let kept = catalog.list_keys(default.clone(), Environment::Live, limit).await.unwrap();
        kept.into_iter().map(|key| (key.record, key.created_at)).collect::<Vec<_>>()
    };
    assert_eq!(list(9).await, [(second.record.clone(), at(1)), (first.record.clone(), at(0))]);
    assert_eq!(list(1).await, [(second.record.clone(), at(1))]);

    let id = first.record.id.clone();
    assert!(!catalog.revoke_key(theirs.clone(), id.clone(), at(2)).await.unwrap(), "another's key is unknown");
    assert_eq!(catalog.key(theirs, id.clone()).await.unwrap(), None);
    assert_eq!(catalog.key(default.clone(), id.clone()).await.unwrap(), Some(first.record.clone()));
    assert!(catalog.revoke_key(default.clone(), id.clone(), at(2)).await.unwrap());
    assert!(catalog.revoke_key(default.clone(), id.clone(), at(3)).await.unwrap(), "revoked it stays");
    let revoked = ApiKeyRecord { revoked_at: Some(at(2)), ..first.record };
    assert_eq!(catalog.key(default.clone(), id).await.unwrap(), Some(revoked.clone()));
    assert_eq!(catalog.key_by_hash(mine.hash()).await.unwrap(), Some(revoked));
    assert_eq!(list(9).await, [(second.record, at(1))]);
    assert!(!catalog.revoke_key(default, KeyId::random(), at(3)).await.unwrap());
}

/// The rule by which keys see, make and revoke one another.
pub(crate) async fn a_key_covers_what_can_do_no_more(catalog: &Catalog) {
    let (_, NewApiKey { record: all, .. }) = key(Environment::Live);
    catalog.list_keys(all.organisation.clone(), all.environment, 1).await.unwrap();
    let (one, two) = (ConnectionId::random(), ConnectionId::random());
    let some = ApiKeyRecord { connections: Some(vec![one.clone(), two]), ..all.clone() };
    let only = ApiKeyRecord { connections: Some(vec![one]), ..all.clone() };
    let reader = ApiKeyRecord { permissions: [Permission::VaultRead].into_iter().collect(), ..all.clone() };
    let scopeless = ApiKeyRecord { scopes: std::iter::empty().collect(), ..all.clone() };
    let sandbox = ApiKeyRecord { environment: Environment::Sandbox, ..all.clone() };
    let foreign = ApiKeyRecord { organisation: OrganisationId::random(), ..all.clone() };
    for less in [&all, &some, &only, &reader, &scopeless] {
        assert!(all.covers(less) && less.covers(less));
    }
    for (key, more) in [
        (&some, &all),
        (&only, &some),
        (&reader, &all),
        (&scopeless, &all),
        (&reader, &scopeless),
        (&sandbox, &all),
        (&all, &sandbox),
        (&all, &foreign),
    ] {
        assert!(!key.covers(more));
    }
}
