//! Connections.

use strongroom_catalog::Catalog;
use strongroom_catalog::records::Connection;
use strongroom_core::connection::{ConnectionStatus, Environment};
use strongroom_core::id::ConnectionId;
use strongroom_core::media::MediaType;
use strongroom_core::permission::Permission;

use super::at;
use super::fixtures::{completed, completing, connection_record, not_media, tenant};

pub(crate) async fn a_connection_comes_back_whole(catalog: &Catalog) {
    let plain = connection_record();
    let other = Connection {
        environment: Environment::Sandbox,
        status: ConnectionStatus::Awaiting2fa,
        avatar: Some("https://127.0.0.1/ana.jpg".to_owned()),
        permissions: [Permission::VaultRead].into_iter().collect(),
        ..connection_record()
    };
    for record in [plain, other] {
        catalog.create_connection(record.clone()).await.unwrap();
        assert_eq!(catalog.connection(record.id.clone()).await.unwrap(), Some(record.clone()));
        assert!(catalog.create_connection(record).await.is_err(), "an id is given once");
    }
    assert_eq!(catalog.connection(ConnectionId::random()).await.unwrap(), None);
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
