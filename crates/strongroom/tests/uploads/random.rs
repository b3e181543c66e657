//! Whatever the file's size, the order of its parts and the mishaps on the way: its entity tag is its BLAKE3, and the
//! original comes back bit for bit.

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::session::{SMALL_PARTS, Session, etag, media};
use crate::support::{Server, Wire};

const PART_BYTES: usize = 1024;
const MOST_PARTS: usize = 6;
const CASES: u32 = 32;

/// What happens to a part before it arrives for good.
#[derive(Debug, Clone, Copy)]
enum Mishap {
    /// Nothing.
    None,
    /// Other bytes of the right length are acknowledged first.
    OtherBytesFirst,
    /// The right bytes arrive twice.
    Twice,
    /// The connection breaks within the body.
    Dropped,
    /// The connection breaks within the body, after other bytes were acknowledged.
    DroppedAfterOtherBytes,
    /// The bytes are refused for their digest.
    WrongDigest,
    /// The part is there, then another try of it breaks within the body.
    DroppedAfterwards,
}

#[derive(Debug, Clone)]
struct Case {
    file: Vec<u8>,
    /// Part numbers in the order of their arrival.
    order: Vec<(usize, Mishap)>,
}

fn cases() -> impl Strategy<Value = Case> {
    let mishaps = [
        Mishap::None,
        Mishap::OtherBytesFirst,
        Mishap::Twice,
        Mishap::Dropped,
        Mishap::DroppedAfterOtherBytes,
        Mishap::WrongDigest,
        Mishap::DroppedAfterwards,
    ];
    let mishap = prop::sample::select(mishaps.to_vec());
    // Sizes around whole parts are where arithmetic goes wrong; they come up as often as all others.
    let edge =
        (1..=MOST_PARTS, -1..=1_isize).prop_map(|(parts, beside)| (parts * PART_BYTES).saturating_add_signed(beside));
    let size = prop_oneof![1..=MOST_PARTS * PART_BYTES, edge];
    size.prop_flat_map(move |size| {
        let parts = size.div_ceil(PART_BYTES);
        let mishaps = prop::collection::vec(mishap.clone(), parts);
        let order = mishaps.prop_map(|mishaps| (1..).zip(mishaps).collect::<Vec<_>>()).prop_shuffle();
        (any::<u32>(), order).prop_map(move |(seed, order)| Case { file: random_bytes(seed, size), order })
    })
}

fn random_bytes(seed: u32, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    blake3::Hasher::new().update(&seed.to_be_bytes()).finalize_xof().fill(&mut bytes);
    bytes
}

/// Sends all of a part but its last byte. The connection breaks when the answer is dropped.
async fn break_within(server: &Server, session: &Session, number: usize, bytes: &[u8]) -> Wire {
    let mut wire = server.connect().await;
    let length = bytes.len().to_string();
    wire.send(server.client.head("PUT", &session.part_path(number), &[("Content-Length", &length)])).await;
    wire.send(&bytes[..bytes.len() - 1]).await;
    wire
}

async fn send(server: &Server, session: &Session, number: usize, bytes: &[u8], mishap: Mishap) {
    let other: Vec<u8> = bytes.iter().map(|byte| !byte).collect();
    match mishap {
        Mishap::None | Mishap::DroppedAfterwards => {}
        Mishap::OtherBytesFirst => drop(session.put_part(number, &other).await.ok()),
        Mishap::Twice => drop(session.put_part(number, bytes).await.ok()),
        Mishap::Dropped => drop(break_within(server, session, number, &other).await),
        Mishap::DroppedAfterOtherBytes => {
            session.put_part(number, &other).await.ok();
            drop(break_within(server, session, number, &other).await);
        }
        Mishap::WrongDigest => {
            let digest = [("Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg==")];
            let answer = session.client.put_bytes(&session.part_path(number), &other, &digest).await;
            assert_eq!(answer.status, 400, "{}", answer.text());
        }
    }
    session.put_part(number, bytes).await.ok();
    if matches!(mishap, Mishap::DroppedAfterwards) {
        let mut wire = break_within(server, session, number, &other).await;
        wire.finish_sending().await;
        wire.rest().await;
    }
}

async fn upload(server: &Server, case: &Case) {
    let session = Session::open(&server.client, case.file.len()).await;
    for (number, mishap) in &case.order {
        send(server, &session, *number, session.slice(&case.file, *number), *mishap).await;
    }
    let made = media(&session.complete().await);
    assert_eq!(made["etag"], etag(&case.file));
    let original = server.client.get(&format!("/v2/access/vault/media/{}/original", made["id"])).await;
    assert!(original.bytes == case.file, "the original is not the file");
}

#[test]
fn whatever_happens_on_the_way_the_file_arrives() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(Server::start(&[SMALL_PARTS]));
    let config = ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() };
    let ran = TestRunner::new(config).run(&cases(), |case| {
        runtime.block_on(upload(&server, &case));
        Ok(())
    });
    ran.unwrap();
}
