//! What runs, how often, with what, and what it could reach.

use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use strongroom_core::rendition::RenditionName;
use strongroom_render::{FilmStep, Limits, Renderer, Sandbox};

use crate::support::{CHILD, CLIP, Film, SOUND, render_rest};

/// A child that writes down its orders.
pub(crate) fn notary(scratch: &Path) -> (PathBuf, PathBuf) {
    let (program, orders) = (scratch.join("notary"), scratch.join("orders"));
    let script = format!(
        "#!/bin/bash\norder=$(cat)\necho \"$order\" >> {}\nexec {CHILD} render <<< \"$order\"\n",
        orders.display()
    );
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    (program, orders)
}

/// The tools that ran for a film, each with its words.
pub(crate) async fn runs(film: &Film, limits: Limits, kept: &[RenditionName]) -> Vec<(String, Vec<String>)> {
    let scratch = tempfile::tempdir().unwrap();
    let (program, orders) = notary(scratch.path());
    render_rest(&program, film, limits, kept).await.unwrap();
    let orders = std::fs::read_to_string(orders).unwrap();
    let tasks = orders.lines().map(|order| serde_json::from_str::<serde_json::Value>(order).unwrap()["task"].clone());
    let exec = tasks.filter_map(|task| task.get("exec").cloned()).map(|exec| {
        let program: PathBuf = serde_json::from_value(exec["program"].clone()).unwrap();
        let name = program.file_name().unwrap().to_str().unwrap().to_owned();
        (name, serde_json::from_value(exec["arguments"].clone()).unwrap())
    });
    exec.collect()
}

#[tokio::test]
async fn every_word_of_a_tool_is_ours() {
    for (film, copies) in [
        (
            Film::made("a.mp4", &format!("{CLIP} {SOUND} -c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac")),
            vec![2, 1],
        ),
        (Film::made("a.avi", &format!("{CLIP} {SOUND} -c:v mpeg4 -c:a libmp3lame")), vec![0]),
    ] {
        let runs = runs(&film, Limits::default(), &[]).await;
        assert_eq!(runs.len(), 1 + copies.len(), "{runs:#?}");
        assert_eq!(runs[0].0, "ffprobe");
        for ((name, words), copies) in runs[1..].iter().zip(copies) {
            assert_eq!(name, "ffmpeg");
            let input = words.iter().position(|word| word == "-i").unwrap();
            assert_eq!(words.iter().filter(|word| *word == "-i").count(), 1);
            // The pictures of the best rung, and the sound of both.
            assert_eq!(words.iter().filter(|word| *word == "copy").count(), copies, "{words:?}");
            for pair in [["-protocol_whitelist", "file"], ["-map_metadata", "-1"], ["-map_chapters", "-1"]] {
                assert!(words.windows(2).any(|window| window == pair), "{pair:?}");
            }
            for guard in ["-nostdin", "-max_alloc", "-format_whitelist", "-codec_whitelist", "-f"] {
                assert!(words[..input].iter().any(|word| word == guard), "{guard}");
            }
        }
    }
}

const ATTEMPTS: usize = 13;

/// What perl can try, as a decoder that was taken over could. Each line that comes out is a leak.
fn attempts(scratch: &Path, port: u16) -> String {
    let scratch = scratch.display();
    format!(
        r#"
        $| = 1;
        sub try {{ my ($what, $outcome) = @_; if ($outcome) {{ print "$what\n" }} else {{ print STDERR "$what: $!\n" }} }}
        try("read /etc/passwd", open(my $passwd, "<", "/etc/passwd"));
        try("list the root", opendir(my $root, "/"));
        try("read the canary", open(my $canary, "<", "{scratch}/canary"));
        try("write to the canary", open(my $append, ">>", "{scratch}/canary"));
        try("write to the input", open(my $input, ">>", "{scratch}/input"));
        try("plant a file", open(my $planted, ">", "{scratch}/planted"));
        try("plant a link", symlink("/etc/passwd", "{scratch}/output/link"));
        try("make a socket", socket(my $tcp, 2, 1, 0));
        try("connect", connect($tcp, pack("S n N x8", 2, {port}, 0x7f000001)));
        try("signal the parent", kill("CONT", getppid()));
        my $process = fork(); exit 0 if defined $process && $process == 0;
        try("start a process", defined $process);
        try("delete the input", unlink("{scratch}/input"));
        exec("/bin/echo", "execute another program") or try("execute another program", 0);
        "#
    )
}

/// What comes out when perl is given to the child as the tool.
#[allow(clippy::disallowed_methods, reason = "what the door would never start")]
fn leaks(confinement: &str) -> Vec<String> {
    let scratch = tempfile::tempdir().unwrap();
    let output = scratch.path().join("output");
    std::fs::create_dir(&output).unwrap();
    std::fs::write(scratch.path().join("canary"), "every tenant's rows\n").unwrap();
    std::fs::write(scratch.path().join("input"), "bait\n").unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let script = attempts(scratch.path(), listener.local_addr().unwrap().port());
    let order = serde_json::json!({
        "parent": std::process::id(),
        "confinement": confinement,
        "limits": Limits::default(),
        "photo_use": "media",
        "input": scratch.path().join("input"),
        "output": output,
        "task": { "exec": { "program": "/usr/bin/perl", "arguments": ["-e", script] } },
    });
    let mut child = Command::new(CHILD)
        .arg("render")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(order.to_string().as_bytes()).unwrap();
    let ended = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(confinement == "nothing" || said.lines().count() == ATTEMPTS, "{said}");
    String::from_utf8_lossy(&ended.stdout).lines().map(str::to_owned).collect()
}

#[test]
fn a_hostile_tool_gets_nowhere() {
    assert_eq!(leaks("required"), [""; 0]);
}

#[test]
fn without_the_fence_the_same_tool_gets_everywhere() {
    assert_eq!(leaks("nothing").len(), ATTEMPTS);
}

#[tokio::test]
async fn dropped_it_leaves_nothing_running() {
    // Long enough to be caught at work.
    let film = Film::made("a.mkv", "-f lavfi -i color=s=640x360:r=30:d=90 -c:v mpeg4");
    let output = tempfile::tempdir().unwrap();
    let renderer = Renderer::new(CHILD.into(), Limits::default(), Sandbox::Required);
    let (sender, mut receiver) = tokio::sync::mpsc::channel(64);
    let work = renderer.render_film(&film.file, output.path(), &[], sender);
    let at_work = async {
        while let Some(step) = receiver.recv().await {
            if matches!(step, FilmStep::Progress(_)) {
                break;
            }
        }
    };
    tokio::select! {
        ended = work => panic!("it ended by itself: {ended:?}"),
        () = at_work => {}
    }
    let name = film.file.to_str().unwrap();
    for _ in 0..200 {
        if !is_anybody_working_on(name) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("somebody is still working on {name}");
}

fn is_anybody_working_on(name: &str) -> bool {
    std::fs::read_dir("/proc").unwrap().filter_map(Result::ok).any(|process| {
        let words = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
        words.windows(name.len()).any(|window| window == name.as_bytes())
    })
}

#[tokio::test]
async fn the_tools_are_told_of() {
    let renderer = Renderer::new(CHILD.into(), Limits::default(), Sandbox::Required);
    let tools = renderer.tools().await;
    assert_eq!(tools.iter().map(|tool| tool.name).collect::<Vec<_>>(), ["ffmpeg", "ffprobe", "pdftoppm"]);
    for tool in tools {
        assert!(tool.version.is_some_and(|version| version.starts_with(|first: char| first.is_ascii_alphanumeric())));
    }
}
