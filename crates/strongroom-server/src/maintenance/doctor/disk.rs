//! The data directory: who may enter it, how much room it has, and whether its file system keeps what it says it keeps.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::Duration;

use super::{Finding, shown};
use crate::app::create_data_dir;
use crate::config::Config;

/// Syncs that are timed.
const SYNCS: usize = 15;

/// A part is acknowledged after two or three syncs. Above this, uploads of small files are slow.
const SLOW_SYNC: Duration = Duration::from_millis(50);

/// A disk does not sync in less; what does has not synced.
const IMPOSSIBLE_SYNC: Duration = Duration::from_micros(3);

/// File systems by the magic numbers of `statfs` (linux/magic.h), and whether locks and renames hold there as we need them.
const FILE_SYSTEMS: [(u32, &str, bool); 12] = [
    (0xef53, "ext4", true),
    (0x5846_5342, "XFS", true),
    (0x9123_683e, "Btrfs", true),
    (0x2fc1_2fc1, "ZFS", true),
    (0xf2f5_2010, "F2FS", true),
    (0xca45_1a4e, "bcachefs", true),
    (0x0102_1994, "tmpfs", false),
    (0x794c_7630, "overlayfs", false),
    (0x6969, "NFS", false),
    (0xff53_4d42, "CIFS", false),
    (0xfe53_4d42, "SMB", false),
    (0x6573_5546, "FUSE", false),
];

pub(super) fn examine(data_dir: &Path, config: &Config) -> Vec<Finding> {
    if let Err(error) = create_data_dir(data_dir) {
        return vec![Finding::fail("data directory", error.to_string(), "let this user make it, or make it for them")];
    }
    let mut findings = vec![permissions(data_dir)];
    findings.extend(key_file(data_dir));
    findings.extend([room(data_dir, config), file_system(data_dir), syncs(data_dir), links(data_dir)]);
    findings
}

fn permissions(data_dir: &Path) -> Finding {
    const NAME: &str = "data directory";
    let metadata = match fs::metadata(data_dir) {
        Ok(metadata) => metadata,
        Err(error) => return Finding::fail(NAME, error.to_string(), "let this user read it"),
    };
    let (mode, user) = (metadata.mode() & 0o7777, rustix::process::geteuid().as_raw());
    let detail = format!("{}, mode {mode:o}, user {}", shown(data_dir), metadata.uid());
    if metadata.uid() != user {
        let remedy = format!("run as user {}, or: chown -R {user} {}", metadata.uid(), shown(data_dir));
        return Finding::warn(NAME, format!("{detail}; this is user {user}"), remedy);
    }
    Finding::judge(NAME, mode & 0o077 == 0, detail, format!("chmod 700 {}", shown(data_dir)))
}

fn key_file(data_dir: &Path) -> Option<Finding> {
    let path = data_dir.join("signing.keys");
    let mode = fs::metadata(&path).ok()?.mode() & 0o7777;
    let detail = format!("{}, mode {mode:o}", shown(&path));
    Some(Finding::judge("signing keys", mode & 0o077 == 0, detail, format!("chmod 600 {}", shown(&path))))
}

fn room(data_dir: &Path, config: &Config) -> Finding {
    const NAME: &str = "disk";
    let space = match rustix::fs::statvfs(data_dir) {
        Ok(space) => space,
        Err(error) => return Finding::fail(NAME, error.to_string(), "let this user read the data directory"),
    };
    let (free, floor) = (space.f_bavail.saturating_mul(space.f_frsize), config.store.min_free_bytes);
    let detail = format!("{} MiB free, new uploads are refused below {} MiB", free >> 20, floor >> 20);
    if space.f_files > 0 && space.f_favail < 10_000 {
        return Finding::warn(
            NAME,
            format!("{detail}; {} inodes free", space.f_favail),
            "make room: each file needs one",
        );
    }
    Finding::judge(NAME, free >= floor, detail, "make room, or lower store.min_free_bytes")
}

fn file_system(data_dir: &Path) -> Finding {
    const NAME: &str = "file system";
    let magic = match rustix::fs::statfs(data_dir) {
        // The kernel's type of this number differs between machines; all magic numbers have 32 bits.
        Ok(space) => u32::try_from(i128::from(space.f_type) & 0xffff_ffff).unwrap_or_default(),
        Err(error) => return Finding::fail(NAME, error.to_string(), "let this user read the data directory"),
    };
    match FILE_SYSTEMS.iter().find(|(known, ..)| *known == magic) {
        Some((_, name, true)) => Finding::ok(NAME, *name),
        Some((_, name, false)) => {
            let remedy =
                "power cuts were tried on ext4 and XFS: keep what matters on one of these, on a disk of this machine";
            Finding::warn(NAME, format!("{name}, which may forget, share or reorder what is written"), remedy)
        }
        None => Finding::warn(NAME, format!("unknown ({magic:#x})"), "power cuts were tried on ext4 and XFS"),
    }
}

/// Whether a sync returns, and how soon.
fn syncs(data_dir: &Path) -> Finding {
    const NAME: &str = "sync";
    match time_syncs(&data_dir.join(".doctor")) {
        Err(error) => {
            Finding::fail(NAME, error.to_string(), "a disk that does not sync loses what was acknowledged: replace it")
        }
        Ok(median) if median > SLOW_SYNC => {
            let remedy = "put the data directory on a disk with a write cache that survives power cuts";
            Finding::warn(NAME, format!("{median:?} each, in the middle"), remedy)
        }
        Ok(median) if median < IMPOSSIBLE_SYNC => {
            let remedy =
                "this file system does not write to a disk when asked to: a power cut takes acknowledged parts along";
            Finding::warn(NAME, format!("{median:?} each, in the middle"), remedy)
        }
        Ok(median) => Finding::ok(NAME, format!("{median:?} each, in the middle")),
    }
}

fn time_syncs(path: &Path) -> io::Result<Duration> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    let mut times = Vec::with_capacity(SYNCS);
    for _ in 0..SYNCS {
        file.write_all(&[0; 4096])?;
        let began = tokio::time::Instant::now();
        file.sync_data()?;
        times.push(began.elapsed());
    }
    fs::remove_file(path)?;
    times.sort_unstable();
    Ok(times[SYNCS / 2])
}

/// Renders and backups name an original twice instead of copying it.
fn links(data_dir: &Path) -> Finding {
    let (one, other) = (data_dir.join(".doctor"), data_dir.join(".doctor.link"));
    let linked = File::create(&one).and_then(|_| {
        drop(fs::remove_file(&other));
        fs::hard_link(&one, &other)
    });
    drop((fs::remove_file(&one), fs::remove_file(&other)));
    match linked {
        Ok(()) => Finding::ok("hard links", "a file may have two names"),
        Err(error) => {
            Finding::fail("hard links", error.to_string(), "renders need them: use a file system that has hard links")
        }
    }
}
