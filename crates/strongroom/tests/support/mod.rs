//! A whole server in the test's own process: its data directory, its catalog, a clock that the test steps, and clients.
//!
//! ```ignore
//! let server = Server::start(&[("STRONGROOM_UPLOAD__MIN_PART_BYTES", "1024")]).await;
//! let answer = server.client.post_json("/v2/access/uploads/init", &json!({ … })).await;
//! assert_eq!(answer.status, 200);
//! ```
//!
//! Only the sandboxed child that renders photos is another process: the built `strongroom`.

#![allow(dead_code, reason = "every test program uses a part of this")]

mod client;
mod engines;
mod wire;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use strongroom_catalog::Catalog;
use strongroom_catalog::records::{ApiKeyRecord, NewApiKey, NewConnection};
use strongroom_core::clock::{Clock as _, SteppedClock, SystemClock};
use strongroom_core::connection::{ConnectionStatus, Environment};
use strongroom_core::id::{ConnectionId, KeyId, OrganisationId};
use strongroom_core::key::ApiKey;
use strongroom_core::permission::{Grants, Permission, Scope};
use strongroom_server::app::{Options, open_catalog, run};
use strongroom_server::config::{Config, Database, Layers};
use tokio::sync::oneshot;

pub(crate) use self::client::{Answer, Client};
pub(crate) use self::wire::Wire;

/// No wait of a test takes longer than this; one that would is a failure.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// A running server. It ends, and its directory goes, when this is dropped.
pub(crate) struct Server {
    /// A client with every right, on a connection of its own.
    pub(crate) client: Client,
    /// The server's clock: stands at the time of the start until the test moves it.
    pub(crate) clock: SteppedClock,
    /// The server's catalog, through a second handle as another process would have it.
    pub(crate) catalog: Catalog,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    data: tempfile::TempDir,
    database: Database,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Server {
    /// Starts a server with these settings (`STRONGROOM_SECTION__KEY`, value) laid over the defaults.
    pub(crate) async fn start(settings: &[(&str, &str)]) -> Self {
        Self::launch(settings, true).await
    }

    /// Starts a server that works off no jobs: whatever is to be rendered stays `processing`.
    pub(crate) async fn start_without_worker(settings: &[(&str, &str)]) -> Self {
        Self::launch(settings, false).await
    }

    async fn launch(settings: &[(&str, &str)], work: bool) -> Self {
        let always = [
            ("STRONGROOM_SERVER__LISTEN", "127.0.0.1:0"),
            ("STRONGROOM_SERVER__DRAIN_SECONDS", "0"),
            // Tests call more often than people do.
            ("STRONGROOM_LIMITS__REQUESTS_PER_MINUTE", "0"),
            // Memory has less room than a disk.
            ("STRONGROOM_STORE__MIN_FREE_BYTES", "0"),
        ];
        let pairs = always.iter().chain(settings).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let pairs = pairs.chain(engines::settings());
        let config = Config::read(&Layers::defaults().unwrap().with_environment(pairs)).unwrap();
        let (data, database) = (data_dir(), config.database.clone());
        let clock = SteppedClock::at(SystemClock.now());
        let options = Options {
            data_dir: data.path().to_owned(),
            config,
            serve: true,
            work,
            program: env!("CARGO_BIN_EXE_strongroom").into(),
            allow_unsandboxed: false,
            clock: Arc::new(clock.clone()),
        };
        let (ready, address) = oneshot::channel();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || serve(options, ready, stopped));
        let address = address.await.expect("the server did not start");
        let catalog = open_catalog(data.path(), &database).await.unwrap();
        let client = admit(&catalog, address, Grants::<Permission>::all(), Grants::<Permission>::all()).await;
        Self { client, clock, catalog, address, data, database, stop: Some(stop), thread: Some(thread) }
    }

    /// A client with every right, on a new connection.
    pub(crate) async fn new_client(&self) -> Client {
        self.client_allowed(Permission::ALL, Permission::ALL).await
    }

    /// A client on a new connection, of which key and connection carry only these permissions.
    pub(crate) async fn client_allowed(&self, key: &[Permission], connection: &[Permission]) -> Client {
        admit(&self.catalog, self.address, key.iter().copied().collect(), connection.iter().copied().collect()).await
    }

    /// The data directory.
    pub(crate) fn data(&self) -> &Path {
        self.data.path()
    }

    /// Where its catalog is.
    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    /// The names of the files in an area of the store (`staging`, `blobs`, `renditions`).
    pub(crate) fn files(&self, area: &str) -> Vec<String> {
        let shards = std::fs::read_dir(self.data().join(area)).unwrap();
        let files = shards.flat_map(|shard| std::fs::read_dir(shard.unwrap().path()).unwrap());
        files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
    }

    /// A bare connection to the server.
    pub(crate) async fn connect(&self) -> Wire {
        Wire::connect(self.address).await
    }

    /// Sends bytes on a new connection and reads until the server closes it.
    pub(crate) async fn raw(&self, bytes: &[u8]) -> Vec<u8> {
        let mut wire = self.connect().await;
        wire.send(bytes).await;
        wire.rest().await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().map(std::thread::JoinHandle::join);
        if !std::thread::panicking() {
            assert!(matches!(ended, Some(Ok(()))), "the server did not end well");
        }
    }
}

/// A directory in memory where the system has that, or else on disk. What syncs are good for is no matter of these tests,
/// and to wait for them takes most of their time: 2 s and not 0.1 s each on a busy machine.
fn data_dir() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// The server's thread. It has a runtime of its own, so that a test that blocks does not block the server.
fn serve(options: Options, ready: oneshot::Sender<SocketAddr>, stopped: oneshot::Receiver<()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let ready = |address| ready.send(address).unwrap();
    let shutdown = async { drop(stopped.await) };
    runtime.block_on(run(options, ready, shutdown)).unwrap();
}

/// Makes a key and a connection, and the client that uses them.
async fn admit(
    catalog: &Catalog,
    address: SocketAddr,
    key_permissions: Grants<Permission>,
    connection_permissions: Grants<Permission>,
) -> Client {
    let key = ApiKey::random(Environment::Live);
    let connection = connection(connection_permissions);
    let record = key_record(key_permissions);
    let created_at = SystemClock.now();
    catalog.create_key(NewApiKey { record, hash: key.hash(), created_at }).await.unwrap();
    catalog.create_connection(connection.clone()).await.unwrap();
    Client::new(address, key.reveal(), connection.id)
}

/// A live key's record, with every scope.
pub(crate) fn key_record(permissions: Grants<Permission>) -> ApiKeyRecord {
    ApiKeyRecord {
        id: KeyId::random(),
        organisation: OrganisationId::default_organisation(),
        environment: Environment::Live,
        name: "a test".to_owned(),
        scopes: Grants::<Scope>::all(),
        permissions,
        connections: None,
        expires_at: None,
        revoked_at: None,
    }
}

/// An active, live connection.
pub(crate) fn connection(permissions: Grants<Permission>) -> NewConnection {
    NewConnection {
        id: ConnectionId::random(),
        organisation: OrganisationId::default_organisation(),
        environment: Environment::Live,
        status: ConnectionStatus::Active,
        name: "Ada".to_owned(),
        username: "ada".to_owned(),
        avatar: None,
        permissions,
        client_reference_id: None,
        created_at: SystemClock.now(),
    }
}

/// Looks again and again until `found` answers something. For what the server does in its own time, such as a sweep.
pub(crate) async fn eventually<T>(mut found: impl AsyncFnMut() -> Option<T>) -> T {
    let looking = async {
        loop {
            if let Some(found) = found().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, looking).await.expect("it did not come to pass")
}

/// A PNG photo; another `seed` makes another file.
pub(crate) fn photo(width: u32, height: u32, seed: u8) -> Vec<u8> {
    let pixel = |x: u32, y: u32| image::Rgb([seed, u8::try_from(x % 256).unwrap(), u8::try_from(y % 256).unwrap()]);
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_fn(width, height, pixel).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// Bytes that are no media and repeat nowhere.
pub(crate) fn noise(length: usize) -> Vec<u8> {
    (0_u32..).flat_map(u32::to_be_bytes).take(length).collect()
}
