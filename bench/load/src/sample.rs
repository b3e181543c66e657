//! What is measured: times, our own processor time, and the disk.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use crate::Outcome;
use crate::arguments::Arguments;
use crate::noise::{BLOCK_BYTES, SALT_BYTES, ring, salt};

/// The kernel's unit in `/proc/…/stat` (`USER_HZ`), on every Linux that this runs on.
const TICKS_A_SECOND: f64 = 100.0;

/// Seconds of processor that this process has had.
pub fn own_cpu_seconds() -> Outcome<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // The name in parentheses may hold spaces; user and system time are the 12th and 13th word after it.
    let words: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |index: usize| words.get(index).and_then(|word| word.parse::<f64>().ok()).unwrap_or(0.0);
    Ok((ticks(11) + ticks(12)) / TICKS_A_SECOND)
}

/// Milliseconds since `started`.
pub fn milliseconds_since(started: Instant) -> f64 {
    started.elapsed().as_secs_f64() * 1000.0
}

/// `{"p50": …, "p99": …, "max": …}` of some times, or `null`.
pub fn percentiles(mut milliseconds: Vec<f64>) -> String {
    milliseconds.sort_by(f64::total_cmp);
    let Some(max) = milliseconds.last() else { return "null".to_owned() };
    let at = |percent: usize| milliseconds[(milliseconds.len() - 1) * percent / 100];
    format!(r#"{{"p50": {:.3}, "p99": {:.3}, "max": {max:.3}, "count": {}}}"#, at(50), at(99), milliseconds.len())
}

/// `load disk`: what the disk alone can do, written as a server writes. The file is gone afterwards.
pub fn disk(arguments: &Arguments) -> Outcome<String> {
    let (path, bytes) = (Path::new(arguments.text("path")?), arguments.number::<u64>("bytes")?);
    let _ = ring();
    let started = Instant::now();
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    let (mut left, mut at) = (bytes, 0);
    while left > 0 {
        let block = left.min(BLOCK_BYTES as u64) as usize;
        file.write_all(&salt()[..block.min(SALT_BYTES)])?;
        file.write_all(&ring()[at..at + block - block.min(SALT_BYTES)])?;
        left -= block as u64;
        at = (at + BLOCK_BYTES) % ring().len();
    }
    let written = started.elapsed().as_secs_f64();
    file.sync_all()?;
    let synced = started.elapsed().as_secs_f64();
    std::fs::remove_file(path)?;
    Ok(format!(r#"{{"written_s": {written:.4}, "wall_s": {synced:.4}, "bytes": {bytes}}}"#))
}
