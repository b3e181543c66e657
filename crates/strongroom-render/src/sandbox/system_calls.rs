//! seccomp: which system calls a child may make. An allow-list; what is not on it does not exist for the child.
//!
//! A refused call returns EPERM instead of killing the child. Killing would gain nothing (the call is not made either
//! way), and would turn every harmless question of a C library (which clock, how many processors, what is this file)
//! into a crash of an innocent photo, on the next version of that library. The one other answer is ENOSYS for `clone3`:
//! its flags lie in memory where a filter cannot look, and glibc then falls back to `clone`, whose flags it can.

use std::collections::BTreeMap;

use seccompiler::SeccompCmpArgLen::{Dword, Qword};
use seccompiler::SeccompCmpOp::{Eq, MaskedEq};
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule,
};

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Calls allowed with any argument: memory, threads of this process, files that Landlock has let through, time, the end.
/// No `stat` by path (Landlock does not hide metadata), no `ioctl`, no `prctl`: decoding was seen to work without.
const ALLOWED: &[i64] = &[
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_lseek,
    libc::SYS_fstat,
    libc::SYS_close,
    libc::SYS_openat,
    libc::SYS_fcntl,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_brk,
    libc::SYS_futex,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_gettid,
    libc::SYS_getpid,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_getrandom,
    libc::SYS_getrusage,
    libc::SYS_sigaltstack,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_restart_syscall,
    libc::SYS_exit,
    libc::SYS_exit_group,
    // Answered by the second filter, with ENOSYS.
    libc::SYS_clone3,
];

/// What else a program needs that is not ours: to be executed, to load its libraries, to look at files by name, to wait.
/// Still no way to make a process: the one exec ends in the program that Landlock lets through.
const ALLOWED_FOR_PROGRAMS: &[i64] = &[
    libc::SYS_execve,
    libc::SYS_pread64,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_faccessat,
    libc::SYS_readlinkat,
    libc::SYS_getcwd,
    libc::SYS_uname,
    libc::SYS_sysinfo,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
    libc::SYS_set_tid_address,
    libc::SYS_pselect6,
    libc::SYS_ppoll,
    libc::SYS_nanosleep,
    libc::SYS_clock_getres,
    libc::SYS_gettimeofday,
    libc::SYS_ftruncate,
    libc::SYS_pwrite64,
    libc::SYS_readv,
    libc::SYS_fsync,
    libc::SYS_dup,
    // To list where fonts are, for pdftoppm; Landlock opens no other directories.
    libc::SYS_getdents64,
    // A cryptography library that ffmpeg is linked with complains on stderr without it; RLIMIT_MEMLOCK bounds it.
    libc::SYS_mlock,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_arch_prctl,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_access,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_open,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_stat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_readlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_select,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_poll,
];

/// Whose code runs behind the filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    /// This binary's, to the end.
    Ours,
    /// A program's of this machine, after one exec.
    Program,
}

pub(super) fn restrict(work: Work) -> Result<String, String> {
    let own_pid = std::process::id();
    let programs = filters(own_pid, work).map_err(|error| error.to_string())?;
    for program in &programs {
        seccompiler::apply_filter(program).map_err(|error| error.to_string())?;
    }
    Ok(format!("{} calls allowed", allow_list(own_pid, work).map_err(|error| error.to_string())?.len() - 1))
}

/// Two filters, because one can give only one answer to what it refuses. The kernel takes the stricter verdict of the
/// two; ENOSYS goes first, since the second filter no longer lets a filter be installed.
fn filters(own_pid: u32, work: Work) -> Result<[BpfProgram; 2], BackendError> {
    let architecture = std::env::consts::ARCH.try_into()?;
    let clone3: Rules = [(libc::SYS_clone3, Vec::new())].into();
    let unknown = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
    let refused = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    Ok([
        SeccompFilter::new(clone3, SeccompAction::Allow, unknown, architecture)?.try_into()?,
        SeccompFilter::new(allow_list(own_pid, work)?, refused, SeccompAction::Allow, architecture)?.try_into()?,
    ])
}

fn allow_list(own_pid: u32, work: Work) -> Result<Rules, BackendError> {
    let for_work = if work == Work::Program { ALLOWED_FOR_PROGRAMS } else { &[] };
    let mut rules: Rules = ALLOWED.iter().chain(for_work).map(|call| (*call, Vec::new())).collect();
    let thread = bits(libc::CLONE_THREAD | libc::CLONE_VM);
    let namespaces = bits(
        libc::CLONE_NEWUSER
            | libc::CLONE_NEWNS
            | libc::CLONE_NEWPID
            | libc::CLONE_NEWNET
            | libc::CLONE_NEWIPC
            | libc::CLONE_NEWUTS,
    );
    // A thread of this process: never a process, never a namespace.
    rules.insert(libc::SYS_clone, vec![when(&[(0, Qword, MaskedEq(thread | namespaces), thread)])?]);
    // No memory that can be written and run: an exploit has to make do with the code that is there.
    let executable = bits(libc::PROT_EXEC);
    rules.insert(libc::SYS_mprotect, vec![when(&[(2, Qword, MaskedEq(executable), 0)])?]);
    rules.insert(libc::SYS_mmap, vec![when(&[(2, Qword, MaskedEq(executable), 0)])?]);
    if work == Work::Program {
        // Its libraries have yet to be mapped: code from a file, never writable.
        let writable = bits(libc::PROT_WRITE);
        let code = when(&[(2, Qword, MaskedEq(executable | writable), executable)])?;
        rules.entry(libc::SYS_mmap).or_default().push(code);
    }
    // To ask for one's own limits, as starting a thread does; not to change them (root could raise its own again).
    rules.insert(libc::SYS_prlimit64, vec![when(&[(0, Dword, Eq, 0), (2, Qword, Eq, 0)])?]);
    // `abort` raises its signal so. A signal to this process ends this process, which anybody may do.
    rules.insert(libc::SYS_tgkill, vec![when(&[(0, Dword, Eq, u64::from(own_pid))])?]);
    Ok(rules)
}

fn when(conditions: &[(u8, SeccompCmpArgLen, SeccompCmpOp, u64)]) -> Result<SeccompRule, BackendError> {
    let conditions: Result<Vec<_>, _> = conditions
        .iter()
        .map(|(argument, length, operation, value)| {
            SeccompCondition::new(*argument, length.clone(), operation.clone(), *value)
        })
        .collect();
    SeccompRule::new(conditions?)
}

fn bits(flags: i32) -> u64 {
    u64::from(flags.cast_unsigned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The self-test tries what safe Rust can try. These are the calls it cannot make, and their kin.
    #[test]
    fn nothing_that_reaches_outside_is_on_the_list() {
        let dangerous = [
            libc::SYS_io_uring_setup,
            libc::SYS_io_uring_enter,
            libc::SYS_io_uring_register,
            libc::SYS_bpf,
            libc::SYS_perf_event_open,
            libc::SYS_userfaultfd,
            libc::SYS_ptrace,
            libc::SYS_process_vm_readv,
            libc::SYS_process_vm_writev,
            libc::SYS_pidfd_open,
            libc::SYS_pidfd_getfd,
            libc::SYS_pidfd_send_signal,
            libc::SYS_kill,
            libc::SYS_tkill,
            libc::SYS_rt_sigqueueinfo,
            libc::SYS_execve,
            libc::SYS_execveat,
            libc::SYS_unshare,
            libc::SYS_setns,
            libc::SYS_mount,
            libc::SYS_umount2,
            libc::SYS_open_tree,
            libc::SYS_move_mount,
            libc::SYS_pivot_root,
            libc::SYS_chroot,
            libc::SYS_openat2,
            libc::SYS_open_by_handle_at,
            libc::SYS_name_to_handle_at,
            libc::SYS_unlinkat,
            libc::SYS_renameat2,
            libc::SYS_linkat,
            libc::SYS_symlinkat,
            libc::SYS_fchmodat,
            libc::SYS_fchownat,
            libc::SYS_socket,
            libc::SYS_socketpair,
            libc::SYS_connect,
            libc::SYS_bind,
            libc::SYS_sendmsg,
            libc::SYS_recvmsg,
            libc::SYS_memfd_create,
            libc::SYS_shmget,
            libc::SYS_keyctl,
            libc::SYS_add_key,
            libc::SYS_init_module,
            libc::SYS_finit_module,
            libc::SYS_kexec_load,
            libc::SYS_setuid,
            libc::SYS_setresuid,
            libc::SYS_capset,
            libc::SYS_prctl,
            libc::SYS_personality,
            libc::SYS_ioctl,
            libc::SYS_seccomp,
        ];
        let (ours, programs) = (allow_list(1, Work::Ours).unwrap(), allow_list(1, Work::Program).unwrap());
        for call in dangerous {
            assert!(!ours.contains_key(&call), "system call {call} is allowed");
            let is_exec = call == libc::SYS_execve;
            assert!(is_exec || !programs.contains_key(&call), "system call {call} is allowed to programs");
        }
    }

    #[test]
    fn the_filters_compile() {
        assert!(filters(1, Work::Ours).is_ok() && filters(1, Work::Program).is_ok());
    }
}
