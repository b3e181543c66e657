//! `load upload`: many files, some at a time.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::Outcome;
use crate::arguments::Arguments;
use crate::http::{Body, Connection};
use crate::noise::ring;
use crate::sample::{milliseconds_since, own_cpu_seconds, percentiles};
use crate::target::{File, Sent, Target};

/// `--count` files of `--bytes` (or of `--body`, a file) in `--pieces`, `--concurrency` files at a time, each over `--streams`
/// connections.
pub fn run(arguments: &Arguments) -> Outcome<String> {
    let target = Target::of(arguments)?;
    let address = arguments.text("address")?;
    let count: u64 = arguments.number_or("count", 1)?;
    let concurrency: u64 = arguments.number_or("concurrency", 1)?;
    let streams: u64 = arguments.number_or("streams", 1)?;
    let pieces: u64 = arguments.number_or("pieces", 1)?;
    let mut file_bytes = match arguments.text_or("body", "") {
        "" => Vec::new(),
        path => std::fs::read(path)?,
    };
    if file_bytes.get(4..8) == Some(b"ftyp") {
        // The salt of an MP4 or HEIC is a box that every reader skips: eight bytes of head, sixteen of salt.
        file_bytes.extend_from_slice(b"\0\0\0\x18free");
    }
    let body = if file_bytes.is_empty() { Body::Noise(arguments.number("bytes")?) } else { Body::Salted(&file_bytes) };
    let _ = ring();
    let run = std::process::id();

    let next = AtomicU64::new(0);
    let all: Mutex<Vec<(f64, Sent)>> = Mutex::new(Vec::new());
    let cpu_before = own_cpu_seconds()?;
    let started = Instant::now();
    let work = || -> Outcome<()> {
        let mut connections = (0..streams).map(|_| Connection::open(address)).collect::<Outcome<Vec<_>>>()?;
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                return Ok(());
            }
            let begun = Instant::now();
            let sent =
                target.upload(&mut connections, &File { name: format!("noise-{run}-{index}.bin"), body, pieces })?;
            all.lock().map_err(|_| "poisoned")?.push((milliseconds_since(begun), sent));
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..concurrency).map(|_| scope.spawn(work)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| "an uploading thread panicked")?)
    })?;
    let wall = started.elapsed().as_secs_f64();
    let cpu = own_cpu_seconds()? - cpu_before;

    let all = all.into_inner()?;
    let names: Vec<String> = all.iter().map(|(_, sent)| format!("\"{}\"", sent.name)).collect();
    let upload = percentiles(all.iter().map(|(milliseconds, _)| *milliseconds).collect());
    let finish = percentiles(all.iter().filter_map(|(_, sent)| sent.finish_ms).collect());
    let request = percentiles(all.iter().flat_map(|(_, sent)| sent.request_ms.iter().copied()).collect());
    let ready = all.iter().filter(|(_, sent)| sent.is_ready).count();
    let bytes = body.length() * count;
    Ok(format!(
        r#"{{"wall_s": {wall:.4}, "client_cpu_s": {cpu:.2}, "bytes": {bytes}, "uploads_per_s": {:.2}, "upload_ms": {upload}, "finish_ms": {finish}, "request_ms": {request}, "ready": {ready}, "names": [{}]}}"#,
        count as f64 / wall,
        names.join(", ")
    ))
}
