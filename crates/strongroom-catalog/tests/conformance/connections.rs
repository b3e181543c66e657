//! Connections.

use strongroom_catalog::Catalog;
use strongroom_catalog::records::{Connection, ConnectionPage, NewConnection};
use strongroom_core::connection::{ConnectionStatus, Environment};
use strongroom_core::id::{ConnectionId, OrganisationId};
use strongroom_core::media::MediaType;
use strongroom_core::permission::Permission;
use strongroom_core::settings::Settings;

use super::at;
use super::fixtures::{completed, completing, connection_record, not_media, tenant};

pub(crate) async fn a_connection_comes_back_whole(catalog: &Catalog) {
    let plain = connection_record();
    let other = NewConnection {
        environment: Environment::Sandbox,
        status: ConnectionStatus::Awaiting2fa,
        avatar: Some("https://127.0.0.1/ana.jpg".to_owned()),
        client_reference_id: Some("account 7".to_owned()),
        permissions: [Permission::VaultRead].into_iter().collect(),
        ..connection_record()
    };
    for record in [plain, other] {
        catalog.create_connection(record.clone()).await.unwrap();
        assert_eq!(catalog.connection(record.id.clone()).await.unwrap(), Some(kept(record.clone())));
        assert!(catalog.create_connection(record).await.is_err(), "an id is given once");
    }
    assert_eq!(catalog.connection(ConnectionId::random()).await.unwrap(), None);
}

/// What a new connection is read back as.
fn kept(new: NewConnection) -> Connection {
    let NewConnection { id, organisation, environment, status, name, username, avatar, permissions, .. } = new;
    Connection {
        id,
        organisation,
        environment,
        status,
        name,
        username,
        avatar,
        permissions,
        settings: Settings::default(),
        client_reference_id: new.client_reference_id,
        created_at: new.created_at,
        updated_at: new.created_at,
        expired_at: None,
        last_checked_at: None,
    }
}

pub(crate) async fn its_status_changes(catalog: &Catalog) {
    let (mine, theirs) = (tenant(catalog).await, tenant(catalog).await);
    for status in [ConnectionStatus::Expired, ConnectionStatus::Awaiting2fa, ConnectionStatus::Active] {
        catalog.set_connection_status(mine.clone(), status, at(1)).await.unwrap();
        assert_eq!(catalog.connection(mine.clone()).await.unwrap().unwrap().status, status);
        assert_eq!(catalog.connection(theirs.clone()).await.unwrap().unwrap().status, ConnectionStatus::Active);
    }
    // Nobody is there to be told of an unknown connection, and none comes to be.
    let unknown = ConnectionId::random();
    catalog.set_connection_status(unknown.clone(), ConnectionStatus::Active, at(1)).await.unwrap();
    assert_eq!(catalog.connection(unknown).await.unwrap(), None);
}

pub(crate) async fn its_media_are_counted_by_type(catalog: &Catalog) {
    let (mine, theirs) = (tenant(catalog).await, tenant(catalog).await);
    for seed in 1..=3 {
        completed(catalog, &mine, seed, at(0)).await;
    }
    let upload = completing(catalog, &mine, at(0)).await;
    catalog.complete_upload(not_media(&mine, upload, 4), at(0)).await.unwrap();
    for (owner, media_type, count) in [
        (&mine, MediaType::Photo, 3),
        (&mine, MediaType::Video, 1),
        (&mine, MediaType::Gif, 0),
        (&theirs, MediaType::Photo, 0),
    ] {
        assert_eq!(catalog.count_media(owner.clone(), media_type).await.unwrap(), count, "{media_type}");
    }
}

pub(crate) async fn connections_are_listed_newest_first(catalog: &Catalog) {
    let theirs = OrganisationId::random();
    catalog.create_organisation(theirs.clone(), "Theirs".to_owned(), at(0)).await.unwrap();
    let keep = async |second, environment, organisation: &OrganisationId| {
        let organisation = organisation.clone();
        let new = NewConnection { environment, organisation, created_at: at(second), ..connection_record() };
        catalog.create_connection(new.clone()).await.unwrap();
        new.id
    };
    let (default, live, sandbox) = (OrganisationId::default_organisation(), Environment::Live, Environment::Sandbox);
    let mut mine = Vec::new();
    for second in [3, 2, 1, 0] {
        mine.push(keep(second, live, &default).await);
    }
    let tried = keep(5, sandbox, &default).await;
    let foreign = keep(5, live, &theirs).await;
    let deleted = keep(4, live, &default).await;
    assert!(catalog.delete_connection(deleted, at(9)).await.unwrap());
    catalog.set_connection_status(mine[1].clone(), ConnectionStatus::Expired, at(9)).await.unwrap();

    let all =
        ConnectionPage { organisation: default, environment: live, only: None, status: None, limit: 10, offset: 0 };
    let list = async |page: ConnectionPage| {
        catalog.list_connections(page).await.unwrap().into_iter().map(|found| found.id).collect::<Vec<_>>()
    };
    assert_eq!(list(all.clone()).await, mine);
    assert_eq!(list(ConnectionPage { limit: 2, offset: 1, ..all.clone() }).await, mine[1..3]);
    assert_eq!(list(ConnectionPage { environment: sandbox, ..all.clone() }).await, std::slice::from_ref(&tried));
    assert_eq!(list(ConnectionPage { organisation: theirs, ..all.clone() }).await, std::slice::from_ref(&foreign));
    let expired = ConnectionPage { status: Some(ConnectionStatus::Expired), ..all.clone() };
    assert_eq!(list(expired.clone()).await, mine[1..2]);
    let only = Some(vec![tried, foreign, mine[3].clone(), mine[1].clone()]);
    assert_eq!(list(ConnectionPage { only: only.clone(), ..all.clone() }).await, [mine[1].clone(), mine[3].clone()]);
    assert_eq!(list(ConnectionPage { only, ..expired }).await, mine[1..2]);
    assert_eq!(list(ConnectionPage { only: Some(Vec::new()), ..all }).await, []);
}

pub(crate) async fn its_use_is_noted(catalog: &Catalog) {
    let (mine, theirs) = (tenant(catalog).await, tenant(catalog).await);
    catalog.note_use(mine.clone(), at(7)).await.unwrap();
    let noted = async |id: ConnectionId| catalog.connection(id).await.unwrap().unwrap().last_checked_at;
    assert_eq!((noted(mine).await, noted(theirs).await), (Some(at(7)), None));
}
