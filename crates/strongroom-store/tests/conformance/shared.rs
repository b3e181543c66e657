//! What only a store that several nodes share owes.

use std::time::Duration;

use strongroom_core::rendition::{RenditionFormat, RenditionName};
use strongroom_store::{PartLocation, Store, StoreError};

use crate::caller::{Caller, part_bytes, pattern};

pub async fn parts_may_come_to_different_nodes(store: &Store) {
    let file = pattern(3 * part_bytes(store), 80);
    let mut caller = Caller::new(store, file.len() as u64);
    for number in 1..=3 {
        // What a node knows of an upload is what the catalog knows.
        caller = caller.restarted(&store.clone());
        caller.put_of(number, &file).await.unwrap();
    }
    caller.publish().await.unwrap();
    caller.assert_published(&file).await;
}

pub async fn a_landed_try_keeps_its_claim(store: &Store) {
    let file = pattern(2 * part_bytes(store), 81);
    let caller = Caller::new(store, file.len() as u64);
    // Two tries of one part: the first has the slot and lands, and its row is never written.
    let mut lost = caller.begin(1).await.unwrap();
    lost.write(caller.slice(1, &pattern(file.len() as u64, 82))).await.unwrap();
    drop(lost.finish().await.unwrap());
    caller.put_all(&file).await;
    assert!(matches!(caller.location(1), Some(PartLocation::Side(_))));
    assert!(matches!(caller.location(2), Some(PartLocation::Tagged(_))));
    caller.publish().await.unwrap();
    caller.assert_published(&file).await;
}

pub async fn unfinished_multiparts_are_listed_and_aborted(store: &Store) {
    let file = pattern(2 * part_bytes(store), 83);
    let callers = [(); 3].map(|()| Caller::new(store, file.len() as u64));
    for caller in &callers {
        caller.put_of(1, &file).await.unwrap();
    }
    let listed = store.multiparts().await.unwrap();
    assert_eq!(listed.len(), 3);
    for caller in &callers {
        let found = listed.iter().find(|staged| staged.upload == caller.upload).unwrap();
        assert_eq!(Some(found.multipart.as_str()), caller.multipart().await);
        assert!(found.begun_at.as_millis() > 1_600_000_000_000, "{:?}", found.begun_at);
        store.abort_multipart(found.upload, &found.multipart).await.unwrap();
        store.abort_multipart(found.upload, &found.multipart).await.unwrap();
        assert!(matches!(caller.put_of(2, &file).await, Err(StoreError::Sealed)));
    }
    assert_eq!(store.multiparts().await.unwrap(), []);
}

pub async fn parts_may_bypass_the_node(store: &Store) {
    let file = pattern(2 * part_bytes(store), 84);
    let caller = Caller::new(store, file.len() as u64);
    let multipart = caller.multipart().await.unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    assert_eq!(store.direct_parts(caller.upload, multipart).await.unwrap(), []);
    for part in caller.plan.parts() {
        let url = store.presign_part(caller.upload, part, multipart, Duration::from_secs(60)).await.unwrap();
        let body = caller.slice(part.number, &file).to_vec();
        // Nothing longer or shorter, and no other part.
        for wrong in [&body[1..], &[body.clone(), vec![0]].concat()] {
            assert_eq!(http.put(&url).body(wrong.to_vec()).send().await.unwrap().status(), 403);
        }
        let another = url.replace(&format!("partNumber={}", part.number), "partNumber=7");
        assert_eq!(http.put(another).body(body.clone()).send().await.unwrap().status(), 403);
        assert_eq!(http.put(url).body(body).send().await.unwrap().status(), 200);
    }
    // Sent again, the last try counts; the object store may tell the time by the second.
    let url = store.presign_part(caller.upload, caller.part(2), multipart, Duration::from_secs(60)).await.unwrap();
    for body in [pattern(part_bytes(store), 86), caller.slice(2, &file).to_vec()] {
        tokio::time::sleep(Duration::from_millis(1100)).await;
        assert_eq!(http.put(&url).body(body).send().await.unwrap().status(), 200);
    }
    let landed = store.direct_parts(caller.upload, multipart).await.unwrap();
    assert_eq!(landed.iter().map(|(number, ..)| *number).collect::<Vec<_>>(), [1, 2]);
    assert!(landed.iter().all(|(_, length, _)| *length == part_bytes(store)));
    let parts: Vec<_> =
        caller.plan.parts().zip(landed).map(|(part, (_, _, tag))| (part, PartLocation::Tagged(tag))).collect();
    store.publish(caller.upload, &caller.plan, &parts, Some(multipart), caller.blob()).await.unwrap();
    assert!(caller.published().await.unwrap() == file);
    assert!(matches!(store.direct_parts(caller.upload, multipart).await, Err(StoreError::Missing)));
}

pub async fn originals_and_renditions_may_bypass_the_node(store: &Store) {
    let file = pattern(1000, 85);
    let caller = Caller::new(store, file.len() as u64);
    caller.put_all(&file).await;
    caller.publish().await.unwrap();
    let (name, format) = (RenditionName::Thumb, RenditionFormat::Jpeg);
    let scratch = store.scratch(caller.blob()).await.unwrap();
    std::fs::write(scratch.output().join("thumb"), &file).unwrap();
    store.put_rendition(caller.blob(), name, format, &scratch.output().join("thumb")).await.unwrap();
    let (minute, as_name) = (Duration::from_secs(60), "attachment; filename=\"a b.jpg\"");
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    for url in [
        store.presign_blob(caller.blob(), minute, "image/jpeg", as_name).await.unwrap().unwrap(),
        store.presign_rendition(caller.blob(), name, format, minute, "image/jpeg", as_name).await.unwrap().unwrap(),
    ] {
        let answer = http.get(&url).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "image/jpeg");
        assert_eq!(answer.headers()["content-disposition"], as_name);
        // Without a look at the headers: Garage leaves what was signed out of an answer that is a range.
        let answer = http.get(&url).header("range", "bytes=10-19").send().await.unwrap();
        assert_eq!(answer.status(), 206);
        assert_eq!(answer.bytes().await.unwrap(), &file[10..20]);
        let forged = url.replace("a%20b", "b%20a");
        assert_ne!(forged, url);
        assert_eq!(http.get(forged).send().await.unwrap().status(), 403);
    }
}
