//! Many parts at once take blocks, and not parts.

use strongroom_store::Store;

use crate::caller::{Caller, pattern};
use crate::proxy::Proxy;

const PARTS_AT_ONCE: u32 = 24;
const PART_BYTES: u64 = 8 << 20;
/// The test's own patterns and the proxy's buffers take some; whole parts in memory would take 192 MiB.
const LIMIT_BYTES: u64 = 64 << 20;

fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_at_once_take_a_mebibyte_each_at_most() {
    let proxy = Proxy::start().await;
    let home = tempfile::tempdir().unwrap();
    // The patience of production: this machine may have other work.
    let store = Store::open_bucket(&proxy.server.options(), home.path()).await.unwrap();
    let caller = Caller::with_part_bytes(&store, u64::from(PARTS_AT_ONCE) * PART_BYTES, PART_BYTES);
    caller.multipart().await;
    let frame = pattern(16 << 10, 30);
    let before = peak_bytes();
    let tries = (1..=PARTS_AT_ONCE).map(|number| {
        let (caller, frame) = (&caller, &frame);
        async move {
            let mut part_try = caller.begin(number).await.unwrap();
            for _ in 0..PART_BYTES / frame.len() as u64 {
                part_try.write(frame).await.unwrap();
            }
            caller.end(number, part_try).await.unwrap();
        }
    });
    futures_util::future::join_all(tries).await;
    caller.publish().await.unwrap();
    let taken = peak_bytes() - before;
    println!("{} KiB for {PARTS_AT_ONCE} parts at once", taken >> 10);
    assert!(taken < LIMIT_BYTES, "{taken} bytes");
}
