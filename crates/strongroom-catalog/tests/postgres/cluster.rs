//! A PostgreSQL of the tests' own. nextest runs every test in a process of its own, so they share one server, and each has a
//! database: a copy of a template that was migrated once. Its `owner` migrates and is no superuser; everything else is done as
//! `guest`, who has no more than `migrations/postgres-role.sql` gives.

use std::fs::File;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Executor as _};
use strongroom_catalog::{Catalog, PostgresOptions};
use strongroom_core::id::UploadId;

/// Where its socket is.
pub(crate) static CLUSTER: LazyLock<Cluster> = LazyLock::new(Cluster::start);

/// Runs while any process holds its lock, and a little longer.
pub(crate) struct Cluster {
    pub(crate) socket: PathBuf,
    _in_use: File,
}

/// Goes when dropped.
pub(crate) struct Database {
    pub(crate) name: String,
}

impl Cluster {
    fn start() -> Self {
        let uid = std::fs::metadata("/proc/self").unwrap().uid();
        let socket = std::env::temp_dir().join(format!("strongroom-postgres-{uid}"));
        std::fs::create_dir_all(&socket).unwrap();
        let in_use = open(&socket.join("in-use"));
        in_use.lock_shared().unwrap();
        let gate = gate(&socket);
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/postgres/cluster.sh");
        #[allow(clippy::disallowed_methods, reason = "the tests' own server")]
        let started = std::process::Command::new(script).arg(&socket).output().unwrap();
        assert!(started.status.success(), "no PostgreSQL for the tests: {}", String::from_utf8_lossy(&started.stderr));
        drop(gate);
        Self { socket, _in_use: in_use }
    }

    /// The URL of a database, as this role.
    pub(crate) fn url(&self, database: &str, role: &str) -> String {
        format!("postgres:///{database}?host={}&user={role}", self.socket.display())
    }

    /// A session of the superuser's.
    pub(crate) async fn superuser(&self, database: &str) -> PgConnection {
        self.url(database, "postgres").parse::<PgConnectOptions>().unwrap().connect().await.unwrap()
    }
}

impl Database {
    /// A database with nothing in it, not even a schema.
    pub(crate) async fn empty() -> Self {
        Self::copy_of("template0").await
    }

    /// A database with the schema of today.
    pub(crate) async fn migrated() -> Self {
        let template = format!("template_{}", hash_of_migrations());
        if !exists(&template).await {
            let gate = gate(&CLUSTER.socket);
            if !exists(&template).await {
                let building = std::mem::ManuallyDrop::new(Self::empty().await);
                let url = CLUSTER.url(&building.name, "owner");
                drop(Catalog::open_postgres(&url, &PostgresOptions::default()).await.unwrap());
                welcome_guest(&url).await;
                rename(&building.name, &template).await;
            }
            drop(gate);
        }
        Self::copy_of(&template).await
    }

    /// The URL for this role.
    pub(crate) fn url(&self, role: &str) -> String {
        CLUSTER.url(&self.name, role)
    }

    /// A session of the superuser's.
    pub(crate) async fn superuser(&self) -> PgConnection {
        CLUSTER.superuser(&self.name).await
    }

    async fn copy_of(template: &str) -> Self {
        let name = format!("test_{}", UploadId::random().uuid().simple());
        let mut connection = CLUSTER.superuser("postgres").await;
        for role in ["owner", "guest"] {
            let create = format!("create role {role} login; exception when duplicate_object or unique_violation then");
            connection.execute(AssertSqlSafe(format!("do $$ begin {create} end $$"))).await.unwrap();
        }
        let create = format!("create database {name} owner owner template {template} encoding 'UTF8'");
        connection.execute(AssertSqlSafe(create)).await.unwrap();
        Self { name }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let text = format!("drop database if exists {} with (force)", self.name);
        // A thread, since a runtime may not be entered from within another.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async { CLUSTER.superuser("postgres").await.execute(AssertSqlSafe(text)).await.unwrap() })
        });
        drop(dropped.join());
    }
}

async fn exists(database: &str) -> bool {
    let found = sqlx::query("select 1 from pg_database where datname = $1").bind(database);
    CLUSTER.superuser("postgres").await.fetch_optional(found).await.unwrap().is_some()
}

async fn welcome_guest(url: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/postgres-role.sql");
    let text = std::fs::read_to_string(file).unwrap().replace(":\"role\"", "guest");
    url.parse::<PgConnectOptions>().unwrap().connect().await.unwrap().execute(AssertSqlSafe(text)).await.unwrap();
}

/// Once all that was connected to it has gone.
async fn rename(from: &str, to: &str) {
    let mut connection = CLUSTER.superuser("postgres").await;
    let end = sqlx::query("select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = $1").bind(from);
    connection.execute(end).await.unwrap();
    connection.execute(AssertSqlSafe(format!("alter database {from} rename to {to}"))).await.unwrap();
}

fn hash_of_migrations() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/postgres");
    let mut files: Vec<PathBuf> = folder.read_dir().unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files.push(folder.with_file_name("postgres-role.sql"));
    let mut hasher = DefaultHasher::new();
    files.iter().for_each(|file| std::fs::read(file).unwrap().hash(&mut hasher));
    format!("{:016x}", hasher.finish())
}

/// Held by one process at a time.
fn gate(socket: &Path) -> File {
    let gate = open(&socket.join("gate"));
    gate.lock().unwrap();
    gate
}

fn open(path: &Path) -> File {
    File::options().create(true).write(true).truncate(false).open(path).unwrap()
}
