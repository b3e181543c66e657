//! Bytes that nobody has seen before, almost for nothing.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// One read, one write.
pub const BLOCK_BYTES: usize = 256 << 10;
const RING_BYTES: usize = 64 << 20;
/// What stands at the beginning of every block: the run, and a number that is given once.
pub const SALT_BYTES: usize = 16;

/// The ring. A block is a salt and then a piece of it, so that no two blocks that were ever sent are equal: a server that keeps
/// equal blocks once has to keep all of them.
pub fn ring() -> &'static [u8] {
    static RING: OnceLock<Vec<u8>> = OnceLock::new();
    RING.get_or_init(|| {
        let mut state = run_number();
        (0..RING_BYTES / 8).flat_map(|_| next(&mut state).to_le_bytes()).collect()
    })
}

/// A salt that no other block of this machine has.
pub fn salt() -> [u8; SALT_BYTES] {
    static RUN: OnceLock<u64> = OnceLock::new();
    static GIVEN: AtomicU64 = AtomicU64::new(0);
    let run = *RUN.get_or_init(run_number);
    let mut state = run ^ GIVEN.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut salt = [0; SALT_BYTES];
    salt[..8].copy_from_slice(&next(&mut state).to_le_bytes());
    salt[8..].copy_from_slice(&next(&mut state).to_le_bytes());
    salt
}

/// A number below `end`, for choosing files and ranges.
pub fn below(end: u64, state: &mut u64) -> u64 {
    next(state) % end.max(1)
}

fn run_number() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    u64::try_from(since & u128::from(u64::MAX)).unwrap_or(0) ^ u64::from(std::process::id()).rotate_left(40)
}

/// `SplitMix64` (Steele, Lea, Flood 2014).
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
