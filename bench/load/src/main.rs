//! `load`: sends uploads and fetches files, and prints one line of JSON about it.
//!
//! One thread for each connection, blocking sockets, 256 KiB a read or write, no TLS, no `sendfile` (over loopback it made the client
//! three times as dear). Bytes come from a ring that is filled once; a salt in every write makes them new without touching them.

mod arguments;
mod get;
mod http;
mod noise;
mod s3;
mod sample;
mod strongroom;
mod target;
mod tus;
mod upload;

use std::process::ExitCode;

const USAGE: &str = "usage: load upload|get|disk --name value …   (bench/README.md has them all)";

/// What may go wrong ends the measurement, with a text for a person.
type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let command = words.next().unwrap_or_default();
    let done = arguments::Arguments::parse(words).and_then(|arguments| match command.as_str() {
        "upload" => upload::run(&arguments),
        "get" => get::run(&arguments),
        "disk" => sample::disk(&arguments),
        _ => Err(USAGE.into()),
    });
    match done {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("load: {error}");
            ExitCode::FAILURE
        }
    }
}
