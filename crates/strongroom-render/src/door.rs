//! The one door to other processes: bounded in time and in output, ended as a whole group, never left behind.
//!
//! Everything that starts a child comes through [`run`]: render children today, `ffmpeg` the same way. The door knows
//! nothing of sandboxes; a child locks itself in (see [`crate::sandbox`]), because `pre_exec` would run our code
//! between fork and exec, where allocating or taking a lock can deadlock.

mod group;
mod starter;

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

/// The most a child may say on stdout. A report is a few KiB, a probe's JSON a few hundred.
const STDOUT_BYTES: usize = 1 << 20;
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
}

/// Runs one child to its end. Dropping the future kills its whole process group.
pub(crate) async fn run(errand: Errand) -> Result<Finished, DoorError> {
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
    let talk = async {
        // The pipes are read until they close, and they close only when the last process that holds them is gone: so the
        // group goes as soon as its leader has, or a forgotten grandchild could keep us here until the wall clock.
        tokio::join!(feed(stdin, input), read_all(stdout), read_tail(stderr), running.leader_gone())
    };
    let talked = tokio::time::timeout(wall, talk).await;
    let status = running.reap().await?;
    let Ok((_, stdout, stderr_tail, gone)) = talked else {
        return Ok(Finished { ending: Ending::OutOfTime, stdout: Vec::new(), stderr_tail: String::new() });
    };
    gone?;
    let ending = match (status.code(), status.signal()) {
        (Some(code), _) => Ending::Exited(code),
        (None, signal) => Ending::Signalled(signal.unwrap_or_default()),
    };
    Ok(Finished { ending, stdout: stdout?, stderr_tail: stderr_tail? })
}

/// A child that does not read its input to the end is judged by how it ends, so a broken pipe is no error here.
async fn feed(mut stdin: impl tokio::io::AsyncWrite + Unpin, input: Vec<u8>) {
    if stdin.write_all(&input).await.is_ok() {
        stdin.shutdown().await.ok();
    }
}

async fn read_all(stdout: impl AsyncRead + Unpin) -> Result<Vec<u8>, DoorError> {
    let mut bytes = Vec::new();
    // Returning early drops the pipe: the child's next write gets SIGPIPE, it ends, and so does the wait for it.
    stdout.take(STDOUT_BYTES as u64 + 1).read_to_end(&mut bytes).await?;
    if bytes.len() > STDOUT_BYTES { Err(DoorError::Chatter) } else { Ok(bytes) }
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
