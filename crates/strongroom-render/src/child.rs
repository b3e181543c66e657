//! The child's side: lock the door behind oneself, then work.

use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::ExitCode;

use crate::animation;
use crate::order::{Answer, NOT_OBEYED, Order, SelfTest, Task};
use crate::photo::{self, RunError};
use crate::sandbox;

/// The most an order may be; a real one is a few hundred bytes.
const ORDER_BYTES: u64 = 64 << 10;

/// The whole life of `strongroom render`: one order from stdin, one answer to stdout.
///
/// Call it first thing in `main`, before a runtime, a logger or anything else opens files or starts threads: the
/// sandbox covers the calling thread and those it starts, not its elders. Exits with 0 whenever it could answer, also
/// when the answer is that the photo failed. Does not return at all from an order to become another program.
pub fn child_main() -> ExitCode {
    match answer_one_order() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // stderr is the parent's to read; a closed one is no reason to panic.
            writeln!(std::io::stderr(), "render: {error}").ok();
            ExitCode::from(NOT_OBEYED)
        }
    }
}

fn answer_one_order() -> std::io::Result<()> {
    sandbox::die_with_parent()?;
    sandbox::close_inherited()?;
    let mut text = Vec::new();
    std::io::stdin().take(ORDER_BYTES).read_to_end(&mut text)?;
    let order: Order = serde_json::from_slice(&text)?;
    if sandbox::is_orphan(order.parent) {
        return Err(std::io::Error::other("started by another process than the one that gave the order"));
    }
    if let Task::Exec { program, arguments } = &order.task {
        return become_program(&order, program, arguments);
    }
    let answer = obey(&order);
    let mut stdout = std::io::stdout().lock();
    serde_json::to_writer(&mut stdout, &answer)?;
    stdout.flush()
}

/// Returns only if it cannot: nothing of this program is left once it has become the other.
fn become_program(order: &Order, program: &Path, arguments: &[String]) -> std::io::Result<()> {
    if let Err(missing) = sandbox::enter(order) {
        return Err(std::io::Error::other(format!("no {}: {}", missing.name, missing.detail)));
    }
    #[allow(clippy::disallowed_methods, reason = "no new process: this one goes on as the program it was started for")]
    let mut command = std::process::Command::new(program);
    Err(command.args(arguments).exec())
}

fn obey(order: &Order) -> Answer {
    let layers = match sandbox::enter(order) {
        Ok(layers) => layers,
        Err(missing) => return Answer::Unconfined(missing),
    };
    match &order.task {
        Task::Photo => answer(photo::render(order), |done| done),
        Task::Decoded(coded) => answer(photo::render_decoded(coded, order), Answer::Rendered),
        Task::Animation => answer(animation::unroll(&order.input, &order.output, &order.limits), Answer::Unrolled),
        Task::Exec { .. } => Answer::Broken("an order to become another program has no answer".to_owned()),
        Task::SelfTest { canary } => {
            let attempts = sandbox::self_test::try_everything(order, canary);
            Answer::SelfTested(SelfTest { layers, attempts })
        }
    }
}

fn answer<T>(outcome: Result<T, RunError>, done: impl FnOnce(T) -> Answer) -> Answer {
    match outcome {
        Ok(report) => done(report),
        Err(RunError::Media(failure)) => Answer::Failed(failure),
        Err(RunError::Animated) => Answer::Animated,
        Err(RunError::Ours(reason)) => Answer::Broken(reason),
    }
}
