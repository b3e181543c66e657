//! A hostile child of our own: tries, from inside, what a decoder that was taken over would try.
//!
//! Every attempt is real (not a look at what should be enforced) and harmless where it succeeds, because it does succeed
//! in the test that proves this file can see it: `tests/sandbox.rs` runs it outside the sandbox.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::net::{TcpStream, UdpSocket};
use std::os::unix::net::UnixDatagram;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use rustix::process::{Pid, Signal, kill_process};

use crate::order::{Attempt, Order};

/// More than any child's address space may be.
const FAR_TOO_MUCH_MEMORY_BYTES: usize = 4 << 30;
/// No such program: where the kernel looks for it at all, executing was not refused.
const NO_PROGRAM: &str = "/nonexistent/strongroom-self-test";

/// Tries everything. Outside a sandbox this deletes the input and leaves files in and beside the output directory.
pub(crate) fn try_everything(order: &Order, canary: &Path) -> Vec<Attempt> {
    let (input, output) = (order.input.as_path(), order.output.as_path());
    let beside_output = output.with_file_name("planted");
    vec![
        attempt("read the canary", || File::open(canary)),
        attempt("write to the canary", || OpenOptions::new().append(true).open(canary)),
        attempt("read /etc/passwd", || File::open("/etc/passwd")),
        attempt("list the root directory", || fs::read_dir("/")),
        attempt("write outside the output directory", || File::create(beside_output)),
        attempt("write to the input", || OpenOptions::new().append(true).open(input)),
        attempt("link the input into the output directory", || fs::hard_link(input, output.join("linked"))),
        attempt("plant a symbolic link", || std::os::unix::fs::symlink("/etc/passwd", output.join("symlink"))),
        attempt("delete the input", || fs::remove_file(input)),
        attempt("connect to 127.0.0.1", || TcpStream::connect("127.0.0.1:9")),
        attempt("make an UDP socket", || UdpSocket::bind("127.0.0.1:0")),
        attempt("make a Unix socket", UnixDatagram::unbound),
        attempt("signal the parent", || signal(order.parent)),
        attempt("start a process", || no_program().spawn()),
        attempt("execute a program", || Err::<(), _>(no_program().exec())),
        attempt("take 4 GiB of memory", take_memory),
        // Last: whoever succeeds at this is stopped by the next signal it gets.
        attempt("call ptrace", || nix::sys::ptrace::traceme().map_err(io::Error::from)),
    ]
}

/// SIGCONT, not SIGTERM: as forbidden, and without consequence where it is not.
fn signal(process: u32) -> io::Result<()> {
    let process = i32::try_from(process).ok().and_then(Pid::from_raw).ok_or(io::ErrorKind::NotFound)?;
    Ok(kill_process(process, Signal::CONT)?)
}

#[allow(clippy::disallowed_methods, reason = "not to start anything, but to see that it cannot be started")]
fn no_program() -> Command {
    Command::new(NO_PROGRAM)
}

fn take_memory() -> io::Result<()> {
    let mut memory: Vec<u8> = Vec::new();
    memory.try_reserve_exact(FAR_TOO_MUCH_MEMORY_BYTES).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
    // Without a use the optimiser takes the allocation away, and with it the refusal.
    std::hint::black_box(&mut memory);
    Ok(())
}

/// Refused is only what the fence itself refused. Any other error (nobody listens, no such file) means that the
/// kernel was willing.
fn attempt<T>(name: &str, try_it: impl FnOnce() -> io::Result<T>) -> Attempt {
    let outcome = try_it();
    let refused = matches!(&outcome, Err(error)
        if matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::OutOfMemory));
    let detail = outcome.err().map_or_else(|| "it worked".to_owned(), |error| error.to_string());
    Attempt { name: name.to_owned(), refused, detail }
}
