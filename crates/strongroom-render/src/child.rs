//! The child's side: lock the door behind oneself, then work.

use std::io::{Read, Write};
use std::process::ExitCode;

use crate::order::{Answer, Order, SelfTest, Task};
use crate::photo::{self, RunError};
use crate::sandbox;

/// The most an order may be; a real one is a few hundred bytes.
const ORDER_BYTES: u64 = 64 << 10;

/// The whole life of `strongroom render`: one order from stdin, one answer to stdout.
///
/// Call it first thing in `main`, before a runtime, a logger or anything else opens files or starts threads: the
/// sandbox covers the calling thread and those it starts, not its elders. Exits with 0 whenever it could answer, also
/// when the answer is that the photo failed.
pub fn child_main() -> ExitCode {
    match answer_one_order() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // stderr is the parent's to read; a closed one is no reason to panic.
            writeln!(std::io::stderr(), "render: {error}").ok();
            ExitCode::FAILURE
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
    let answer = obey(&order);
    let mut stdout = std::io::stdout().lock();
    serde_json::to_writer(&mut stdout, &answer)?;
    stdout.flush()
}

fn obey(order: &Order) -> Answer {
    let layers = match sandbox::enter(order) {
        Ok(layers) => layers,
        Err(missing) => return Answer::Unconfined(missing),
    };
    match &order.task {
        Task::Photo => match photo::render(&order.input, &order.output, &order.limits) {
            Ok(report) => Answer::Rendered(report),
            Err(RunError::Media(failure)) => Answer::Failed(failure),
            Err(RunError::Ours(reason)) => Answer::Broken(reason),
        },
        Task::SelfTest { canary } => {
            let attempts = sandbox::self_test::try_everything(order, canary);
            Answer::SelfTested(SelfTest { layers, attempts })
        }
    }
}
