//! A worker's process, and waiting for what it does.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use strongroom_catalog::Catalog;
use strongroom_core::job::JobState;

use crate::support::Client;

/// Films take longer than a test is usually given, the more so on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A `strongroom worker`. It is killed when this is dropped.
pub(crate) struct Process(Child);

impl Process {
    /// Starts one with these settings laid over the defaults, and waits until it is ready.
    pub(crate) fn start(data: &Path, settings: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_strongroom"));
        command.args(["worker", "--data-dir", data.to_str().unwrap()]).env("STRONGROOM_STORE__MIN_FREE_BYTES", "0");
        let mut process =
            command.envs(settings.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut ready_line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut ready_line).unwrap();
        assert_eq!(ready_line, "strongroom worker is ready\n");
        Self(process)
    }

    /// Sends SIGTERM and waits. Answers the exit status.
    pub(crate) fn terminate(mut self) -> Option<i32> {
        assert!(Command::new("kill").arg(self.0.id().to_string()).status().unwrap().success());
        self.0.wait().unwrap().code()
    }

    /// How many children it has that are at work on something, and not on finding out which tools there are.
    pub(crate) fn children(&self) -> usize {
        let is_child = |process: &Path| {
            let status = std::fs::read_to_string(process.join("stat")).unwrap_or_default();
            let parent = status.rsplit(") ").next().and_then(|rest| rest.split(' ').nth(1)?.parse().ok());
            let directory = std::fs::read_link(process.join("cwd")).unwrap_or_default();
            parent == Some(self.0.id()) && directory.components().any(|part| part.as_os_str() == "scratch")
        };
        std::fs::read_dir("/proc").unwrap().filter_map(Result::ok).filter(|process| is_child(&process.path())).count()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// The media, once it is ready or has failed.
pub(crate) async fn settled(client: &Client, id: &Value) -> Value {
    in_time(async || {
        let media = client.get(&format!("/v2/access/vault/media/{id}")).await.ok();
        (media["isReady"] == true || media["hasError"] == true).then_some(media)
    })
    .await
}

/// Resolves when every job has ended well.
pub(crate) async fn all_done(catalog: &Catalog) {
    in_time(async || {
        let jobs = catalog.list_jobs(20).await.unwrap();
        jobs.iter().all(|job| job.state == JobState::Done).then_some(())
    })
    .await;
}

/// Looks again and again until `found` answers something.
async fn in_time<T>(mut found: impl AsyncFnMut() -> Option<T>) -> T {
    let looking = async {
        loop {
            if let Some(found) = found().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, looking).await.expect("it did not come to pass")
}
