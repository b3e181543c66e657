//! What a camera knows is in no byte that is delivered.

use super::{get, sample};
use crate::shelf::{SAMPLE, urls};
use crate::support::Server;

/// Names and numbers of the sample's metadata (tools/make-samples). The last two are 51° 28′, as EXIF has it.
const SECRETS: [&[u8]; 10] = [
    b"Ada Example",
    b"private: for the family only",
    b"SR-0042-7781",
    b"Petals at Kew",
    b"Sample Camera One",
    b"make-samples",
    b"2026:05:17",
    b"51,28",
    b"GPSLatitude",
    b"\0\0\0\x33\0\0\0\x01\0\0\0\x1c\0\0\0\x01",
];

fn holds(bytes: &[u8], secret: &[u8]) -> bool {
    bytes.windows(secret.len()).any(|window| window == secret)
}

#[tokio::test]
async fn no_place_and_no_name_is_delivered() {
    assert!(SECRETS.iter().all(|secret| holds(SAMPLE, secret)), "a secret that is not in the sample proves nothing");
    let server = Server::start(&[]).await;
    let media = sample(&server.client).await;
    for url in urls(&media) {
        let answer = get(&server, &url, &[]).await;
        assert_eq!(answer.status, 200);
        let fields: Vec<u8> = answer.headers.values().flat_map(|value| value.as_bytes().to_vec()).collect();
        for secret in SECRETS {
            let shown = secret.escape_ascii();
            assert!(!holds(&answer.bytes, secret) && !holds(&fields, secret), "{url} holds {shown}");
        }
        assert!(!url.contains("Ada"), "a neutral name");
    }
}
