//! What a check finds, and what becomes of it.

use serde_json::json;

use super::{files, fsck, kinds, send_parts, settled, upload, vault};
use crate::support::{eventually, noise, photo};

#[tokio::test]
async fn a_whole_vault_has_no_faults() {
    let (server, _) = vault().await;
    let id = send_parts(&server.client, &noise(5000)).await;
    let again = format!("/v2/access/uploads/{id}/parts/2");
    server.client.put_bytes(&again, &[7; 1024], &[]).await.ok();
    let report = fsck(&server, false).await;
    assert_eq!(kinds(&report), json!({}), "{:#?}", report.faults);
    let checked = report.checked;
    assert_eq!((checked.blobs, checked.parts, checked.in_quarantine), (4, 5, 0), "three photos and a document");
}

#[tokio::test]
async fn a_damaged_original_is_withheld_until_it_is_sent_again() {
    let (server, media) = vault().await;
    let (client, original) = (&server.client, photo(64, 48, 2));
    let path = format!("/v2/access/vault/media/{}/original", media[3]["id"]);
    let stored = files(&server, "blobs").into_iter().find(|file| std::fs::read(file).unwrap() == original).unwrap();
    let mut damaged = original.clone();
    damaged[99] ^= 1;
    std::fs::write(&stored, &damaged).unwrap();
    assert_eq!(client.get(&path).await.bytes, damaged, "nobody has looked yet");

    assert_eq!(kinds(&fsck(&server, true).await), json!({ "original_digest": 1 }));
    assert_eq!(client.get(&path).await.status, 404);
    for shown in &media[2..] {
        let seen = settled(client, shown).await;
        assert_eq!((&seen["status"], &seen["error"]["code"]), (&json!("error"), &json!("damaged")), "{seen:#}");
        assert_eq!(client.get(shown["files"]["thumb"]["url"].as_str().unwrap()).await.status, 404);
    }
    let retried = client.post_json(&format!("/v2/access/vault/media/{}/reprocess", media[3]["id"]), &json!({})).await;
    assert_eq!(retried.ok()["status"], "error", "of damaged bytes nothing is made");
    assert_eq!(kinds(&fsck(&server, true).await), json!({}), "what is known is no fault");

    let fresh = upload(client, &original).await;
    assert_eq!(settled(client, &fresh).await["status"], "ready");
    assert_eq!(kinds(&fsck(&server, true).await), json!({}));
    assert_eq!(client.get(&path).await.bytes, original, "what showed the lost bytes shows those that came again");
    assert_eq!((files(&server, "blobs").len(), fsck(&server, false).await.checked.in_quarantine), (4, 0));
}

#[tokio::test]
async fn an_original_that_is_put_back_is_used_again() {
    let (server, media) = vault().await;
    let stored =
        files(&server, "blobs").into_iter().find(|file| std::fs::read(file).unwrap() == photo(64, 48, 0)).unwrap();
    std::fs::remove_file(&stored).unwrap();
    assert_eq!(kinds(&fsck(&server, true).await), json!({ "original_missing": 1 }));
    assert_eq!(settled(&server.client, &media[0]).await["status"], "error");
    std::fs::write(&stored, photo(64, 48, 0)).unwrap();
    assert_eq!(kinds(&fsck(&server, true).await), json!({}));
    assert_eq!(settled(&server.client, &media[0]).await["status"], "ready");
}

#[tokio::test]
async fn renditions_are_made_again() {
    let (server, media) = vault().await;
    let renditions = files(&server, "renditions");
    let url = media[0]["files"]["thumb"]["url"].as_str().unwrap();
    let thumb = server.client.get(url).await.bytes;
    let mut damaged = thumb.clone();
    *damaged.last_mut().unwrap() ^= 0x80;
    let stored = renditions.iter().find(|file| std::fs::read(file).unwrap() == thumb).unwrap();
    std::fs::write(stored, damaged).unwrap();
    assert_eq!(kinds(&fsck(&server, false).await), json!({ "rendition_digest": 1 }));
    assert_eq!(kinds(&fsck(&server, true).await), json!({ "rendition_digest": 1 }));
    let again = eventually(async || {
        let answer = server.client.get(url).await;
        (answer.status == 200).then_some(answer.bytes)
    });
    assert_eq!(again.await, thumb);
    assert_eq!(kinds(&fsck(&server, false).await), json!({}));
}

#[tokio::test]
async fn lost_parts_are_asked_for_again() {
    let (server, _) = vault().await;
    let bytes = [photo(64, 48, 9), noise(5000)].concat();
    let id = send_parts(&server.client, &bytes).await;
    let staged = files(&server, "staging").pop().unwrap();
    std::fs::OpenOptions::new().write(true).open(&staged).unwrap().set_len(1500).unwrap();
    let lost = bytes.len().div_ceil(1024) - 1;
    assert_eq!(kinds(&fsck(&server, true).await), json!({ "part_size": lost }));
    let complete = json!({ "mediaUploadId": id });
    let refused = server.client.post_json("/v2/access/uploads/complete", &complete).await;
    assert_eq!((refused.status, refused.json()["code"].as_str()), (409, Some("UPLOAD_INCOMPLETE")));
    for (index, part) in bytes.chunks(1024).enumerate().skip(1) {
        let path = format!("/v2/access/uploads/{id}/parts/{}", index + 1);
        server.client.put_bytes(&path, part, &[]).await.ok();
    }
    let media = server.client.post_json("/v2/access/uploads/complete", &complete).await.ok();
    assert_eq!(settled(&server.client, &media["media"]).await["status"], "ready");
}

#[tokio::test]
async fn what_no_row_names_is_cleared_and_what_is_not_ours_is_set_aside() {
    let (server, _) = vault().await;
    let nobodys = "3f0c0000-0000-4000-8000-000000000001";
    for (area, name) in [
        ("blobs", nobodys.to_owned()),
        ("renditions", format!("{nobodys}.thumb.jpg")),
        ("staging", nobodys.to_owned()),
        ("staging", format!("{nobodys}.1.{:016x}", 7)),
        ("blobs", "notes.txt".to_owned()),
    ] {
        std::fs::write(server.data().join(area).join("3f").join(name), b"bytes").unwrap();
    }
    let expected = json!({
        "original_without_row": 1, "rendition_without_row": 1, "staging_without_row": 1, "side_file_without_row": 1,
        "foreign_file": 1,
    });
    assert_eq!(kinds(&fsck(&server, false).await), expected);
    assert_eq!(kinds(&fsck(&server, true).await), expected);
    assert_eq!(kinds(&fsck(&server, true).await), json!({}));
    assert_eq!(std::fs::read(server.data().join("lost+found/blobs.3f.notes.txt")).unwrap(), b"bytes");
}
