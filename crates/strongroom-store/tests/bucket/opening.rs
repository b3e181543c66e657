//! Settings that are wrong are known at the start, by name.

use std::time::{Duration, Instant};

use strongroom_store::{BucketOptions, Store, StoreError};

use crate::proxy::{Fault, Proxy};
use crate::servers;

async fn refusal(options: &BucketOptions) -> String {
    let home = tempfile::tempdir().unwrap();
    match Store::open_bucket(options, home.path()).await {
        Err(StoreError::Io(text)) => text,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_is_named() {
    let right = servers::weed().options();
    let text = refusal(&BucketOptions { url: "s3://nowhere/x".to_owned(), ..right.clone() }).await;
    assert!(text.contains("s3://nowhere/") && text.contains("no such bucket"), "{text}");
    let text = refusal(&BucketOptions { secret_access_key: Some("wrong".to_owned()), ..right.clone() }).await;
    assert!(text.contains("secret"), "{text}");
    let text = refusal(&BucketOptions { access_key_id: Some("unknown".to_owned()), ..right.clone() }).await;
    assert!(text.contains("key"), "{text}");
    let reader = BucketOptions {
        access_key_id: Some("reader-key".to_owned()),
        secret_access_key: Some("reader-secret".to_owned()),
        ..right.clone()
    };
    let text = refusal(&reader).await;
    assert!(text.contains("may not"), "{text}");
    let text = refusal(&BucketOptions { url: "vault".to_owned(), ..right }).await;
    assert!(text.contains("`vault`") && text.contains("s3://bucket"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_away_is_waited_for_a_while() {
    let proxy = Proxy::start().await;
    proxy.leave_to(|| Some(Fault::Stalled));
    let unreachable = BucketOptions { endpoint: Some("http://127.0.0.1:9".to_owned()), ..proxy.options() };
    for options in [proxy.options(), unreachable] {
        let (home, began) = (tempfile::tempdir().unwrap(), Instant::now());
        let opened = Store::open_bucket(&options, home.path()).await;
        assert!(matches!(opened, Err(StoreError::Busy(_))), "{opened:?}");
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    }
}

#[test]
fn secrets_are_not_shown() {
    let options = servers::weed().options();
    let shown = format!("{options:?}");
    assert!(!shown.contains("test-secret") && !shown.contains("test-key"), "{shown}");
}
