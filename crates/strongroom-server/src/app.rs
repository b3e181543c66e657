//! Puts the pieces together. The only file that names concrete backends.

use std::net::SocketAddr;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use strongroom_catalog::{Announcement, Catalog, CatalogError};
use strongroom_core::clock::{Clock, SystemClock};
use strongroom_core::job::JobKind;
use strongroom_render::{Renderer, Sandbox, SandboxUnavailable, ToolReport};
use strongroom_store::{Durability, Store, StoreError};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::config::{self, Config, Database, Render};
use crate::delivery::keys::KeySource;
use crate::delivery::urls::Urls;
use crate::http::RateLimits;
use crate::jobs::{Admission, Drain, Sweeper, Wake, Worker};
use crate::listener::Lanes;
use crate::services::access::Access;
use crate::services::completion::Completion;
use crate::services::direct::Direct;
use crate::services::fetch_counts::FetchCounts;
use crate::services::one_at_a_time::OneAtATime;
use crate::services::parts::Parts;
use crate::services::sessions::Sessions;
use crate::services::settled::Settled;
use crate::{http, listener, maintenance, telemetry};

/// What to run, and where.
#[derive(Clone)]
pub struct Options {
    /// Where everything lies.
    pub data_dir: PathBuf,
    /// How it behaves.
    pub config: Config,
    /// Whether to answer requests.
    pub serve: bool,
    /// Whether to work off jobs.
    pub work: bool,
    /// The program that is run again as the sandboxed child.
    pub program: PathBuf,
    /// Whether to go on where the kernel lacks a layer of the sandbox.
    pub allow_unsandboxed: bool,
    /// What time it is: the machine's clock, or a test's.
    pub clock: Arc<dyn Clock>,
}

/// Why the server could not start, or had to end.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data directory cannot be used.
    #[error("{}: {error}", path.display())]
    DataDir {
        /// Which one.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The signing keys cannot be had.
    #[error("the signing keys: {0}")]
    SigningKeys(std::io::Error),
    /// A restore into this directory has not come to its end.
    #[error("a restore into {} was interrupted; run it again, and it goes on", .0.display())]
    Unrestored(PathBuf),
    /// Another process serves this directory.
    #[error("another strongroom serves {}; one process at a time may write uploads there", .0.display())]
    InUse(PathBuf),
    /// The catalog does not open, or has failed.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The store does not open.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The sandbox has a hole.
    #[error(
        "{0}\nUntrusted files must not be decoded without it. To run all the same, start with --allow-unsandboxed."
    )]
    Sandbox(#[from] SandboxUnavailable),
    /// The address cannot be listened on.
    #[error("server.listen: {address}: {error}")]
    Listen {
        /// Which one.
        address: SocketAddr,
        /// Why.
        error: std::io::Error,
    },
    /// The address that metrics are told at cannot be listened on.
    #[error("metrics.listen: {address}: {error}")]
    ListenForMetrics {
        /// Which one.
        address: SocketAddr,
        /// Why.
        error: std::io::Error,
    },
    /// There are no threads for connections.
    #[error("the threads that serve connections could not be started: {0}")]
    Threads(std::io::Error),
    /// Nothing can be counted.
    #[error("metrics: {0}")]
    Metrics(String),
    /// A sync failed; only a restart can tell what is on disk.
    #[error("the catalog accepts no more writes; restart, and it recovers from what is on disk")]
    CatalogFailed,
}

/// What every request and job can reach. Cheap to clone: it is, several times a request.
#[derive(Clone)]
pub(crate) struct App(Arc<Assembled>);

impl Deref for App {
    type Target = Assembled;

    fn deref(&self) -> &Assembled {
        &self.0
    }
}

/// The pieces, put together.
pub(crate) struct Assembled {
    pub(crate) catalog: Catalog,
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) config: Arc<Config>,
    pub(crate) access: Access,
    pub(crate) rate_limits: RateLimits,
    pub(crate) sessions: Sessions,
    pub(crate) parts: Parts,
    pub(crate) direct: Direct,
    pub(crate) completion: Completion,
    pub(crate) settled: Settled,
    pub(crate) fetch_counts: FetchCounts,
    pub(crate) urls: Urls,
    pub(crate) drain: Drain,
    pub(crate) wake: Wake,
    /// The programs that films need, once they were looked for; only where jobs are worked off.
    pub(crate) tools: Arc<OnceLock<Vec<ToolReport>>>,
    /// `enforced`, or `off`.
    pub(crate) sandbox: &'static str,
}

impl Assembled {
    pub(crate) fn base_url(&self) -> &str {
        self.urls.base()
    }
}

/// Where the SQLite catalog of a data directory lies.
#[must_use]
pub fn catalog_path(data_dir: &std::path::Path) -> PathBuf {
    data_dir.join("catalog.db")
}

/// Makes a data directory that only this user can enter.
///
/// # Errors
/// Where it cannot be made.
pub fn create_data_dir(path: &std::path::Path) -> Result<(), StartError> {
    use std::os::unix::fs::DirBuilderExt as _;
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|error| StartError::DataDir { path: path.to_owned(), error })
}

/// Opens the catalog: the database, or else that of the data directory. Makes the directory, and the schema, where they are not.
///
/// # Errors
/// Where that does not work.
pub async fn open_catalog(data_dir: &std::path::Path, database: &Database) -> Result<Catalog, StartError> {
    create_data_dir(data_dir)?;
    let path = catalog_path(data_dir);
    match (&database.url, database.durability) {
        (Some(url), _) => Ok(Catalog::open_postgres(url, &database.options).await?),
        (None, Durability::Strict) => Ok(Catalog::open_sqlite(&path).await?),
        (None, Durability::Relaxed) => Ok(Catalog::open_sqlite_relaxed(&path).await?),
    }
}

/// Opens the store: the bucket, or else the files of the data directory.
///
/// # Errors
/// Where that does not work.
pub async fn open_store(data_dir: &std::path::Path, store: &config::Store) -> Result<Store, StartError> {
    match &store.bucket {
        None => Ok(Store::open(data_dir, store.durability)?),
        Some(bucket) => Ok(Store::open_bucket(bucket, data_dir).await?),
    }
}

/// Puts a new signing key first; URLs signed with the older ones stay good. Answers its id.
///
/// # Errors
/// Where the keys cannot be replaced.
pub async fn rotate_signing_key(data_dir: &std::path::Path, database: &Database) -> Result<String, StartError> {
    let source = match database.url {
        // The file needs no catalog, and opening one would make it.
        None => KeySource::File(data_dir.to_owned()),
        Some(_) => KeySource::Catalog(open_catalog(data_dir, database).await?),
    };
    source.rotate(SystemClock.now()).await.map_err(StartError::SigningKeys)
}

/// Runs until `shutdown` resolves, then drains. `ready` is called once, when requests are answered or jobs taken.
///
/// # Errors
/// Where it cannot start, or the catalog fails under it.
pub async fn run(
    options: Options,
    ready: impl FnOnce(SocketAddr),
    shutdown: impl Future<Output = ()>,
) -> Result<(), StartError> {
    let data_dir = options.data_dir.clone();
    if maintenance::restore::is_unfinished(&data_dir) {
        return Err(StartError::Unrestored(data_dir));
    }
    let catalog = open_catalog(&data_dir, &options.config.database).await?;
    let _lock = if options.serve { Some(lock(&data_dir)?) } else { None };
    let store = open_store(&data_dir, &options.config.store).await?;
    maintenance::moving::admit(&catalog, &options.config.store).await?;
    let sandbox = if options.allow_unsandboxed { Sandbox::Unsandboxed } else { Sandbox::Required };
    let renderer = Renderer::new(options.program.clone(), options.config.render.limits.clone(), sandbox);
    if options.work && !options.allow_unsandboxed {
        renderer.self_test(&canary(&data_dir)?).await?;
    }
    let listener = if options.serve { Some(bind(options.config.server.listen).await?) } else { None };
    let address = listener.as_ref().map_or(options.config.server.listen, |(_, address)| *address);
    let app = assemble(&options, catalog, store, address).await?;
    let _exposition = match options.config.metrics {
        Some(address) => Some(telemetry::expose(address, &app).await?),
        None => None,
    };

    // Ended when dropped, and not waited for.
    let mut hearing = JoinSet::new();
    hearing.spawn(hear(app.clone()));
    let mut tasks = JoinSet::new();
    // Kept to the end: what a client has begun outlives its connection.
    let mut lanes = None;
    if let Some((listener, _)) = listener {
        tasks.spawn(listener::serve(
            listener,
            lanes.insert(Lanes::start().map_err(StartError::Threads)?).clone(),
            http::Entrance::new(app.clone()),
            Arc::new(app.config.server.clone()),
            app.drain.clone(),
        ));
        tasks.spawn(sweeper(&app).run());
        tasks.spawn(app.fetch_counts.clone().run(app.drain.clone()));
    }
    if options.work {
        tasks.spawn(look_for_tools(Arc::clone(&app.tools), renderer.clone()));
        let Render { photo_workers, film_workers, total_memory_bytes, .. } = app.config.render;
        let admission = Admission::new(total_memory_bytes);
        for (kind, workers) in [(JobKind::RenderPhoto, photo_workers), (JobKind::RenderFilm, film_workers)] {
            for _ in 0..workers {
                tasks.spawn(worker(&app, kind, renderer.clone(), admission.clone()).run());
            }
        }
    }
    ready(address);
    tokio::select! {
        () = shutdown => {}
        () = app.catalog.failed() => return Err(StartError::CatalogFailed),
    }
    drain(&app.drain, tasks, app.config.server.drain).await;
    app.fetch_counts.write().await;
    Ok(())
}

/// A file that no child may reach, for the sandbox's test of itself: the catalog, or where that is elsewhere an empty file.
pub(crate) fn canary(data_dir: &std::path::Path) -> Result<PathBuf, StartError> {
    let catalog = catalog_path(data_dir);
    if catalog.exists() {
        return Ok(catalog);
    }
    let canary = data_dir.join("sandbox-canary");
    let made = std::fs::OpenOptions::new().append(true).create(true).open(&canary);
    made.map(|_| canary.clone()).map_err(|error| StartError::DataDir { path: canary, error })
}

/// Passes on what other nodes commit: jobs for the workers here, and ends that requests here wait for.
async fn hear(app: App) {
    let hear = |announcement| match announcement {
        Announcement::Settled(blob) => app.settled.announce(blob),
        // What was committed before this node listened was not heard.
        Announcement::Jobs | Announcement::Listening => app.wake.wake(),
    };
    app.catalog.listen(hear).await;
}

async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |error| StartError::Listen { address, error };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// Notes which programs films need and this machine has. Beside the start, which does not wait for them.
async fn look_for_tools(tools: Arc<OnceLock<Vec<ToolReport>>>, renderer: Renderer) {
    let found = renderer.tools().await;
    for missing in found.iter().filter(|tool| tool.version.is_none()) {
        tracing::warn!(tool = missing.name, "not found; what needs it is kept and says so");
    }
    // Only this task sets it, once.
    drop(tools.set(found));
}

/// Begins the drain, waits as long as may be waited, then cuts off what is left.
async fn drain(drain: &Drain, mut tasks: JoinSet<()>, patience: std::time::Duration) {
    drain.begin();
    let all_ended = async { while tasks.join_next().await.is_some() {} };
    if tokio::time::timeout(patience, all_ended).await.is_ok() {
        return;
    }
    drain.end();
    // What is cut off still gives its job back and closes its connections.
    let cut_off = async { while tasks.join_next().await.is_some() {} };
    drop(tokio::time::timeout(std::time::Duration::from_secs(5), cut_off).await);
}

/// Only one process at a time writes uploads below a data directory. Given back by the kernel however the process ends.
fn lock(data_dir: &std::path::Path) -> Result<std::fs::File, StartError> {
    let failed = |error| StartError::DataDir { path: data_dir.to_owned(), error };
    let directory = std::fs::File::open(data_dir).map_err(failed)?;
    match directory.try_lock() {
        Ok(()) => Ok(directory),
        Err(std::fs::TryLockError::WouldBlock) => Err(StartError::InUse(data_dir.to_owned())),
        Err(std::fs::TryLockError::Error(error)) => Err(failed(error)),
    }
}

async fn assemble(options: &Options, catalog: Catalog, store: Store, address: SocketAddr) -> Result<App, StartError> {
    let config = Arc::new(options.config.clone());
    let clock = Arc::clone(&options.clock);
    let base = config.server.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
    // Nodes with a database in common have their signing keys there; one with its own catalog has them in a file beside it.
    let keys = match config.database.url {
        None => KeySource::File(options.data_dir.clone()),
        Some(_) => KeySource::Catalog(catalog.clone()),
    };
    let urls = Urls::open(keys, &base, config.url_lifetime, clock.now()).await.map_err(StartError::SigningKeys)?;
    let (ends, wake) = (OneAtATime::default(), Wake::default());
    let sessions = Sessions {
        catalog: catalog.clone(),
        store: store.clone(),
        clock: Arc::clone(&clock),
        ends: ends.clone(),
        settings: Arc::new(config.upload.clone()),
        min_free_bytes: config.store.min_free_bytes,
    };
    let parts = Parts {
        catalog: catalog.clone(),
        store: store.clone(),
        clock: Arc::clone(&clock),
        lifetime: config.upload.lifetime,
        beginnings: OneAtATime::default(),
    };
    let direct = Direct::new(parts.clone(), config.store.direct_parts, config.store.direct_part_lifetime);
    Ok(App(Arc::new(Assembled {
        access: Access { catalog: catalog.clone(), clock: Arc::clone(&clock) },
        rate_limits: RateLimits::new(&config.limits),
        completion: Completion {
            catalog: catalog.clone(),
            store: store.clone(),
            clock: Arc::clone(&clock),
            sessions: sessions.clone(),
            ends,
            direct: direct.clone(),
            wake: wake.clone(),
        },
        sandbox: if options.allow_unsandboxed { "off" } else { "enforced" },
        tools: Arc::default(),
        settled: Settled::default(),
        parts,
        direct,
        fetch_counts: FetchCounts::new(catalog.clone()),
        drain: Drain::default(),
        sessions,
        catalog,
        store,
        clock,
        config,
        urls,
        wake,
    })))
}

fn worker(app: &App, kind: JobKind, renderer: Renderer, admission: Admission) -> Worker {
    Worker {
        kind,
        catalog: app.catalog.clone(),
        store: app.store.clone(),
        renderer,
        clock: Arc::clone(&app.clock),
        settled: app.settled.clone(),
        wake: app.wake.clone(),
        drain: app.drain.clone(),
        admission,
        min_free_bytes: app.config.store.min_free_bytes,
        poll: app.config.render.poll,
    }
}

fn sweeper(app: &App) -> Sweeper {
    Sweeper {
        catalog: app.catalog.clone(),
        store: app.store.clone(),
        clock: Arc::clone(&app.clock),
        completion: app.completion.clone(),
        settled: app.settled.clone(),
        urls: app.urls.clone(),
        drain: app.drain.clone(),
        settings: app.config.sweep,
        remember: app.config.upload.remember,
        trash_days: app.config.settings.trash_retention_days.unwrap_or(30),
    }
}
