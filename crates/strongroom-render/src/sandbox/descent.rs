//! What a child owes to its parent: to die with it, to hold nothing of it, and never to be more than it.

use std::os::fd::RawFd;

use rustix::process::{Signal, getppid, set_parent_process_death_signal};
use rustix::thread::set_no_new_privs;

/// Asks the kernel for SIGKILL when the parent ends.
pub(crate) fn die_with_parent() -> std::io::Result<()> {
    Ok(set_parent_process_death_signal(Some(Signal::KILL))?)
}

/// Whether the parent had ended before [`die_with_parent`] could take effect.
pub(crate) fn is_orphan(parent: u32) -> bool {
    getppid().map(|pid| pid.as_raw_nonzero().get()) != i32::try_from(parent).ok()
}

/// Closes every descriptor but stdin, stdout and stderr.
///
/// Ours are all close-on-exec; this is for those we never opened, such as the job server's pipes that `make` hands down.
pub(crate) fn close_inherited() -> std::io::Result<()> {
    // Listed first and closed after: the listing is itself a descriptor, closed by then.
    let open: Vec<RawFd> = std::fs::read_dir("/proc/self/fd")?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|descriptor| *descriptor > 2)
        .collect();
    for descriptor in open {
        nix::unistd::close(descriptor).ok();
    }
    Ok(())
}

/// Makes set-uid programs powerless; Landlock and seccomp ask for it.
pub(super) fn renounce_privileges() -> Result<String, String> {
    set_no_new_privs(true).map(|()| "set".to_owned()).map_err(|error| error.to_string())
}
