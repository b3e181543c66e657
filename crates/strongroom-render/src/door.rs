//! The one door to other processes: bounded in time and in output, ended as a whole group, never left behind.
//!
//! Everything that starts a child comes through here: [`run`] keeps what it says, [`run_watched`] listens to it and ends
//! it when it falls silent. The door knows nothing of sandboxes; a child locks itself in (see [`crate::sandbox`]), because
//! `pre_exec` would run our code between fork and exec, where allocating or taking a lock can deadlock.

mod group;
mod kills;
mod starter;

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;
use tokio::time::{Instant, timeout_at};
use tracing::Instrument as _;

/// The most a child may say on stdout. A report is a few KiB, a probe's JSON a few hundred.
const STDOUT_BYTES: usize = 1 << 20;
/// How much of stdout is listened to at once.
const HEARD_BYTES: usize = 4 << 10;
/// How much of the end of stderr is kept for the operator.
const STDERR_TAIL_BYTES: usize = 4 << 10;

/// What to start.
#[derive(Debug)]
pub(crate) struct Errand {
    pub(crate) program: PathBuf,
    /// Fixed words and paths of our own making; never a stranger's text.
    pub(crate) arguments: Vec<OsString>,
    /// The whole environment: the server's own, which may hold secrets, is not passed on.
    pub(crate) environment: Vec<(OsString, OsString)>,
    pub(crate) directory: PathBuf,
    /// Written to stdin, which is then closed.
    pub(crate) input: Vec<u8>,
    pub(crate) wall: Duration,
}

/// How a child ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Exited(i32),
    Signalled(i32),
    OutOfTime,
    /// Killed, because it showed no sign of progress for as long as it may.
    Silent,
}

/// Listens to what a child says on stdout.
pub(crate) struct Watch<'a> {
    /// How long the child may go without a sign of progress.
    pub(crate) silence: Duration,
    /// Given each piece of stdout; says whether it was a sign of progress.
    pub(crate) hear: &'a mut (dyn FnMut(&[u8]) -> bool + Send),
}

/// A child that is over, together with everything it started.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) ending: Ending,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr_tail: String,
}

/// Why an errand could not be run at all.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DoorError {
    #[error("cannot start {}: {source}", program.display())]
    Start { program: PathBuf, source: std::io::Error },
    #[error("lost touch with a child: {0}")]
    Lost(#[from] std::io::Error),
    #[error("a child wrote more than {STDOUT_BYTES} bytes to stdout")]
    Chatter,
    #[error("a child fell silent")]
    Silent,
}

/// Runs one child to its end. Dropping the future kills its whole process group.
pub(crate) async fn run(errand: Errand) -> Result<Finished, DoorError> {
    go(errand, None).instrument(tracing::debug_span!("child")).await
}

/// Like [`run`], for a child that tells of its progress on stdout; nothing of that is kept.
pub(crate) async fn run_watched(errand: Errand, watch: Watch<'_>) -> Result<Finished, DoorError> {
    go(errand, Some(watch)).instrument(tracing::debug_span!("child")).await
}

async fn go(errand: Errand, watch: Option<Watch<'_>>) -> Result<Finished, DoorError> {
    let Errand { program, arguments, environment, directory, input, wall } = errand;
    #[allow(clippy::disallowed_methods, reason = "this is the one door")]
    let mut command = Command::new(&program);
    command
        .args(arguments)
        .env_clear()
        .envs(environment)
        .current_dir(directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    let mut running = starter::start(command).await.map_err(|source| DoorError::Start { program, source })?;

    let (stdin, stdout, stderr) = running.take_pipes()?;
    let said = async {
        match watch {
            None => read_all(stdout).await,
            Some(watch) => listen(stdout, watch).await.map(|()| Vec::new()),
        }
    };
    let talk = async {
        // The pipes are read until they close, and they close only when the last process that holds them is gone: so the
        // group goes as soon as its leader has, or a forgotten grandchild could keep us here until the wall clock.
        let gone = async { running.leader_gone().await.map_err(DoorError::from) };
        tokio::try_join!(feed(stdin, input), said, read_tail(stderr), gone)
    };
    let talked = tokio::time::timeout(wall, talk).await;
    let status = running.reap().await?;
    kills::count(&talked, status);
    let killed = |ending| Ok(Finished { ending, stdout: Vec::new(), stderr_tail: String::new() });
    let ((), stdout, stderr_tail, ()) = match talked {
        Err(_) => return killed(Ending::OutOfTime),
        Ok(Err(DoorError::Silent)) => return killed(Ending::Silent),
        Ok(talked) => talked?,
    };
    let ending = match (status.code(), status.signal()) {
        (Some(code), _) => Ending::Exited(code),
        (None, signal) => Ending::Signalled(signal.unwrap_or_default()),
    };
    Ok(Finished { ending, stdout, stderr_tail })
}

/// A child that does not read its input to the end is judged by how it ends, so a broken pipe is no error here.
async fn feed(mut stdin: impl tokio::io::AsyncWrite + Unpin, input: Vec<u8>) -> Result<(), DoorError> {
    if stdin.write_all(&input).await.is_ok() {
        stdin.shutdown().await.ok();
    }
    Ok(())
}

async fn read_all(stdout: impl AsyncRead + Unpin) -> Result<Vec<u8>, DoorError> {
    let mut bytes = Vec::new();
    stdout.take(STDOUT_BYTES as u64 + 1).read_to_end(&mut bytes).await?;
    if bytes.len() > STDOUT_BYTES { Err(DoorError::Chatter) } else { Ok(bytes) }
}

/// Reads until the pipe closes, or until nothing that is heard has been a sign of progress for too long.
async fn listen(mut stdout: impl AsyncRead + Unpin, watch: Watch<'_>) -> Result<(), DoorError> {
    let mut chunk = vec![0; HEARD_BYTES];
    let mut deadline = Instant::now() + watch.silence;
    loop {
        let length = timeout_at(deadline, stdout.read(&mut chunk)).await.map_err(|_| DoorError::Silent)??;
        if length == 0 {
            return Ok(());
        }
        if (watch.hear)(&chunk[..length]) {
            deadline = Instant::now() + watch.silence;
        }
    }
}

async fn read_tail(mut stderr: impl AsyncRead + Unpin) -> Result<String, DoorError> {
    let mut tail = Vec::new();
    let mut chunk = vec![0; STDERR_TAIL_BYTES];
    loop {
        let length = stderr.read(&mut chunk).await?;
        if length == 0 {
            return Ok(String::from_utf8_lossy(&tail).trim_end().to_owned());
        }
        tail.extend_from_slice(&chunk[..length]);
        tail.drain(..tail.len().saturating_sub(STDERR_TAIL_BYTES));
    }
}

#[cfg(test)]
mod tests;
