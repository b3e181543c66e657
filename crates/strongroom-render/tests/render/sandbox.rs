//! The fence itself: it holds, its test would notice if it did not, and nothing works without it unless told to.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use strongroom_core::media::FailureCode;
use strongroom_core::rendition::RenditionName;
use strongroom_render::{Attempt, Limits, RenderError, Renderer, Sandbox, SandboxUnavailable};

use crate::support::{CHILD, CHILD_ON_OLD_KERNEL, card, jpeg, try_render_with};

fn canary(scratch: &Path) -> std::path::PathBuf {
    let canary = scratch.join("catalog");
    std::fs::write(&canary, b"every tenant's rows").unwrap();
    canary
}

#[tokio::test]
async fn a_hostile_child_gets_nowhere() {
    let scratch = tempfile::tempdir().unwrap();
    let canary = canary(scratch.path());
    let renderer = Renderer::new(CHILD.into(), Limits::default(), Sandbox::Required);
    let report = renderer.self_test(&canary).await.unwrap();
    assert!(report.attempts.len() >= 15);
    assert!(report.attempts.iter().all(|attempt| attempt.refused), "{report:#?}");
    let layers: Vec<_> = report.layers.iter().map(|layer| (layer.name.as_str(), layer.enforced)).collect();
    assert_eq!(layers, [("no_new_privs", true), ("rlimits", true), ("landlock", true), ("seccomp", true)]);
    assert_eq!(std::fs::read(canary).unwrap(), b"every tenant's rows");
}

/// The same attempts with nothing in their way: each one must be seen to succeed, or the test above proves nothing.
#[test]
fn without_the_fence_every_attempt_is_seen_to_succeed() {
    let scratch = tempfile::tempdir().unwrap();
    for attempt in attempts_unconfined(scratch.path()) {
        assert!(!attempt.refused, "refused though nothing forbids it: {attempt:?}");
    }
    assert!(!scratch.path().join("input").exists(), "the input was really deleted");
    assert!(scratch.path().join("planted").exists(), "a file was really planted");
}

/// Says to a child what no server ever says: work without any confinement.
fn attempts_unconfined(scratch: &Path) -> Vec<Attempt> {
    let (input, output) = (scratch.join("input"), scratch.join("output"));
    std::fs::write(&input, b"bait").unwrap();
    std::fs::create_dir(&output).unwrap();
    let order = serde_json::json!({
        "parent": std::process::id(),
        "confinement": "nothing",
        "limits": Limits::default(),
        "photo_use": "media",
        "input": input,
        "output": output,
        "task": { "self_test": { "canary": canary(scratch) } },
    });
    let mut child = start(CHILD, &["render"]);
    child.stdin.take().unwrap().write_all(order.to_string().as_bytes()).unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&child.wait_with_output().unwrap().stdout).unwrap();
    serde_json::from_value(answer["self_tested"]["attempts"].clone()).unwrap()
}

#[tokio::test]
async fn a_missing_layer_is_named_and_nothing_is_rendered() {
    let scratch = tempfile::tempdir().unwrap();
    let renderer = Renderer::new(CHILD_ON_OLD_KERNEL.into(), Limits::default(), Sandbox::Required);
    let error = renderer.self_test(&canary(scratch.path())).await.unwrap_err();
    assert!(matches!(&error, SandboxUnavailable::Missing { layer, .. } if layer == "landlock"), "{error}");
    assert!(error.to_string().contains("--allow-unsandboxed"), "{error}");

    let photo = jpeg::rgb(&card(64, 64), jpeg::Style::default());
    let refused = try_render_with(CHILD_ON_OLD_KERNEL.as_ref(), &photo, Limits::default(), Sandbox::Required).await;
    assert!(matches!(refused, Err(RenderError::Broken(reason)) if reason.contains("landlock")));
}

#[tokio::test]
async fn allowed_unsandboxed_it_renders_and_the_self_test_says_what_leaks() {
    let photo = jpeg::rgb(&card(64, 64), jpeg::Style::default());
    let output =
        try_render_with(CHILD_ON_OLD_KERNEL.as_ref(), &photo, Limits::default(), Sandbox::Unsandboxed).await.unwrap();
    assert_eq!(output.file(RenditionName::Preview).size.width, 64);

    let scratch = tempfile::tempdir().unwrap();
    let renderer = Renderer::new(CHILD_ON_OLD_KERNEL.into(), Limits::default(), Sandbox::Unsandboxed);
    let error = renderer.self_test(&canary(scratch.path())).await.unwrap_err();
    let SandboxUnavailable::Leaks { attempts } = error else { panic!("{error}") };
    // Without Landlock files are open to it; seccomp still stands between it and everything else.
    assert!(attempts.contains(&"read the canary".to_owned()), "{attempts:?}");
    assert!(
        !attempts.iter().any(|attempt| attempt.contains("127.0.0.1") || attempt.contains("process")),
        "{attempts:?}"
    );
}

#[tokio::test]
async fn a_program_that_is_not_there_is_ours_to_mend() {
    let photo = jpeg::rgb(&card(64, 64), jpeg::Style::default());
    let error = try_render_with("/nonexistent".as_ref(), &photo, Limits::default(), Sandbox::Required).await;
    assert!(matches!(error, Err(RenderError::Broken(reason)) if reason.contains("/nonexistent")));
}

#[tokio::test]
async fn an_output_directory_that_is_not_empty_is_not_written_over() {
    let scratch = tempfile::tempdir().unwrap();
    let input = scratch.path().join("input");
    std::fs::write(&input, jpeg::rgb(&card(64, 64), jpeg::Style::default())).unwrap();
    std::os::unix::fs::symlink(scratch.path().join("elsewhere"), scratch.path().join("thumb.jpg")).unwrap();
    let renderer = Renderer::new(CHILD.into(), Limits::default(), Sandbox::Required);
    let error = renderer.render_photo(&input, scratch.path()).await.unwrap_err();
    assert!(matches!(error, RenderError::Broken(_)), "{error}");
    assert!(!scratch.path().join("elsewhere").exists());
}

#[tokio::test]
async fn a_child_out_of_time_is_a_timeout() {
    let limits = Limits { wall_seconds: 0, ..Limits::default() };
    let photo = jpeg::rgb(&card(64, 64), jpeg::Style::default());
    let error = try_render_with(CHILD.as_ref(), &photo, limits, Sandbox::Required).await.map(|_| ()).unwrap_err();
    assert!(matches!(&error, RenderError::Failed(failure) if failure.code == FailureCode::Timeout), "{error}");
}

#[test]
fn an_order_from_a_stranger_is_not_obeyed() {
    let mut child = start(CHILD, &["render"]);
    let order = serde_json::json!({
        "parent": 1,
        "confinement": "required",
        "limits": Limits::default(),
        "photo_use": "media",
        "input": "/nonexistent",
        "output": "/nonexistent",
        "task": "photo",
    });
    child.stdin.take().unwrap().write_all(order.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(!output.status.success() && output.stdout.is_empty(), "{output:?}");
}

/// A child that is waiting for its order, with its stdin still open, and whose parent is killed.
#[test]
fn a_child_dies_with_its_parent_and_holds_nothing_of_it() {
    // A shell gives what it starts in the background no stdin but one named by another number.
    let script = format!("exec 7<&0; {CHILD} render <&7 & echo $!; wait");
    let mut parent = start("/bin/sh", &["-c", &script]);
    let mut line = String::new();
    BufReader::new(parent.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let process = Path::new("/proc").join(line.trim());
    let inherited = process.join("fd/7");
    // That the inherited descriptor goes shows that the child has come past asking to die with its parent.
    until("the child runs our program", || {
        std::fs::read_link(process.join("exe")).is_ok_and(|exe| exe == Path::new(CHILD))
    });
    until("the inherited descriptor is closed", || inherited.symlink_metadata().is_err());
    assert!(process.join("fd/0").symlink_metadata().is_ok());

    parent.kill().unwrap();
    parent.wait().unwrap();
    let state = || std::fs::read_to_string(process.join("stat")).unwrap_or_default();
    until("the child is dead", || state().is_empty() || state().contains(") Z"));
    drop(parent.stdin.take());
}

#[allow(clippy::disallowed_methods, reason = "what the door would never start")]
fn start(program: &str, arguments: &[&str]) -> Child {
    Command::new(program).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..2_000 {
        if holds() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("waited 20 s, and never: {what}");
}
