//! Reads that break.

use std::time::{Duration, Instant};

use strongroom_core::rendition::{RenditionFormat, RenditionName};
use strongroom_store::{BucketOptions, Store, StoreError};

use crate::caller::{Caller, part_bytes, pattern, read_all};
use crate::proxy::{Fault, Proxy};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_that_breaks_goes_on_from_there() {
    let proxy = Proxy::start().await;
    let (_home, store) = proxy.store().await;
    let file = pattern(part_bytes(&store), 20);
    let caller = Caller::new(&store, file.len() as u64);
    caller.put_all(&file).await;
    caller.publish().await.unwrap();
    let reader = store.open_blob(caller.blob()).await.unwrap();
    proxy.fail("GET", "blobs/", Fault::Truncated, 3);
    proxy.fail("GET", "blobs/", Fault::Refused(503), 1);
    proxy.fail("GET", "blobs/", Fault::Unanswered, 1);
    proxy.fail("GET", "blobs/", Fault::Stalled, 1);
    assert!(read_all(&reader).await.unwrap() == file);
    assert_eq!(proxy.heal(), 6);
    // A worker's copy is whole too.
    proxy.fail("GET", "blobs/", Fault::Truncated, 2);
    let scratch = store.scratch(caller.blob()).await.unwrap();
    assert!(std::fs::read(scratch.link_original(caller.blob()).await.unwrap()).unwrap() == file);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_does_not_go_on_for_ever() {
    let proxy = Proxy::start().await;
    let (_home, store) = proxy.store().await;
    let file = pattern(1000, 21);
    let caller = Caller::new(&store, file.len() as u64);
    caller.put_all(&file).await;
    caller.publish().await.unwrap();
    let reader = store.open_blob(caller.blob()).await.unwrap();
    for fault in [Fault::Refused(503), Fault::Unanswered, Fault::Stalled] {
        proxy.fail("GET", "blobs/", fault, 100);
        let began = Instant::now();
        assert!(matches!(read_all(&reader).await, Err(StoreError::Busy(_))));
        assert!(began.elapsed() < Duration::from_secs(15), "{fault:?} took {:?}", began.elapsed());
        proxy.heal();
    }
    // One that has gone is missing, whenever that is noticed.
    store.delete_blob(caller.blob()).await.unwrap();
    assert!(matches!(read_all(&reader).await, Err(StoreError::Missing)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rendition_is_sent_again_and_never_half_there() {
    let proxy = Proxy::start().await;
    let (_home, store) = proxy.store().await;
    let (name, format) = (RenditionName::Full, RenditionFormat::Jpeg);
    let caller = Caller::new(&store, 10);
    let film = pattern(3 << 20, 22);
    let scratch = store.scratch(caller.blob()).await.unwrap();
    let from = scratch.output().join("full");
    std::fs::write(&from, &film).unwrap();
    proxy.fail("PUT", "renditions/", Fault::CutOff, 3);
    assert!(matches!(store.put_rendition(caller.blob(), name, format, &from).await, Err(StoreError::Busy(_))));
    assert!(matches!(store.open_rendition(caller.blob(), name, format).await, Err(StoreError::Missing)));
    proxy.fail("PUT", "renditions/", Fault::CutOff, 1);
    proxy.fail("PUT", "renditions/", Fault::Refused(500), 1);
    store.put_rendition(caller.blob(), name, format, &from).await.unwrap();
    let reader = store.open_rendition(caller.blob(), name, format).await.unwrap();
    assert!(read_all(&reader).await.unwrap() == film);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signed_urls_have_the_name_that_clients_know() {
    let private = crate::servers::weed();
    let public = private.endpoint.replace("127.0.0.1", "localhost");
    let options = BucketOptions { public_endpoint: Some(public.clone()), ..private.options() };
    let home = tempfile::tempdir().unwrap();
    let store = Store::open_bucket(&options, home.path()).await.unwrap();
    let caller = Caller::new(&store, 1000);
    caller.put_all(&pattern(1000, 23)).await;
    caller.publish().await.unwrap();
    let url = store.presign_blob(caller.blob(), Duration::from_secs(60), "image/jpeg", "inline").await;
    let url = url.unwrap().unwrap();
    assert!(url.starts_with(&public), "{url}");
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    assert_eq!(http.get(url).send().await.unwrap().bytes().await.unwrap(), pattern(1000, 23));
}
