use std::time::Duration;

use super::*;

/// Longer than any test runs: what ends by it has not ended by itself.
const LONG: Duration = Duration::from_secs(600);

fn shell(script: &str) -> Errand {
    Errand {
        program: "/bin/sh".into(),
        arguments: vec!["-c".into(), script.into()],
        environment: vec![("PATH".into(), "/usr/bin:/bin".into())],
        directory: "/".into(),
        input: b"an order".to_vec(),
        wall: LONG,
    }
}

/// Whether `process` is gone, or dead and only waiting for somebody to collect it.
fn is_dead(process: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{process}/stat"))
        .map_or(true, |stat| stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z')))
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..2_000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("waited 20 s, and never: {what}");
}

#[tokio::test]
async fn input_output_and_errors_are_passed_on() {
    let finished = run(shell("cat; echo oops >&2; exit 3")).await.unwrap();
    assert_eq!(finished.ending, Ending::Exited(3));
    assert_eq!(finished.stdout, b"an order");
    assert_eq!(finished.stderr_tail, "oops");
}

#[tokio::test]
async fn nothing_of_our_environment_is_passed_on() {
    let finished = run(Errand { environment: Vec::new(), ..shell("exec /usr/bin/env") }).await.unwrap();
    let text = String::from_utf8(finished.stdout).unwrap();
    assert!(
        text.lines().all(|line| line.starts_with("PWD=") || line.starts_with("_=") || line.starts_with("SHLVL=")),
        "{text}"
    );
}

#[tokio::test]
async fn only_the_end_of_stderr_is_kept() {
    let finished = run(shell("yes noise | head -c 300000 >&2; echo the reason >&2")).await.unwrap();
    assert!(finished.stderr_tail.len() <= STDERR_TAIL_BYTES);
    assert!(finished.stderr_tail.ends_with("the reason"));
}

#[tokio::test]
async fn a_child_that_talks_without_end_is_ended() {
    assert!(matches!(run(shell("exec yes")).await, Err(DoorError::Chatter)));
}

#[tokio::test]
async fn a_child_that_does_not_read_its_order_is_no_error() {
    let finished = run(Errand { input: vec![0; 1 << 20], ..shell("exit 0") }).await.unwrap();
    assert_eq!(finished.ending, Ending::Exited(0));
}

#[tokio::test]
async fn a_signal_is_told_from_a_status() {
    assert_eq!(run(shell("kill -SEGV $$")).await.unwrap().ending, Ending::Signalled(libc::SIGSEGV));
}

#[tokio::test]
async fn a_program_that_is_not_there_is_named() {
    let error = run(Errand { program: "/nonexistent/program".into(), ..shell("") }).await.unwrap_err();
    assert!(error.to_string().contains("/nonexistent/program"), "{error}");
}

#[tokio::test]
async fn the_wall_clock_ends_the_whole_group() {
    let scratch = tempfile::tempdir().unwrap();
    let script = format!("sleep 1000 & echo $! > {0}/grandchild; wait", scratch.path().display());
    let finished = run(Errand { wall: Duration::from_millis(300), ..shell(&script) }).await.unwrap();
    assert_eq!(finished.ending, Ending::OutOfTime);
    // A slow machine may not have come to write the name; then nothing was started either.
    if let Ok(grandchild) = std::fs::read_to_string(scratch.path().join("grandchild")) {
        until("the grandchild is dead", || is_dead(grandchild.trim())).await;
    }
}

#[tokio::test]
async fn what_a_child_leaves_behind_goes_with_it() {
    // The grandchild holds stdout open: waiting for its end would take 1000 s.
    let finished = run(shell("sleep 1000 & echo $!")).await.unwrap();
    assert_eq!(finished.ending, Ending::Exited(0));
    let grandchild = String::from_utf8(finished.stdout).unwrap();
    until("the grandchild is dead", || is_dead(grandchild.trim())).await;
}

#[tokio::test]
async fn dropping_the_future_ends_the_whole_group() {
    let scratch = tempfile::tempdir().unwrap();
    let names = scratch.path().join("names");
    let script = format!("sleep 1000 & echo $$ $! > {0}.part; mv {0}.part {0}; wait", names.display());
    let task = tokio::spawn(run(shell(&script)));
    until("both have started", || names.exists()).await;
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    for process in std::fs::read_to_string(&names).unwrap().split_whitespace() {
        until("it is dead", || is_dead(process)).await;
    }
}

#[tokio::test]
async fn a_child_that_talks_without_progress_is_ended() {
    let mut heard = 0;
    let mut hear = |piece: &[u8]| {
        heard += piece.len();
        false
    };
    let watch = Watch { silence: Duration::from_millis(300), hear: &mut hear };
    let finished = run_watched(shell("while :; do echo frame=7; sleep 0.05; done"), watch).await.unwrap();
    assert_eq!(finished.ending, Ending::Silent);
    assert!(heard > 0);
}

#[tokio::test]
async fn a_child_that_makes_progress_is_not_cut_off() {
    let mut lines = 0;
    let mut hear = |piece: &[u8]| {
        lines += piece.iter().filter(|byte| **byte == b'\n').count();
        true
    };
    let watch = Watch { silence: Duration::from_secs(5), hear: &mut hear };
    let finished =
        run_watched(shell("i=0; while [ $i -lt 3 ]; do echo $i; i=$((i+1)); done; exit 3"), watch).await.unwrap();
    assert_eq!((finished.ending, lines), (Ending::Exited(3), 3));
}
