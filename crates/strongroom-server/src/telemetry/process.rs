//! What the kernel keeps of this process, in the Prometheus text format. Written here and not kept by the recorder, whose counters
//! are whole numbers.

use std::fs;

use super::metric::{CHILDREN_CPU, CPU, Kind, MOST_FILES, Metric, OPEN_FILES, RESIDENT};

/// `USER_HZ`, the unit of times in `/proc/self/stat`: 100 for every program on every processor that we are built for, whatever the
/// kernel's own clock does (`man 5 proc_pid_stat`, `man 7 time`).
const TICKS_PER_SECOND: f64 = 100.0;

/// Fields of `/proc/self/stat`, counted from the one behind the name, which is the third.
const UTIME: usize = 11;
const CUTIME: usize = 13;

/// Adds what can be read to `page`.
pub(super) fn write(page: &mut String) {
    let read = |file: &str| fs::read_to_string(file).unwrap_or_default();
    let stat = read("/proc/self/stat");
    let status = read("/proc/self/status");
    let limits = read("/proc/self/limits");
    add(page, &CPU, processor_seconds(&stat, UTIME));
    add(page, &CHILDREN_CPU, processor_seconds(&stat, CUTIME));
    add(page, &RESIDENT, resident_bytes(&status));
    #[allow(clippy::cast_precision_loss, reason = "there are not that many descriptors")]
    // The directory is open itself while it is read.
    add(page, &OPEN_FILES, fs::read_dir("/proc/self/fd").ok().map(|open| open.count().saturating_sub(1) as f64));
    add(page, &MOST_FILES, most_files(&limits));
}

fn add(page: &mut String, metric: &Metric, value: Option<f64>) {
    let Some(value) = value else { return };
    let Metric { name, meaning, .. } = metric;
    let kind = if metric.kind == Kind::Counter { "counter" } else { "gauge" };
    *page += &format!("# HELP {name} {meaning}\n# TYPE {name} {kind}\n{name} {value}\n\n");
}

/// Two fields that belong together: in user mode and in the kernel.
fn processor_seconds(stat: &str, first: usize) -> Option<f64> {
    // The name may hold anything, also a parenthesis.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |field: usize| fields.get(field)?.parse::<u32>().ok().map(f64::from);
    Some((ticks(first)? + ticks(first + 1)?) / TICKS_PER_SECOND)
}

fn resident_bytes(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(f64::from(line.trim().strip_suffix(" kB")?.trim().parse::<u32>().ok()?) * 1024.0)
}

/// The soft limit. None where there is none.
fn most_files(limits: &str) -> Option<f64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse::<u32>().ok().map(f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_tables_are_read() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 1 2 3 4 250 50 1000 500 20 0 1 0 100 1 2";
        assert_eq!(processor_seconds(stat, UTIME), Some(3.0));
        assert_eq!(processor_seconds(stat, CUTIME), Some(15.0));
        assert_eq!(resident_bytes("VmHWM:\t9 kB\nVmRSS:\t   2048 kB\n"), Some(2_097_152.0));
        assert_eq!(
            most_files("Max open files            1024                 4096                 files\n"),
            Some(1024.0)
        );
        assert_eq!(most_files("Max open files            unlimited            unlimited            files\n"), None);
    }

    #[test]
    fn this_process_has_all_of_them() {
        let mut page = String::new();
        write(&mut page);
        assert_eq!(page.matches("# TYPE ").count(), super::super::metric::OF_PROCESS.len(), "{page}");
    }
}
