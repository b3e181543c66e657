//! How fast parts reach the disk: 512 MiB in parts of 8 MiB, four at a time, in frames of 16 KiB.
//!
//! `cargo run -p strongroom-store --example throughput [directory]`

#![allow(
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    reason = "it measures and prints"
)]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use strongroom_core::content_digest::ExpectedDigests;
use strongroom_core::id::UploadId;
use strongroom_core::upload::{Plan, PlanLimits};
use strongroom_store::{Durability, Store, StoreError};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

const FILE_BYTES: u64 = 512 << 20;
const FRAME: [u8; 16 << 10] = [0x5a; 16 << 10];
const PARTS_AT_ONCE: usize = 4;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let home = std::env::args_os().nth(1).map_or_else(std::env::temp_dir, PathBuf::from);
    let root = home.join(format!("strongroom-throughput-{}", std::process::id()));
    for durability in [Durability::Strict, Durability::Relaxed] {
        let store = Store::open(&root, durability)?;
        for _ in 0..3 {
            let started = Instant::now();
            let upload = write(&store).await?;
            let seconds = started.elapsed().as_secs_f64();
            println!("{durability:?}: {:.0} MB/s", FILE_BYTES as f64 / 1e6 / seconds);
            store.discard_upload(upload, None).await?;
        }
    }
    Ok(std::fs::remove_dir_all(&root)?)
}

async fn write(store: &Store) -> Result<UploadId, Box<dyn std::error::Error>> {
    let upload = UploadId::random();
    let plan = Plan::for_size(FILE_BYTES, &PlanLimits::default()).ok_or("no plan")?;
    let (turns, mut tasks) = (Arc::new(Semaphore::new(PARTS_AT_ONCE)), JoinSet::new());
    for part in plan.parts().collect::<Vec<_>>() {
        let (store, turns) = (store.clone(), Arc::clone(&turns));
        tasks.spawn(async move {
            let _turn = turns.acquire().await;
            let slot = store.try_slot(upload, part.number);
            let mut part_try = store.begin_part(upload, &plan, part, ExpectedDigests::default(), slot, None).await?;
            for _ in 0..part.length / FRAME.len() as u64 {
                part_try.write(&FRAME).await?;
            }
            drop(part_try.finish().await?);
            Ok::<_, StoreError>(())
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    Ok(upload)
}
