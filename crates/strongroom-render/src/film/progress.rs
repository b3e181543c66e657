//! ffmpeg's own report of how far it has come (`-progress`): lines of `key=value`, a block of them every quarter second.

/// The longest line there is; anything longer is nothing ffmpeg says.
const LINE_BYTES: usize = 256;

/// Listens to the report.
#[derive(Debug, Default)]
pub(super) struct Progress {
    line: Vec<u8>,
    /// Microseconds of the film that are written.
    pub(super) written_us: u64,
    frames: u64,
    bytes: u64,
}

impl Progress {
    /// Takes in a piece of the report. Whether it says that anything moved: ffmpeg goes on reporting while it is stuck.
    pub(super) fn hear(&mut self, piece: &[u8]) -> bool {
        let before = (self.written_us, self.frames, self.bytes);
        for &byte in piece {
            if byte == b'\n' {
                self.read_line();
                self.line.clear();
            } else if self.line.len() < LINE_BYTES {
                self.line.push(byte);
            }
        }
        before != (self.written_us, self.frames, self.bytes)
    }

    fn read_line(&mut self) {
        let Some((key, value)) = std::str::from_utf8(&self.line).ok().and_then(|line| line.split_once('=')) else {
            return;
        };
        // "N/A" until there is something to say, and negative while an encoder begins.
        let Ok(value) = value.trim().parse::<u64>() else { return };
        match key {
            "out_time_us" => self.written_us = self.written_us.max(value),
            "frame" => self.frames = value,
            "total_size" => self.bytes = value,
            _ => {}
        }
    }

    /// How much of a film of this length is written, from 0 to 1.
    #[allow(clippy::cast_precision_loss, reason = "a share, not an account")]
    pub(super) fn share_of(&self, duration_ms: u64) -> f64 {
        (self.written_us as f64 / (duration_ms.max(1) as f64 * 1000.0)).min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_moves_is_progress() {
        let mut progress = Progress::default();
        assert!(!progress.hear(b"frame=0\nout_time_us=N/A\nprogress=continue\n"));
        assert!(!progress.hear(b"out_time_us=-9223372036854775807\nfra"));
        assert!(progress.hear(b"me=7\nout_time_us=1500000\n"));
        assert!(!progress.hear(b"frame=7\nout_time_us=1500000\nprogress=continue\n"));
        assert!((progress.share_of(3000) - 0.5).abs() < 1e-9);
        assert!((progress.share_of(1000) - 1.0).abs() < 1e-9);
        assert!((progress.share_of(0) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_line_without_end_is_not_kept() {
        let mut progress = Progress::default();
        assert!(!progress.hear(&vec![b'x'; 1 << 20]));
        assert!(progress.line.len() <= LINE_BYTES);
    }
}
