//! How fast bytes are read beside a server that needs the disk itself.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

/// Lets at most so many bytes a second pass, all readers taken together.
#[derive(Debug)]
pub(super) struct Pace {
    bytes_per_second: Option<u64>,
    /// When the bytes that were let pass so far are paid for.
    paid_until: Mutex<Instant>,
}

impl Pace {
    /// No limit where none is given.
    pub(super) fn new(bytes_per_second: Option<u64>) -> Self {
        Self { bytes_per_second: bytes_per_second.filter(|limit| *limit > 0), paid_until: Mutex::new(Instant::now()) }
    }

    /// Waits until `bytes` more may pass.
    pub(super) async fn pass(&self, bytes: usize) {
        let Some(limit) = self.bytes_per_second else { return };
        let micros = (bytes as u64).saturating_mul(1_000_000) / limit;
        let until = {
            let mut paid_until = self.paid_until.lock().await;
            *paid_until = (*paid_until).max(Instant::now()) + Duration::from_micros(micros);
            *paid_until
        };
        tokio::time::sleep_until(until).await;
    }
}
