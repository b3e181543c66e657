//! A running child and the process group it leads.

use std::io;
use std::os::fd::OwnedFd;
use std::process::ExitStatus;

use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout};

/// A child that leads a process group of its own. Dropped, it takes the whole group with it.
#[derive(Debug)]
pub(super) struct Running {
    group: Group,
    exit: AsyncFd<OwnedFd>,
    child: Child,
}

impl Running {
    /// Takes over a child just started with `process_group(0)`.
    pub(super) fn new(child: Child) -> io::Result<Self> {
        let leader = child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .and_then(Pid::from_raw)
            .ok_or_else(|| io::Error::other("a child that was just started has no process id"))?;
        let group = Group { leader: Some(leader) };
        let exit = watch(pidfd_open(leader, PidfdFlags::empty())?)?;
        Ok(Self { group, exit, child })
    }

    /// The child's ends of its three pipes; once.
    pub(super) fn take_pipes(&mut self) -> io::Result<(ChildStdin, ChildStdout, ChildStderr)> {
        match (self.child.stdin.take(), self.child.stdout.take(), self.child.stderr.take()) {
            (Some(stdin), Some(stdout), Some(stderr)) => Ok((stdin, stdout, stderr)),
            _ => Err(io::Error::other("a child was started without its pipes")),
        }
    }

    /// Waits until the leader has ended, then ends whatever it left behind.
    ///
    /// The leader is not reaped yet: as a zombie it keeps its id, so the id cannot have come to mean another group.
    pub(super) async fn leader_gone(&self) -> io::Result<()> {
        self.exit.readable().await?.retain_ready();
        self.group.kill();
        Ok(())
    }

    /// Kills what still runs and collects the leader's status.
    pub(super) async fn reap(&mut self) -> io::Result<ExitStatus> {
        self.group.kill();
        let status = self.child.wait().await?;
        self.group.leader = None;
        Ok(status)
    }
}

#[allow(
    deprecated,
    reason = "unsound for types that close or swap their descriptor; an OwnedFd does neither, and its successor is unsafe"
)]
fn watch(exit: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::with_interest(exit, Interest::READABLE)
}

/// A process group that dies with this value, unless its leader has been reaped.
#[derive(Debug)]
struct Group {
    leader: Option<Pid>,
}

impl Group {
    fn kill(&self) {
        if let Some(leader) = self.leader {
            // ESRCH is the only error there can be, and it is what we want.
            kill_process_group(leader, Signal::KILL).ok();
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if self.leader.is_some() {
            super::kills::count_abandoned();
        }
        self.kill();
    }
}
