//! `If-None-Match` (RFC 9110 §13.1.2).

use reqwest::Method;

use super::{fetch, sample, url};
use crate::support::Server;

#[tokio::test]
async fn a_copy_that_is_current_is_not_sent_again() {
    let server = Server::start(&[]).await;
    let media = sample(&server.client).await;
    let url = url(&media, "preview");
    let whole = fetch(&server, Method::GET, url, &[]).await;
    let etag = whole.header("etag").to_owned();
    let other = fetch(&server, Method::GET, super::url(&media, "thumb"), &[]).await.header("etag").to_owned();
    assert_ne!(etag, other, "every rendition has its own");

    let (weak, among) = (format!("W/{etag}"), format!("\"x\", {other} ,{etag}"));
    for method in [Method::GET, Method::HEAD] {
        for matching in [etag.as_str(), &weak, &among, "*"] {
            for range in [None, Some(("Range", "bytes=0-9"))] {
                let fields: Vec<_> = [("If-None-Match", matching)].into_iter().chain(range).collect();
                let answer = fetch(&server, method.clone(), url, &fields).await;
                assert_eq!((answer.status, answer.bytes.len()), (304, 0), "{matching}");
                for field in ["etag", "cache-control", "x-content-type-options"] {
                    assert_eq!(answer.header(field), whole.header(field));
                }
                assert_eq!(answer.header("content-range"), "");
            }
        }
        for stale in [other.as_str(), "\"\"", "x", "", etag.trim_matches('"')] {
            let answer = fetch(&server, method.clone(), url, &[("If-None-Match", stale)]).await;
            assert_eq!(answer.status, 200, "{stale}");
        }
    }
}
