//! The thread that starts children.
//!
//! A child asks for `PR_SET_PDEATHSIG`, and that signal comes when the *thread* that started it ends, not the process.
//! Started from a runtime's thread, a healthy child would be killed whenever the runtime retires that thread. So one
//! thread starts them all and lives as long as the process does.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::sync::mpsc::{Sender, channel};

use tokio::process::Command;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::group::Running;

struct Request {
    command: Command,
    runtime: Handle,
    reply: oneshot::Sender<io::Result<Running>>,
}

static STARTER: OnceLock<Sender<Request>> = OnceLock::new();

/// Starts `command`. A caller that is gone before the child is there leaves nothing behind: the reply is dropped, and
/// dropping a [`Running`] kills it.
pub(super) async fn start(command: Command) -> io::Result<Running> {
    let (reply, answer) = oneshot::channel();
    let request = Request { command, runtime: Handle::current(), reply };
    starter()?.send(request).map_err(|_| io::Error::other("the thread that starts children is gone"))?;
    answer.await.map_err(|_| io::Error::other("the thread that starts children is gone"))?
}

fn starter() -> io::Result<&'static Sender<Request>> {
    if let Some(sender) = STARTER.get() {
        return Ok(sender);
    }
    let (sender, requests) = channel::<Request>();
    std::thread::Builder::new().name("child-starter".to_owned()).spawn(move || {
        for mut request in requests {
            // A runtime that is shutting down may panic here; that is its caller's end, not this thread's.
            let started = catch_unwind(AssertUnwindSafe(|| {
                let _context = request.runtime.enter();
                request.command.spawn().and_then(Running::new)
            }));
            let gone = |_| Err(io::Error::other("the runtime is shutting down"));
            request.reply.send(started.unwrap_or_else(gone)).ok();
        }
    })?;
    // Of two first callers one loses here; the loser's channel closes and its thread ends without having started anything.
    Ok(STARTER.get_or_init(|| sender))
}
