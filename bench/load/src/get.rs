//! `load get`: the same few paths again and again, over many connections.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::Outcome;
use crate::arguments::Arguments;
use crate::http::{Body, Connection};
use crate::noise::below;
use crate::sample::{milliseconds_since, own_cpu_seconds, percentiles};

/// `--requests` requests over `--connections`, for paths out of the file `--paths`, with `--headers` (`name: value`, one a line of a file).
/// With `--range-bytes`, each is for a random aligned range of a file of `--size` bytes.
pub fn run(arguments: &Arguments) -> Outcome<String> {
    let address = arguments.text("address")?;
    let requests: u64 = arguments.number("requests")?;
    let connections: u64 = arguments.number("connections")?;
    let range_bytes: u64 = arguments.number_or("range-bytes", 0)?;
    let size: u64 = arguments.number_or("size", 0)?;
    let paths = std::fs::read_to_string(arguments.text("paths")?)?;
    let paths: Vec<&str> = paths.lines().collect();
    let headers = match arguments.text_or("headers", "") {
        "" => String::new(),
        file => std::fs::read_to_string(file)?,
    };
    let headers: Vec<(&str, &str)> = headers.lines().filter_map(|line| line.split_once(": ")).collect();

    let next = AtomicU64::new(0);
    let received = AtomicU64::new(0);
    let all: Mutex<Vec<f64>> = Mutex::new(Vec::new());
    let cpu_before = own_cpu_seconds()?;
    let started = Instant::now();
    let work = |number: u64| -> Outcome<()> {
        let mut connection = Connection::open(address)?;
        let (mut state, mut taken, mut bytes) = (number, Vec::new(), 0);
        while next.fetch_add(1, Ordering::Relaxed) < requests {
            let path = paths[usize::try_from(below(paths.len() as u64, &mut state))?];
            let range = (range_bytes > 0).then(|| {
                let start = below(size / range_bytes, &mut state) * range_bytes;
                format!("bytes={start}-{}", start + range_bytes - 1)
            });
            let mut headers = headers.clone();
            headers.extend(range.as_deref().map(|range| ("range", range)));
            let begun = Instant::now();
            connection.send("GET", path, &headers, Body::Empty)?;
            let answer = connection.answer(false)?;
            taken.push(milliseconds_since(begun));
            if answer.status != if range_bytes > 0 { 206 } else { 200 } {
                return Err(format!("GET {path} answered {}", answer.status).into());
            }
            bytes += answer.length;
        }
        received.fetch_add(bytes, Ordering::Relaxed);
        all.lock().map_err(|_| "poisoned")?.extend(taken);
        Ok(())
    };
    let work = &work;
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..connections).map(|number| scope.spawn(move || work(number))).collect();
        threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a fetching thread panicked")?)
    })?;
    let wall = started.elapsed().as_secs_f64();
    let cpu = own_cpu_seconds()? - cpu_before;
    let bytes = received.into_inner();
    Ok(format!(
        r#"{{"wall_s": {wall:.4}, "client_cpu_s": {cpu:.2}, "bytes": {bytes}, "requests_per_s": {:.1}, "mb_per_s": {:.1}, "request_ms": {}}}"#,
        requests as f64 / wall,
        bytes as f64 / wall / 1e6,
        percentiles(all.into_inner()?)
    ))
}
