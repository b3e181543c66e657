//! The built binary, as an operator runs it.

#![allow(clippy::disallowed_methods, reason = "starts the binary that is under test")]

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use serde_json::Value;

fn strongroom(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_strongroom"));
    command.args(arguments);
    command
}

fn run(arguments: &[&str]) -> Output {
    strongroom(arguments).output().unwrap()
}

/// The one JSON document that a command prints.
fn document(arguments: &[&str]) -> Value {
    let output = run(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("exactly one JSON document")
}

/// A `serve` that is ready.
struct Serving {
    process: Child,
    stdout: BufReader<ChildStdout>,
    ready_line: String,
}

impl Serving {
    fn start(data: &Path) -> Self {
        let mut command = strongroom(&["serve", "--listen", "127.0.0.1:0", "--data-dir", data.to_str().unwrap()]);
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        let mut ready_line = String::new();
        stdout.read_line(&mut ready_line).unwrap();
        Self { process, stdout, ready_line }
    }

    /// Sends SIGTERM and waits. Answers the exit status and what was printed after the line that says ready.
    fn terminate(mut self) -> (Option<i32>, String) {
        let status = Command::new("kill").arg(self.process.id().to_string()).status().unwrap();
        assert!(status.success());
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        (self.process.wait().unwrap().code(), rest)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

#[tokio::test]
async fn serve_says_once_that_it_is_ready_and_ends_well_on_sigterm() {
    let data = tempfile::tempdir().unwrap();
    let serving = Serving::start(data.path());
    let url = serving.ready_line.trim_end().strip_prefix("strongroom is ready at ").unwrap().to_owned();
    let ready = reqwest::get(format!("{url}/health/ready")).await.unwrap();
    assert_eq!(ready.status(), 200);
    let ready: Value = serde_json::from_slice(&ready.bytes().await.unwrap()).unwrap();
    assert_eq!((&ready["status"], &ready["sandbox"]), (&"ready".into(), &"enforced".into()));

    // A second one on the same directory would write the same uploads.
    let second = run(&["serve", "--listen", "127.0.0.1:0", "--data-dir", data.path().to_str().unwrap()]);
    assert_eq!((second.status.code(), second.stdout.len()), (Some(1), 0));
    let said = String::from_utf8(second.stderr).unwrap();
    let expected = format!("another strongroom serves {}; one process at a time", data.path().display());
    assert!(said.contains(&expected), "{said}");
    assert_eq!(reqwest::get(format!("{url}/health/live")).await.unwrap().status(), 200, "the first one is unharmed");

    let (code, rest) = serving.terminate();
    assert_eq!((code, rest.as_str()), (Some(0), ""));
    // And the directory is free again.
    assert_eq!(Serving::start(data.path()).terminate().0, Some(0));
}

#[test]
fn an_address_that_is_taken_is_named() {
    let data = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = run(&["serve", "--listen", &address, "--data-dir", data.path().to_str().unwrap()]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains(&format!("server.listen: {address}: ")), "{said}");
}

#[test]
fn config_check_prints_every_problem_at_once() {
    let data = tempfile::tempdir().unwrap();
    let directory = data.path().to_str().unwrap();
    let good = run(&["config", "check", "--data-dir", directory]);
    assert_eq!((good.status.code(), good.stdout), (Some(0), b"the configuration is good\n".to_vec()));

    let mut command = strongroom(&["config", "check", "--data-dir", directory]);
    let bad = command
        .env("STRONGROOM_SERVER__LISTEN", "nowhere")
        .env("STRONGROOM_UPLOAD__MIN_PART_BYTES", "5000000")
        .env("STRONGROOM_STORE__DURABILITY", "maybe")
        .env("STRONGROOM_SERVER__DRAIN_SECOND", "1")
        .output()
        .unwrap();
    assert_eq!((bad.status.code(), bad.stdout.len()), (Some(1), 0));
    let said = String::from_utf8(bad.stderr).unwrap();
    for named in [
        "server.listen (STRONGROOM_SERVER__LISTEN): \"nowhere\" is not an address and port",
        "upload.min_part_bytes (STRONGROOM_UPLOAD__MIN_PART_BYTES): 5000000 is not a power of two",
        "store.durability (STRONGROOM_STORE__DURABILITY): \"maybe\" is not \"strict\" or \"relaxed\"",
        "server.drain_second (STRONGROOM_SERVER__DRAIN_SECOND): 1 is not a key of config.default.toml",
    ] {
        assert!(said.contains(named), "{said}");
    }
    assert_eq!(said.lines().count(), 4, "{said}");
}

#[test]
fn what_prints_json_prints_one_document() {
    let data = tempfile::tempdir().unwrap();
    // Made by the program, and so for this user alone.
    let directory = data.path().join("data");
    let directory = directory.to_str().unwrap();
    let key =
        document(&["key", "create", "--json", "--name", "a", "--permission", "vault:read", "--data-dir", directory]);
    assert!(key["key"].as_str().unwrap().starts_with("sk_live_") && key["id"].as_str().unwrap().starts_with("key_"));
    assert_eq!((&key["permissions"], &key["scopes"]), (&serde_json::json!(["vault:read"]), &serde_json::json!([])));
    let sandbox = document(&["key", "create", "--json", "--name", "a", "--sandbox", "--data-dir", directory]);
    assert!(sandbox["key"].as_str().unwrap().starts_with("sk_sandbox_"));
    assert_eq!(sandbox["scopes"], serde_json::json!(["ACCOUNT"]));

    let arguments = ["connection", "create", "--json", "--name", "Ada", "--username", "ada", "--data-dir", directory];
    let connection = document(&arguments);
    assert!(connection["id"].as_str().unwrap().starts_with("conn_"));
    assert_eq!((&connection["status"], &connection["username"]), (&"active".into(), &"ada".into()));

    let findings = document(&["doctor", "--json", "--data-dir", directory]);
    let findings = findings.as_array().unwrap();
    assert!(findings.iter().all(|finding| finding["ok"] == true), "{findings:?}");
    for name in ["configuration", "catalog", "disk", "sandbox layer", "sandbox refuses"] {
        assert!(findings.iter().any(|finding| finding["name"] == name), "{name}");
    }

    assert_eq!(document(&["openapi"])["openapi"], "3.1.0");
    assert_eq!(document(&["jobs", "list", "--json", "--data-dir", directory]), serde_json::json!([]));
}

/// The directory holds strangers' photographs and the keys to them.
#[test]
fn nobody_else_may_read_the_data_directory() {
    use std::os::unix::fs::PermissionsExt as _;
    let parent = tempfile::tempdir().unwrap();
    let data = parent.path().join("data");
    assert_eq!(Serving::start(&data).terminate().0, Some(0));
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    assert_eq!(mode(&data.join("signing.keys")), 0o600);
}
