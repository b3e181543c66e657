//! SeaweedFS, started once for all tests.

use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use super::{Server, free_ports, on_a_thread, shared_directory};

/// Ends the server once nobody has held the lock `users` for half a minute.
const WATCHDOG: &str = r#"
"$@" & server=$!
echo $server >pid
idle=0
while kill -0 $server 2>/dev/null; do
    sleep 2
    if flock --nonblock --exclusive users true; then idle=$((idle + 1)); else idle=0; fi
    if [ $idle -ge 15 ]; then
        flock --nonblock --exclusive users sh -c "rm -f endpoint; kill -9 $server"
    fi
done
rm -rf data
"#;

const IDENTITIES: &str = r#"{"identities": [
    {"name": "owner", "credentials": [{"accessKey": "test-key", "secretKey": "test-secret"}],
     "actions": ["Admin", "Read", "List", "Tagging", "Write"]},
    {"name": "reader", "credentials": [{"accessKey": "reader-key", "secretKey": "reader-secret"}],
     "actions": ["Read", "List"]}
]}"#;

/// The shared SeaweedFS. It is kept for as long as this process lives.
pub fn weed() -> Server {
    static RUNNING: OnceLock<(Server, File)> = OnceLock::new();
    RUNNING.get_or_init(|| on_a_thread(join_or_start)).0.clone()
}

fn join_or_start() -> (Server, File) {
    let directory = shared_directory("weed");
    // Held first: the watchdog ends nothing while somebody holds it.
    let users = File::create(directory.join("users")).unwrap();
    users.lock_shared().unwrap();
    let starting = File::create(directory.join("starting")).unwrap();
    starting.lock().unwrap();
    let endpoint = running(&directory).unwrap_or_else(|| start(&directory));
    drop(starting);
    let server = Server {
        endpoint,
        key: "test-key".to_owned(),
        secret: "test-secret".to_owned(),
        region: "us-east-1".to_owned(),
        bucket: "vault".to_owned(),
    };
    (server.awaited(), users)
}

fn running(directory: &Path) -> Option<String> {
    let read = |name: &str| std::fs::read_to_string(directory.join(name)).ok();
    let pid = read("pid")?.trim().parse::<u32>().ok()?;
    let command = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).ok()?;
    read("endpoint").filter(|_| command.contains("weed"))
}

#[allow(
    clippy::disallowed_methods,
    clippy::zombie_processes,
    reason = "the server under test; it outlives this process"
)]
fn start(directory: &Path) -> String {
    drop(std::fs::remove_dir_all(directory.join("data")));
    std::fs::create_dir_all(directory.join("data")).unwrap();
    std::fs::write(directory.join("identities.json"), IDENTITIES).unwrap();
    let port = free_ports(5, 10_000);
    let log = File::create(directory.join("log")).unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", WATCHDOG, "watchdog"]).arg(program()).args(["mini", "-dir=data", "-bucket=vault"]);
    command.args(["-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-s3.config=identities.json", "-master.telemetry=false"]);
    command.args(["-webdav=false", "-admin.ui=false", "-s3.port.iceberg=0", "-s3.port.lance=0"]);
    command.args(["-s3.autoCreateBucket=false", "-s3.localSocket=data/s3.sock", "-filer.localSocket=data/filer.sock"]);
    for (index, name) in ["s3", "master", "volume", "filer", "admin"].into_iter().enumerate() {
        command.arg(format!("-{name}.port={}", port + index as u16));
    }
    // A group of its own, so that a test which is killed does not take it along.
    command.current_dir(directory).process_group(0);
    command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
    let endpoint = format!("http://127.0.0.1:{port}");
    std::fs::write(directory.join("endpoint"), &endpoint).unwrap();
    while running(directory).is_none() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    endpoint
}

/// `STRONGROOM_TEST_WEED`, or the project's own, or that of the system.
fn program() -> PathBuf {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.venv/bin/weed");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let candidates = std::env::var_os("STRONGROOM_TEST_WEED").map(PathBuf::from).into_iter();
    candidates
        .chain([project])
        .chain(std::env::split_paths(&path).map(|directory| directory.join("weed")))
        .find(|program| program.is_file())
        .expect("SeaweedFS is needed: set STRONGROOM_TEST_WEED, or install tools/requirements.txt to .venv (it brings weed)")
}
