//! Parts of a file (RFC 9110 §14).

use std::ops::Range;

use reqwest::Method;
use tokio::time::{Duration, Instant};

use super::{fetch, get, sample, url};
use crate::problem::problem;
use crate::support::{Answer, Server};

/// The pieces of a `multipart/byteranges` body: where each says that it lies, its type, and its bytes.
fn pieces(answer: &Answer) -> Vec<(String, String, Vec<u8>)> {
    let boundary = answer.header("content-type").strip_prefix("multipart/byteranges; boundary=").unwrap();
    let (mut rest, mut pieces) = (&answer.bytes[..], Vec::new());
    loop {
        rest = rest.strip_prefix(format!("\r\n--{boundary}").as_bytes()).expect("a boundary");
        if rest == b"--\r\n" {
            return pieces;
        }
        let head_length = rest.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        let head = std::str::from_utf8(&rest[..head_length]).unwrap();
        let field = |name: &str| head.split("\r\n").find_map(|line| line.strip_prefix(name)).unwrap().to_owned();
        let (content_range, content_type) = (field("Content-Range: "), field("Content-Type: "));
        let span = content_range.strip_prefix("bytes ").unwrap().split('/').next().unwrap();
        let (first, last) = span.split_once('-').unwrap();
        let length = last.parse::<usize>().unwrap() + 1 - first.parse::<usize>().unwrap();
        let (body, after) = rest[head_length + 4..].split_at(length);
        pieces.push((content_range, content_type, body.to_vec()));
        rest = after;
    }
}

fn said(range: &Range<usize>, length: usize) -> String {
    format!("bytes {}-{}/{length}", range.start, range.end - 1)
}

#[tokio::test]
async fn a_range_answers_its_bytes() {
    let server = Server::start(&[]).await;
    let media = sample(&server.client).await;
    let url = url(&media, "full");
    let whole = get(&server, url, &[]).await.bytes;
    let length = whole.len();
    for (field, expected) in [
        ("bytes=0-0".to_owned(), 0..1),
        ("bytes=0-99".to_owned(), 0..100),
        ("bytes=100-".to_owned(), 100..length),
        (format!("bytes={}-", length - 1), length - 1..length),
        ("bytes=-1".to_owned(), length - 1..length),
        ("bytes=-500".to_owned(), length - 500..length),
        ("bytes=-99999999".to_owned(), 0..length),
        ("bytes=1000-99999999".to_owned(), 1000..length),
        ("bytes=0-99999999999999999999999".to_owned(), 0..length),
        // Ranges that touch or overlap are one, so that no byte is sent twice.
        ("bytes=0-9,5-19".to_owned(), 0..20),
        ("bytes=10-19,0-9".to_owned(), 0..20),
        ("bytes=0-,0-,0-".to_owned(), 0..length),
        // What lies behind the end is passed over where something else does not.
        ("bytes=5-9,99999999-".to_owned(), 5..10),
    ] {
        let answer = get(&server, url, &[("Range", &field)]).await;
        assert_eq!(answer.status, 206, "{field}");
        assert_eq!(answer.header("content-range"), said(&expected, length), "{field}");
        assert_eq!(answer.header("content-length"), expected.len().to_string());
        assert!(answer.bytes == whole[expected], "{field}");
        assert_eq!(answer.header("content-type"), "image/jpeg");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    }
    // A range is for GET alone, and one that is no range is passed over.
    let head = fetch(&server, Method::HEAD, url, &[("Range", "bytes=0-9")]).await;
    assert_eq!((head.status, head.header("content-length")), (200, length.to_string().as_str()));
    for field in ["bytes=9-0", "bytes=a-b", "bytes=", "bytes=-", "lines=0-9", "bytes 0-9", "bytes=0 - 9", "\u{7f}"] {
        let Ok(value) = field.parse::<reqwest::header::HeaderValue>() else { continue };
        let answer = Answer::to(server.client.bare(Method::GET, url).header("Range", value)).await;
        assert_eq!((answer.status, answer.bytes.len()), (200, length), "{field}");
    }
}

#[tokio::test]
async fn several_ranges_answer_as_one_multipart() {
    let server = Server::start(&[]).await;
    let media = sample(&server.client).await;
    let url = url(&media, "full");
    let whole = get(&server, url, &[]).await.bytes;
    let length = whole.len();
    for (field, expected) in [
        ("bytes=0-0,2-2".to_owned(), vec![0..1, 2..3]),
        ("bytes=0-99,200-299,-10".to_owned(), vec![0..100, 200..300, length - 10..length]),
        ("bytes=400-499, 0-9 ,\t300-309".to_owned(), vec![0..10, 300..310, 400..500]),
        ("bytes=0-0,2-2,4-4,6-6,8-8".to_owned(), vec![0..1, 2..3, 4..5, 6..7, 8..9]),
        (format!("bytes=0-500000,{}-", length - 300_000), vec![0..500_001, length - 300_000..length]),
    ] {
        let answer = get(&server, url, &[("Range", &field)]).await;
        assert_eq!(answer.status, 206, "{field}");
        assert_eq!(answer.header("content-range"), "", "the pieces say it");
        assert_eq!(answer.header("content-length"), answer.bytes.len().to_string());
        let expected: Vec<_> = expected
            .into_iter()
            .map(|range| (said(&range, length), "image/jpeg".to_owned(), whole[range].to_vec()))
            .collect();
        assert!(pieces(&answer) == expected, "{field}");
    }
}

#[tokio::test]
async fn what_cannot_be_answered_is_refused_at_once() {
    let server = Server::start(&[]).await;
    let media = sample(&server.client).await;
    let url = url(&media, "thumb");
    let length = get(&server, url, &[]).await.bytes.len();
    for field in [
        format!("bytes={length}-"),
        "bytes=9223372036854775807-".to_owned(),
        "bytes=99999999999999999999999-".to_owned(),
        "bytes=-0".to_owned(),
        "bytes=0-0,2-2,4-4,6-6,8-8,10-10".to_owned(),
        format!("bytes={}", ["0-"; 10_000].join(",")),
        format!("bytes={}", ["0-0"; 7_000].join(",")),
    ] {
        let started = Instant::now();
        let answer = get(&server, url, &[("Range", &field)]).await;
        assert!(started.elapsed() < Duration::from_millis(250), "{:?}", started.elapsed());
        problem(&answer, 416, "RANGE_NOT_SATISFIABLE");
        assert_eq!(answer.header("content-range"), format!("bytes */{length}"));
    }
}

#[tokio::test]
async fn a_range_is_answered_only_for_the_file_that_is_meant() {
    let server = Server::start(&[]).await;
    let media = sample(&server.client).await;
    let url = url(&media, "thumb");
    let whole = get(&server, url, &[]).await;
    let etag = whole.header("etag").to_owned();
    let weak = format!("W/{etag}");
    for (if_range, status) in [
        (etag.as_str(), 206),
        // Only a strong match will do: a weak tag, a date and another tag all mean the whole file.
        (weak.as_str(), 200),
        ("\"another\"", 200),
        ("*", 200),
        ("Sun, 06 Nov 2095 08:49:37 GMT", 200),
        ("", 200),
    ] {
        let answer = get(&server, url, &[("Range", "bytes=0-9"), ("If-Range", if_range)]).await;
        assert_eq!(answer.status, status, "{if_range}");
        assert!(answer.bytes == whole.bytes[..if status == 206 { 10 } else { whole.bytes.len() }]);
    }
    let unsatisfiable = [("Range", "bytes=99999999-"), ("If-Range", "\"another\"")];
    assert_eq!(get(&server, url, &unsatisfiable).await.status, 200);
}
