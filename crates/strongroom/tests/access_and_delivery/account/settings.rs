//! Settings: what holds, what is inherited, what is refused.

use serde_json::{Value, json};

use super::{patch, sandbox, with_key};
use crate::access::key;
use crate::problem::{message, problem};
use crate::shelf::shelve;
use crate::support::{Client, Server, photo};

const ORGANISATION: &str = "/v2/account/settings";

fn own(client: &Client) -> String {
    format!("/v2/account/connections/{}/settings", client.connection)
}

/// The settings that are ours, without the rest.
fn ours(settings: &Value) -> Value {
    let mut ours = settings.clone();
    let fields = ours.as_object_mut().unwrap();
    fields.remove("vaultPlus");
    fields.remove("connectionId");
    ours
}

fn standard() -> Value {
    json!({
        "consentPolicy": "off", "quotaBytes": null, "trashRetentionDays": 30, "deliveryTtlSeconds": 86_400,
        "corsOrigins": [],
    })
}

#[tokio::test]
async fn a_connection_inherits_from_its_organisation_and_that_from_the_configuration() {
    let server = Server::start(&[("STRONGROOM_DELIVERY__CORS_ORIGINS", "https://configured.example")]).await;
    let (client, other) = (&server.client, server.new_client().await);
    let mut expected = standard();
    expected["corsOrigins"] = json!(["https://configured.example"]);
    let read = async |client: &Client| ours(&client.get(&own(client)).await.ok());
    assert_eq!(read(client).await, expected);
    assert_eq!(ours(&client.get(ORGANISATION).await.ok()), expected);

    let theirs = json!({ "consentPolicy": "warn", "quotaBytes": 5_000_000_000_u64, "corsOrigins": ["*"] });
    let changed = patch(client, ORGANISATION, &theirs).await.ok();
    for (field, value) in theirs.as_object().unwrap() {
        expected[field] = value.clone();
    }
    assert_eq!(ours(&changed["settings"]), expected);
    assert_eq!(read(client).await, expected);

    let mine = json!({ "quotaBytes": 1000.0, "trashRetentionDays": 0, "deliveryTtlSeconds": 60, "corsOrigins": [] });
    let changed = patch(client, &own(client), &mine).await.ok();
    assert_eq!(changed["settings"]["connectionId"], client.connection.as_str());
    let mut narrowed = expected.clone();
    for (field, value) in [
        ("quotaBytes", json!(1000)),
        ("trashRetentionDays", json!(0)),
        ("deliveryTtlSeconds", json!(60)),
        ("corsOrigins", json!([])),
    ] {
        narrowed[field] = value;
    }
    assert_eq!(ours(&changed["settings"]), narrowed);
    assert_eq!((read(client).await, read(&other).await), (narrowed.clone(), expected.clone()));

    let reset =
        json!({ "quotaBytes": null, "trashRetentionDays": null, "deliveryTtlSeconds": null, "corsOrigins": null });
    patch(client, &own(client), &reset).await.ok();
    assert_eq!(read(client).await, expected);
}

#[tokio::test]
async fn what_clients_know_and_we_do_not_is_passed_over() {
    let server = Server::start(&[]).await;
    let client = &server.client;
    for path in [own(client), ORGANISATION.to_owned()] {
        let before = client.get(&path).await.ok();
        let odd =
            json!({ "nonsense": { "deep": [1] }, "quota_bytes": 7, "connectionId": "conn_x", "vaultPlus": { "x": 1 } });
        assert_eq!(patch(client, &path, &odd).await.ok()["settings"], before);
        assert_eq!(patch(client, &path, &json!({ "vaultPlus": null })).await.ok()["settings"], before);
        for (body, said) in [
            (json!({ "consentPolicy": "maybe" }), "consentPolicy: `maybe` is not off, warn or require"),
            (json!({ "quotaBytes": -1 }), "quotaBytes: `-1` is not a whole number of bytes"),
            (
                json!({ "trashRetentionDays": 366 }),
                "trashRetentionDays: `366` is not a whole number of days from 0 to 365",
            ),
            (json!({ "deliveryTtlSeconds": 59 }), "deliveryTtlSeconds: `59` is not "),
            (
                json!({ "corsOrigins": ["example.com"] }),
                "corsOrigins: `[\"example.com\"]` is not a list of at most 50 origins",
            ),
            (json!({ "vaultPlus": { "enabled": "yes", "autoEnableForNewConnections": "yes" } }), "vaultPlus."),
            (json!([]), "body: "),
        ] {
            let refused = problem(&patch(client, &path, &body).await, 400, "BAD_REQUEST");
            assert!(message(&refused).starts_with(said), "{refused}");
        }
        assert_eq!(client.get(&path).await.ok(), before);
    }
}

#[tokio::test]
async fn stored_media_clients_find_what_they_have_set() {
    let server = Server::start(&[]).await;
    let client = &server.client;
    let (_, media) = shelve(client, "a.png", &photo(64, 64, 1)).await;
    assert_eq!(media["isReady"], true);
    let quota = json!({ "quotaBytes": 10 * photo(64, 64, 1).len() });
    let settings = patch(client, &own(client), &quota).await.ok()["settings"].clone();
    let stats = &settings["vaultPlus"]["stats"];
    assert_eq!((&stats["mediaCount"], &stats["storedCount"]), (&json!(1), &json!(1)));
    assert_eq!((&stats["storageUsagePercent"], &stats["storageLimitBytes"]), (&json!(10.0), &quota["quotaBytes"]));
    assert!(stats["totalStorageBytes"].as_u64().unwrap() > photo(64, 64, 1).len() as u64, "renditions are among it");
    assert_eq!(settings["vaultPlus"]["settingsOverrides"], Value::Null);

    let set = json!({ "vaultPlus": { "enabled": true, "settings": { "cacheAudio": false, "retentionDays": 1.5 } } });
    let changed = patch(client, &own(client), &set).await.ok()["settings"]["vaultPlus"].clone();
    assert_eq!((&changed["enabled"], &changed["stats"]["vaultPlusEnabled"]), (&json!(true), &json!(true)));
    let more = json!({ "vaultPlus": { "settings": { "imageQualities": ["full"] } } });
    let changed = patch(client, &own(client), &more).await.ok()["settings"]["vaultPlus"].clone();
    assert_eq!(
        changed["settingsOverrides"],
        json!({ "cacheAudio": false, "retentionDays": 1.5, "imageQualities": ["full"] })
    );

    let theirs = json!({ "vaultPlus": {
        "autoEnableForNewConnections": true, "applyToExistingConnections": true, "defaultSettings": { "cacheVideos": false },
    } });
    let changed = patch(client, ORGANISATION, &theirs).await.ok();
    assert_eq!(changed["broadcastResult"], json!({ "affectedConnections": 1, "purgeResults": [] }));
    let kept = &changed["settings"]["vaultPlus"];
    assert_eq!(
        (&kept["autoEnableForNewConnections"], &kept["defaultSettings"]["cacheVideos"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(kept["defaultSettings"].as_object().unwrap().len(), 18);
    let own = client.get(&own(client)).await.ok()["vaultPlus"].clone();
    assert_eq!((&own["enabled"], &own["settingsOverrides"]), (&json!(true), &Value::Null));
    let again = patch(client, ORGANISATION, &json!({ "vaultPlus": { "defaultSettings": {} } })).await.ok();
    assert_eq!(again.get("broadcastResult"), None);
}

#[tokio::test]
async fn the_sandbox_has_settings_of_its_own_and_limited_keys_change_none_for_all() {
    let server = Server::start(&[]).await;
    let (live, sandbox) = (&server.client, sandbox(&server).await);
    patch(&sandbox, ORGANISATION, &json!({ "consentPolicy": "require" })).await.ok();
    assert_eq!(ours(&live.get(ORGANISATION).await.ok()), standard());
    assert_eq!(ours(&live.get(&own(live)).await.ok()), standard());
    assert_eq!(sandbox.get(&own(&sandbox)).await.ok()["consentPolicy"], "require");

    let limited = key(&server, |key| key.connections = Some(vec![live.connection.clone()])).await;
    let limited = with_key(live, &limited);
    problem(&patch(&limited, ORGANISATION, &json!({ "quotaBytes": 1 })).await, 403, "FORBIDDEN");
    patch(&limited, &own(live), &json!({ "quotaBytes": 1 })).await.ok();
}
