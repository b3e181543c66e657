//! SHA-256 of the original, on the server's side: bytes are only added up here, never interpreted.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sha2::{Digest, Sha256};

use crate::renderer::RenderError;

const PIECE_BYTES: usize = 256 << 10;

/// Tells the reading thread that nobody waits any more: a thread cannot be dropped as a future can.
struct Waiting(Arc<AtomicBool>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

pub(crate) async fn sha256(input: &Path) -> Result<[u8; 32], RenderError> {
    let broken = |error: std::io::Error| RenderError::Broken(error.to_string());
    let waiting = Waiting(Arc::new(AtomicBool::new(true)));
    let (input, is_wanted) = (input.to_owned(), Arc::clone(&waiting.0));
    tokio::task::spawn_blocking(move || digest(&input, &is_wanted))
        .await
        .map_err(|error| RenderError::Broken(error.to_string()))?
        .map_err(broken)
}

fn digest(input: &Path, is_wanted: &AtomicBool) -> std::io::Result<[u8; 32]> {
    let mut file = File::open(input)?;
    let (mut digest, mut piece) = (Sha256::new(), vec![0; PIECE_BYTES]);
    while is_wanted.load(Ordering::Relaxed) {
        match file.read(&mut piece)? {
            0 => return Ok(digest.finalize().into()),
            length => digest.update(&piece[..length]),
        }
    }
    Err(std::io::ErrorKind::Interrupted.into())
}
