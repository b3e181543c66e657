use std::time::Duration;

use insta::assert_snapshot;
use serde_json::{Value, json};
use strongroom_core::clock::Clock as _;

use crate::session::{SMALL_PARTS, Session, UPLOADS, request};
use crate::support::{Answer, Client, Server};

const DAY: Duration = Duration::from_secs(24 * 3600);

async fn init(client: &Client, body: &Value) -> Answer {
    client.post_json(&format!("{UPLOADS}/init"), body).await
}

/// An init that is refused, with some keys of a good request replaced, or left out where they are null.
async fn refused(client: &Client, keys: Value) -> String {
    let mut body = request(10);
    for (key, value) in keys.as_object().unwrap() {
        body[key] = value.clone();
    }
    body.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    init(client, &body).await.refusal()
}

#[tokio::test]
async fn a_large_file_is_planned_in_parts_in_body_and_headers() {
    let server = Server::start(&[SMALL_PARTS]).await;
    let answer = init(&server.client, &request(2500)).await;
    let body = answer.ok();
    let (id, base) = (body["mediaUploadId"].as_str().unwrap(), format!("http://{}{UPLOADS}", server.address));
    let part = |number: u32, start: u64, end: u64| {
        json!({
            "partNumber": number,
            "uploadUrl": format!("{base}/{id}/parts/{number}"),
            "byteRange": { "start": start, "end": end },
        })
    };
    let expected = json!({
        "mediaUploadId": id,
        "uploadType": "multipart",
        "totalParts": 3,
        "partSize": 1024,
        "expiresAt": server.clock.now().after(DAY).to_rfc3339(),
        "parts": [part(1, 0, 1023), part(2, 1024, 2047), part(3, 2048, 2499)],
        "completeUrl": format!("{base}/complete"),
    });
    assert_eq!(body, expected);
    assert_eq!(answer.header("x-ofauth-upload-total-parts"), "3");
    assert_eq!(answer.header("x-ofauth-upload-part-size"), "1024");
}

#[tokio::test]
async fn a_small_file_is_planned_in_one_piece() {
    let server = Server::start(&[]).await;
    let answer = init(&server.client, &request(10)).await;
    let body = answer.ok();
    let url = format!("http://{}{UPLOADS}/{}", server.address, body["mediaUploadId"].as_str().unwrap());
    assert_eq!((&body["uploadType"], &body["totalParts"]), (&json!("single"), &json!(1)));
    let range = json!({ "start": 0, "end": 9 });
    assert_eq!(body["parts"], json!([{ "partNumber": 1, "uploadUrl": url, "byteRange": range }]));
    assert_eq!(answer.header("x-ofauth-upload-total-parts"), "1");
    assert_eq!(answer.header("x-ofauth-upload-part-size"), "8388608");
}

#[tokio::test]
async fn parts_grow_with_the_file_until_there_are_a_thousand() {
    let server = Server::start(&[]).await;
    const MIB: u64 = 1 << 20;
    let plans = [
        (1, "single", 1, 8),
        (8 * MIB, "single", 1, 8),
        (8 * MIB + 1, "multipart", 2, 8),
        (512 * MIB, "multipart", 64, 8),
        (512 * MIB + 1, "multipart", 33, 16),
        (16_000 * MIB, "multipart", 1000, 16),
        (16_000 * MIB + 1, "multipart", 501, 32),
        (65_536 * MIB, "multipart", 1024, 64),
    ];
    for (size, kind, parts, part_mib) in plans {
        let body = json!({ "filename": "a", "size": size, "contentType": "video/mp4" });
        let plan = init(&server.client, &body).await.ok();
        assert_eq!((&plan["uploadType"], &plan["totalParts"]), (&json!(kind), &json!(parts)), "{size}");
        assert_eq!(plan["partSize"], json!(part_mib * MIB), "{size}");
        assert_eq!(plan["parts"].as_array().unwrap().len(), parts, "{size}");
        assert_eq!(plan["parts"][parts - 1]["byteRange"]["end"], json!(size - 1), "{size}");
    }
}

#[tokio::test]
async fn the_names_that_published_clients_use_are_taken() {
    let server = Server::start(&[]).await;
    let aliases = json!({ "filename": "a.png", "filesize": 12, "mimeType": "image/png" });
    let session = Session::of(&server.client, &init(&server.client, &aliases).await.ok());
    let status = session.status().await;
    assert_eq!((&status["size"], &status["contentType"]), (&json!(12), &json!("image/png")));
    for vault_upload in [json!(null), json!({}), json!({ "mode": "message", "userId": "7" })] {
        let mut body = request(10);
        body["vaultUpload"] = vault_upload;
        init(&server.client, &body).await.ok();
    }
    for no_ids in [json!(null), json!([])] {
        let mut body = request(10);
        (body["releaseFormIds"], body["listIds"]) = (no_ids.clone(), no_ids);
        init(&server.client, &body).await.ok();
    }
    let float = json!({ "filename": "a.png", "size": 12.0, "contentType": "image/png" });
    assert_eq!(init(&server.client, &float).await.ok()["parts"][0]["byteRange"]["end"], 11);
}

#[tokio::test]
async fn a_file_name_is_shown_as_it_came() {
    let server = Server::start(&[]).await;
    for name in ["../../etc/passwd", "C:\\sea.png", "海 \u{1F30A}\u{1}\n.png", " "] {
        let body = json!({ "filename": name, "size": 10, "contentType": "image/png" });
        let session = Session::of(&server.client, &init(&server.client, &body).await.ok());
        assert_eq!(session.status().await["filename"], name);
    }
}

#[tokio::test]
async fn a_size_that_is_none_is_named() {
    let Server { client, .. } = &Server::start(&[("STRONGROOM_UPLOAD__MAX_FILE_BYTES", "1_000_000")]).await;
    assert_snapshot!(refused(client, json!({ "size": null })).await, @r#"
    400 BAD_REQUEST: size: missing, but required
    {"expected":"a value","field":"size","value":null}
    "#);
    assert_snapshot!(refused(client, json!({ "size": 0 })).await, @r#"
    400 BAD_REQUEST: size: `0` is not a whole number above 0
    {"expected":"a whole number above 0","field":"size","value":"0"}
    "#);
    assert_snapshot!(refused(client, json!({ "size": -1 })).await, @r#"
    400 BAD_REQUEST: size: `-1` is not a whole number above 0
    {"expected":"a whole number above 0","field":"size","value":"-1"}
    "#);
    assert_snapshot!(refused(client, json!({ "size": 1.5 })).await, @r#"
    400 BAD_REQUEST: size: `1.5` is not a whole number above 0
    {"expected":"a whole number above 0","field":"size","value":"1.5"}
    "#);
    assert_snapshot!(refused(client, json!({ "size": 1e300 })).await, @r#"
    400 BAD_REQUEST: size: `1e+300` is not a whole number above 0
    {"expected":"a whole number above 0","field":"size","value":"1e+300"}
    "#);
    assert_snapshot!(refused(client, json!({ "size": "12" })).await, @r#"
    400 BAD_REQUEST: size: `"12"` is not a number
    {"expected":"a number","field":"size","value":"\"12\""}
    "#);
    assert_snapshot!(refused(client, json!({ "size": [12] })).await, @r#"
    400 BAD_REQUEST: size: `a list` is not a number
    {"expected":"a number","field":"size","value":"a list"}
    "#);
    assert_snapshot!(refused(client, json!({ "size": 1_000_001 })).await, @r#"
    413 TOO_LARGE: size: `1000001` is more than the 1000000 bytes a file may have
    {"field":"size","maxFileBytes":1000000,"value":1000001}
    "#);
    assert_snapshot!(refused(client, json!({ "size": null, "filesize": 0 })).await, @r#"
    400 BAD_REQUEST: size: `0` is not a whole number above 0
    {"expected":"a whole number above 0","field":"size","value":"0"}
    "#);
}

#[tokio::test]
async fn a_name_or_type_that_is_none_is_named() {
    let Server { client, .. } = &Server::start(&[]).await;
    assert_snapshot!(refused(client, json!({ "filename": null })).await, @r#"
    400 BAD_REQUEST: filename: missing, but required
    {"expected":"a value","field":"filename","value":null}
    "#);
    assert_snapshot!(refused(client, json!({ "filename": "" })).await, @r#"
    400 BAD_REQUEST: filename: `` is not a text of at least one character
    {"expected":"a text of at least one character","field":"filename","value":""}
    "#);
    assert_snapshot!(refused(client, json!({ "filename": 7 })).await, @r#"
    400 BAD_REQUEST: filename: `7` is not a string
    {"expected":"a string","field":"filename","value":"7"}
    "#);
    assert_snapshot!(refused(client, json!({ "contentType": null })).await, @r#"
    400 BAD_REQUEST: contentType: missing, but required
    {"expected":"a value","field":"contentType","value":null}
    "#);
    assert_snapshot!(refused(client, json!({ "contentType": "" })).await, @r#"
    400 BAD_REQUEST: contentType: `` is not a text of at least one character
    {"expected":"a text of at least one character","field":"contentType","value":""}
    "#);
}

#[tokio::test]
async fn release_forms_and_lists_that_do_not_exist_are_named() {
    let Server { client, .. } = &Server::start(&[]).await;
    assert_snapshot!(refused(client, json!({ "releaseFormIds": [41, 42] })).await, @r#"
    400 BAD_REQUEST: releaseFormIds[0]: `41` is not the id of a release form of this connection
    {"expected":"the id of a release form of this connection","field":"releaseFormIds[0]","value":"41"}
    "#);
    assert_snapshot!(refused(client, json!({ "listIds": ["7"] })).await, @r#"
    400 BAD_REQUEST: listIds[0]: `7` is not the id of a list of this connection
    {"expected":"the id of a list of this connection","field":"listIds[0]","value":"7"}
    "#);
    assert_snapshot!(refused(client, json!({ "listIds": 7 })).await, @r#"
    400 BAD_REQUEST: listIds: `7` is not a list
    {"expected":"a list","field":"listIds","value":"7"}
    "#);
}

#[tokio::test]
async fn only_so_many_sessions_may_be_open() {
    let server = Server::start(&[("STRONGROOM_UPLOAD__MAX_OPEN", "2")]).await;
    let [first, _second] = [Session::open(&server.client, 10).await, Session::open(&server.client, 10).await];
    let third = async || init(&server.client, &request(10)).await;
    assert_snapshot!(third().await.refusal(), @r#"
    413 QUOTA_EXCEEDED: this connection has 2 open uploads; complete or abort some first
    {"maxOpenUploads":2}
    "#);
    Session::open(&server.new_client().await, 10).await;
    first.abort().await.ok();
    third().await.ok();
}

#[tokio::test]
async fn a_file_for_which_there_is_no_room_is_refused_at_init() {
    let server = Server::start(&[("STRONGROOM_STORE__MIN_FREE_BYTES", "1_000_000_000_000_000")]).await;
    let answer = init(&server.client, &request(10)).await;
    assert_snapshot!(answer.refusal(), @"503 STORAGE_UNAVAILABLE: the server has no room for a file of this size right now");
    assert_eq!(answer.header("retry-after"), "5");
}
