//! Garage: ignores conditional writes, answers 404 to a second completion, takes parts of any length.

use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use super::{Server, free_ports, on_a_thread};

const KEY: &str = "GK0123456789abcdef01234567";
const SECRET: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// A Garage of this process' own.
pub fn garage() -> Server {
    static RUNNING: OnceLock<Server> = OnceLock::new();
    let program = || std::env::var_os("STRONGROOM_TEST_GARAGE").expect("STRONGROOM_TEST_GARAGE names the program");
    RUNNING.get_or_init(|| on_a_thread(move || start(program()))).clone()
}

#[allow(clippy::disallowed_methods, reason = "the server under test")]
fn start(program: std::ffi::OsString) -> Server {
    let home = tempfile::tempdir().unwrap().keep();
    let port = free_ports(3, 0);
    let (rpc, admin) = (port + 1, port + 2);
    let config = format!(
        "metadata_dir = \"{0}/meta\"\ndata_dir = \"{0}/data\"\ndb_engine = \"sqlite\"\nreplication_factor = 1\n\
         rpc_bind_addr = \"127.0.0.1:{rpc}\"\nrpc_public_addr = \"127.0.0.1:{rpc}\"\nrpc_secret = \"{SECRET}\"\n\
         [s3_api]\ns3_region = \"garage\"\napi_bind_addr = \"127.0.0.1:{port}\"\n\
         [admin]\napi_bind_addr = \"127.0.0.1:{admin}\"\n",
        home.display()
    );
    std::fs::write(home.join("garage.toml"), config).unwrap();
    let log = std::fs::File::create(home.join("log")).unwrap();
    // It ends with this process: its input is ours, and the shell ends it when that is closed.
    let script = r#""$@" & read nothing; kill -9 $!; cd /; rm -rf "$HOME_OF_GARAGE""#;
    let mut command = Command::new("sh");
    command.args(["-c", script, "garage"]).arg(program).arg("-c").arg(home.join("garage.toml"));
    command.args(["server", "--single-node", "--default-bucket"]);
    command.env("GARAGE_DEFAULT_ACCESS_KEY", KEY).env("GARAGE_DEFAULT_SECRET_KEY", SECRET);
    command.env("GARAGE_DEFAULT_BUCKET", "vault").env("HOME_OF_GARAGE", &home);
    command.current_dir(&home).process_group(0);
    let child = command.stdin(Stdio::piped()).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
    // Kept open until this process ends.
    std::mem::forget(child);
    let server = Server {
        endpoint: format!("http://127.0.0.1:{port}"),
        key: KEY.to_owned(),
        secret: SECRET.to_owned(),
        region: "garage".to_owned(),
        bucket: "vault".to_owned(),
    };
    server.awaited()
}
