//! Settings: what holds, what is inherited, and who is not concerned.

use strongroom_catalog::Catalog;
use strongroom_catalog::records::{OrganisationSettings, SettingsChange, VaultPlus};
use strongroom_core::connection::Environment;
use strongroom_core::id::{ConnectionId, OrganisationId};
use strongroom_core::release_form::ConsentPolicy;
use strongroom_core::settings::Settings;

use super::at;
use super::fixtures::{connection_record, tenant};

fn settings(number: u32) -> Settings {
    Settings {
        consent_policy: Some(if number == 1 { ConsentPolicy::Require } else { ConsentPolicy::Warn }),
        quota_bytes: Some(u64::from(number) << 40),
        trash_retention_days: Some(number),
        delivery_ttl_seconds: Some(60 * number),
        cors_origins: Some(vec![format!("https://{number}.example"), "*".to_owned()]),
    }
}

/// The change that sets all of these.
fn to(settings: Settings) -> SettingsChange {
    SettingsChange {
        consent_policy: Some(settings.consent_policy),
        quota_bytes: Some(settings.quota_bytes),
        trash_retention_days: Some(settings.trash_retention_days),
        delivery_ttl_seconds: Some(settings.delivery_ttl_seconds),
        cors_origins: Some(settings.cors_origins),
        ..SettingsChange::default()
    }
}

async fn holding(catalog: &Catalog, owner: &ConnectionId) -> Settings {
    catalog.connection(owner.clone()).await.unwrap().unwrap().settings
}

async fn sandbox_tenant(catalog: &Catalog) -> ConnectionId {
    let mut record = connection_record();
    record.environment = Environment::Sandbox;
    catalog.create_connection(record.clone()).await.unwrap();
    record.id
}

pub(crate) async fn what_is_not_set_is_inherited(catalog: &Catalog) {
    let (own, other, sandbox) = (tenant(catalog).await, tenant(catalog).await, sandbox_tenant(catalog).await);
    let organisation = OrganisationId::default_organisation();
    assert_eq!(holding(catalog, &own).await, Settings::default());
    catalog.change_organisation_settings(organisation.clone(), Environment::Live, to(settings(1))).await.unwrap();
    for (owner, expected) in [(&own, settings(1)), (&other, settings(1)), (&sandbox, Settings::default())] {
        assert_eq!(holding(catalog, owner).await, expected, "the two worlds do not meet");
    }
    assert!(catalog.change_connection_settings(own.clone(), to(settings(2)), at(5)).await.unwrap());
    assert_eq!((holding(catalog, &own).await, holding(catalog, &other).await), (settings(2), settings(1)));
    assert_eq!(catalog.connection(own.clone()).await.unwrap().unwrap().updated_at, at(5));

    let one = SettingsChange { quota_bytes: Some(None), ..SettingsChange::default() };
    assert!(catalog.change_connection_settings(own.clone(), one, at(6)).await.unwrap());
    let expected = Settings { quota_bytes: settings(1).quota_bytes, ..settings(2) };
    assert_eq!(holding(catalog, &own).await, expected, "what is not named stays");
    let none = to(Settings { cors_origins: Some(Vec::new()), ..Settings::default() });
    assert!(catalog.change_connection_settings(own.clone(), none, at(7)).await.unwrap());
    let expected = Settings { cors_origins: Some(Vec::new()), ..settings(1) };
    assert_eq!(holding(catalog, &own).await, expected, "an empty list is a setting, too");
    assert!(!catalog.change_connection_settings(ConnectionId::random(), one_day(), at(7)).await.unwrap());
}

fn one_day() -> SettingsChange {
    SettingsChange { trash_retention_days: Some(Some(1)), ..SettingsChange::default() }
}

pub(crate) async fn an_organisations_settings_are_its_own(catalog: &Catalog) {
    let (default, theirs) = (OrganisationId::default_organisation(), OrganisationId::random());
    assert_eq!(catalog.organisation_settings(theirs.clone(), Environment::Live).await.unwrap(), None);
    catalog.create_organisation(theirs.clone(), "Theirs".to_owned(), at(0)).await.unwrap();
    assert!(catalog.create_organisation(theirs.clone(), "Again".to_owned(), at(0)).await.is_err());
    catalog.change_organisation_settings(theirs.clone(), Environment::Sandbox, to(settings(1))).await.unwrap();
    for (organisation, environment, expected) in [
        (&theirs, Environment::Sandbox, settings(1)),
        (&theirs, Environment::Live, Settings::default()),
        (&default, Environment::Sandbox, Settings::default()),
    ] {
        let kept = catalog.organisation_settings(organisation.clone(), environment).await.unwrap();
        assert_eq!(kept, Some(OrganisationSettings { settings: expected, vault_plus: VaultPlus::default() }));
    }
}

pub(crate) async fn what_stored_media_clients_keep_comes_back(catalog: &Catalog) {
    let (organisation, live) = (OrganisationId::default_organisation(), Environment::Live);
    let before = tenant(catalog).await;
    let keep = |is_enabled, text: &str| SettingsChange {
        vault_plus_enabled: Some(is_enabled),
        vault_plus_settings: Some(Some(text.to_owned())),
        ..SettingsChange::default()
    };
    catalog.change_organisation_settings(organisation.clone(), live, keep(true, "{}")).await.unwrap();
    let kept = catalog.organisation_settings(organisation.clone(), live).await.unwrap().unwrap();
    assert_eq!(kept.vault_plus, VaultPlus { is_enabled: true, settings: Some("{}".to_owned()) });

    let (after, sandbox) = (tenant(catalog).await, sandbox_tenant(catalog).await);
    let of = async |owner: &ConnectionId| catalog.vault_plus(owner.clone()).await.unwrap().unwrap();
    assert_eq!(of(&before).await, VaultPlus::default());
    assert_eq!(of(&after).await, VaultPlus { is_enabled: true, settings: None }, "new ones start from it");
    assert!(catalog.change_connection_settings(after.clone(), keep(false, "{\"é\":1}"), at(1)).await.unwrap());
    assert_eq!(of(&after).await, VaultPlus { is_enabled: false, settings: Some("{\"é\":1}".to_owned()) });
    assert_eq!(catalog.apply_vault_plus(organisation, live, at(2)).await.unwrap(), 2);
    for (owner, is_enabled) in [(&before, true), (&after, true), (&sandbox, false)] {
        assert_eq!(of(owner).await, VaultPlus { is_enabled, settings: None });
    }
    assert_eq!(catalog.vault_plus(ConnectionId::random()).await.unwrap(), None);
}
