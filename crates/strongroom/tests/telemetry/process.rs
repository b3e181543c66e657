//! A server in a process of its own, whose log is read afterwards.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use strongroom_catalog::Catalog;
use strongroom_catalog::records::NewApiKey;
use strongroom_core::clock::{Clock as _, SystemClock};
use strongroom_core::connection::Environment;
use strongroom_core::key::ApiKey;
use strongroom_core::permission::{Grants, Permission};

use crate::support::{Client, connection, key_record};

/// A `strongroom serve`. It is killed when this is dropped.
pub(crate) struct Process {
    child: Child,
    data: tempfile::TempDir,
    address: SocketAddr,
}

impl Process {
    /// Starts one with these settings laid over the defaults, and waits until it is ready.
    pub(crate) fn start(settings: &[(&str, &str)]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let log = std::fs::File::create(data.path().join("log")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_strongroom"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(data.path().join("data"));
        command.env("STRONGROOM_STORE__MIN_FREE_BYTES", "0").envs(settings.iter().copied());
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut ready = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        let address = ready.trim_end().strip_prefix("strongroom is ready at http://").unwrap().parse().unwrap();
        Self { child, data, address }
    }

    /// The data directory.
    pub(crate) fn data_dir(&self) -> PathBuf {
        self.data.path().join("data")
    }

    /// A client with every right, on a connection of its own.
    pub(crate) async fn client(&self) -> Client {
        let catalog = Catalog::open_sqlite(&self.data_dir().join("catalog.db")).await.unwrap();
        let key = ApiKey::random(Environment::Live);
        let connection = connection(Grants::<Permission>::all());
        let new = NewApiKey {
            record: key_record(Grants::<Permission>::all()),
            hash: key.hash(),
            created_at: SystemClock.now(),
        };
        catalog.create_key(new).await.unwrap();
        catalog.create_connection(connection.clone()).await.unwrap();
        Client::new(self.address, key.reveal(), connection.id)
    }

    /// Sends SIGTERM and waits. Answers the log.
    pub(crate) fn log(mut self) -> String {
        assert!(Command::new("kill").arg(self.child.id().to_string()).status().unwrap().success());
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
        std::fs::read_to_string(self.data.path().join("log")).unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
