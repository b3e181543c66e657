//! Configuration: `config.default.toml`, then a file, the environment and the command line laid over it.
//!
//! The default file is the documentation and the list of known keys. Every problem is reported at once, naming the key,
//! the value given and the form expected.

use std::net::SocketAddr;
use std::time::Duration;

use strongroom_core::release_form::ConsentPolicy;
use strongroom_core::settings::Settings;
use strongroom_core::upload::{Lifetime, PlanLimits};
use strongroom_store::{BucketOptions, Durability};

mod bucket;
mod database;
mod layers;
mod memory;
mod origin;
mod reader;

pub use database::Database;
pub use layers::Layers;
pub(crate) use origin::is_origin;
pub use reader::ConfigError;

/// The defaults, and the documentation of every key.
pub const DEFAULT_TOML: &str = include_str!("../config.default.toml");

/// Everything that can be configured, read and checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// Listening, deadlines and caps.
    pub server: Server,
    /// Where rows lie.
    pub database: Database,
    /// Where bytes lie.
    pub store: Store,
    /// Upload sessions.
    pub upload: Upload,
    /// How often a connection may call.
    pub limits: Limits,
    /// What holds where neither a connection nor its organisation says otherwise.
    pub settings: Settings,
    /// Making renditions.
    pub render: Render,
    /// Signed URLs live at least this long.
    pub url_lifetime: Duration,
    /// Clearing up.
    pub sweep: Sweep,
    /// What is logged.
    pub log: Log,
    /// Where metrics are told; `None` is nowhere.
    pub metrics: Option<SocketAddr>,
    /// Where traces are sent.
    pub traces: Traces,
}

/// Listening, deadlines and caps.
#[derive(Debug, Clone)]
pub struct Server {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The base of every URL handed out, without a trailing slash; `None` means the listening address.
    pub public_url: Option<String>,
    /// Deadlines of connections and bodies.
    pub deadlines: Deadlines,
    /// Connections in all.
    pub max_connections: usize,
    /// Connections from one address.
    pub max_connections_per_address: usize,
    /// How long a drain may take.
    pub drain: Duration,
    /// Web origins whose pages may upload, with a key that they were given.
    pub cors_origins: Vec<String>,
}

/// How long a client may take.
#[derive(Debug, Clone, Copy)]
pub struct Deadlines {
    /// To its first byte.
    pub first_byte: Duration,
    /// From the first byte of a request's head to its last.
    pub head: Duration,
    /// Between two requests.
    pub keep_alive: Duration,
    /// Without reading while there is something to read.
    pub write_idle: Duration,
    /// Within a body.
    pub body_idle: Duration,
    /// Bytes per second that a body must reach on the whole.
    pub body_min_rate: u64,
}

/// Where bytes lie.
#[derive(Debug, Clone)]
pub struct Store {
    /// The bucket; `None` means the data directory.
    pub bucket: Option<BucketOptions>,
    /// Whether deliveries are redirected to the bucket.
    pub redirect: bool,
    /// Whether clients may send parts to the bucket itself.
    pub direct_parts: bool,
    /// How long a URL for that is good.
    pub direct_part_lifetime: Duration,
    /// What an acknowledgement means.
    pub durability: Durability,
    /// What must stay free.
    pub min_free_bytes: u64,
}

/// Upload sessions.
#[derive(Debug, Clone)]
pub struct Upload {
    /// How files are cut.
    pub plan: PlanLimits,
    /// The largest file.
    pub max_file_bytes: u64,
    /// Open sessions a connection may have.
    pub max_open: i64,
    /// How long sessions live.
    pub lifetime: Lifetime,
    /// How long closed ones are known.
    pub remember: Duration,
}

/// How often a connection may call. None of these is a limit where it is 0.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Calls on the vault, on the whole.
    pub requests_per_minute: u32,
    /// Calls on the vault at once.
    pub burst: u32,
    /// Calls that upload.
    pub uploads_per_minute: u32,
}

/// Making renditions.
#[derive(Debug, Clone)]
pub struct Render {
    /// Photos at a time.
    pub photo_workers: usize,
    /// Films, moving pictures and sounds at a time.
    pub film_workers: usize,
    /// How often to look for other processes' jobs.
    pub poll: Duration,
    /// What one render may use.
    pub limits: strongroom_render::Limits,
    /// What all renders of this process may use of memory together.
    pub total_memory_bytes: u64,
}

/// Clearing up.
#[derive(Debug, Clone, Copy)]
pub struct Sweep {
    /// How often.
    pub interval: Duration,
    /// How old a file must be that nothing refers to.
    pub grace: Duration,
}

/// What is logged.
#[derive(Debug, Clone)]
pub struct Log {
    /// A tracing filter.
    pub level: String,
    /// As JSON, not as text.
    pub json: bool,
}

/// Where traces are sent.
#[derive(Debug, Clone)]
pub struct Traces {
    /// The collector's base URL; `None` is nowhere.
    pub endpoint: Option<String>,
    /// The share of requests and jobs that is traced.
    pub share: f64,
}

impl Config {
    /// Reads and checks what `layers` hold.
    ///
    /// # Errors
    /// Every key that is unknown, missing or of the wrong form.
    pub fn read(layers: &Layers) -> Result<Self, ConfigError> {
        let mut from = reader::Reader::new(layers);
        let url_lifetime = Duration::from_secs(from.whole("delivery.url_seconds", 60..=2_592_000));
        let mut config = Self {
            server: read_server(&mut from),
            database: database::read(&mut from),
            store: Store {
                bucket: bucket::read(&mut from),
                redirect: from.truth("store.redirect"),
                direct_parts: from.truth("store.direct_parts"),
                direct_part_lifetime: Duration::from_secs(from.whole("store.direct_part_seconds", 1..=86_400)),
                durability: from
                    .choice("store.durability", &[("strict", Durability::Strict), ("relaxed", Durability::Relaxed)]),
                min_free_bytes: from.whole("store.min_free_bytes", 0..=u64::MAX),
            },
            upload: read_upload(&mut from),
            render: read_render(&mut from),
            limits: Limits {
                requests_per_minute: from.whole_u32("limits.requests_per_minute", 0..=1_000_000),
                burst: from.whole_u32("limits.burst", 1..=1_000_000),
                uploads_per_minute: from.whole_u32("limits.uploads_per_minute", 0..=1_000_000),
            },
            settings: Settings {
                consent_policy: Some(ConsentPolicy::Off),
                quota_bytes: None,
                trash_retention_days: Some(from.whole_u32("sweep.trash_days", 0..=365)),
                delivery_ttl_seconds: u32::try_from(url_lifetime.as_secs()).ok(),
                cors_origins: Some(from.origins("delivery.cors_origins")),
            },
            url_lifetime,
            sweep: Sweep {
                interval: from.span("sweep.interval_seconds", 1.0, 0.05),
                grace: from.span("sweep.grace_seconds", 1.0, 0.0),
            },
            log: Log {
                level: from.text("log.level"),
                json: from.choice("log.format", &[("text", false), ("json", true)]),
            },
            metrics: from.optional_address("metrics.listen"),
            traces: Traces { endpoint: from.base_url("traces.endpoint"), share: from.share("traces.share") },
        };
        config.database.durability = config.store.durability;
        if config.store.bucket.is_some() && config.upload.plan.min_part_bytes < SMALLEST_BUCKET_PART_BYTES {
            let given = config.upload.plan.min_part_bytes.to_string();
            from.problem("upload.min_part_bytes", &given, "at least 8388608 where store.url is a bucket");
        }
        from.finish(config)
    }
}

/// The smallest power of two that S3 takes for a part which is not the last: it wants 5 MiB
/// (docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html).
const SMALLEST_BUCKET_PART_BYTES: u64 = 8 << 20;

fn read_server(from: &mut reader::Reader<'_>) -> Server {
    let seconds = 1..=86_400;
    Server {
        listen: from.parsed("server.listen", "an address and port, such as 127.0.0.1:8080"),
        public_url: from.base_url("server.public_url"),
        deadlines: Deadlines {
            first_byte: Duration::from_secs(from.whole("server.first_byte_seconds", seconds.clone())),
            head: Duration::from_secs(from.whole("server.head_seconds", seconds.clone())),
            keep_alive: Duration::from_secs(from.whole("server.keep_alive_seconds", seconds.clone())),
            write_idle: Duration::from_secs(from.whole("server.write_idle_seconds", seconds.clone())),
            body_idle: Duration::from_secs(from.whole("server.body_idle_seconds", seconds.clone())),
            body_min_rate: from.whole("server.body_min_bytes_per_second", 0..=1 << 30),
        },
        max_connections: from.count("server.max_connections", 1..=1_000_000),
        max_connections_per_address: from.count("server.max_connections_per_address", 1..=1_000_000),
        drain: Duration::from_secs(from.whole("server.drain_seconds", 0..=3600)),
        cors_origins: from.origins("server.cors_origins"),
    }
}

fn read_upload(from: &mut reader::Reader<'_>) -> Upload {
    let defaults = PlanLimits::default();
    let min_part_bytes = from.power_of_two("upload.min_part_bytes", 1024..=1 << 30);
    let max_part_bytes = from.power_of_two("upload.max_part_bytes", 1024..=1 << 30);
    if max_part_bytes < min_part_bytes {
        from.problem("upload.max_part_bytes", &max_part_bytes.to_string(), "at least upload.min_part_bytes");
    }
    let plan = PlanLimits { min_part_bytes, max_part_bytes, ..defaults };
    let max_file_bytes = from.whole("upload.max_file_bytes", 1..=1 << 50);
    const HOUR: f64 = 3600.0;
    Upload {
        plan,
        max_file_bytes: max_file_bytes.min(plan.max_file_bytes()),
        max_open: from.whole_signed("upload.max_open", 1..=1_000_000),
        lifetime: Lifetime {
            idle: from.span("upload.idle_hours", HOUR, 0.0001),
            absolute: from.span("upload.max_hours", HOUR, 0.0001),
        },
        remember: from.span("upload.remember_days", 24.0 * HOUR, 0.0),
    }
}

fn read_render(from: &mut reader::Reader<'_>) -> Render {
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let workers = from.count("render.photo_workers", 0..=1024);
    let total_memory_bytes = from.whole("render.total_memory_bytes", 0..=1 << 50);
    let limits = strongroom_render::Limits {
        max_pixels: from.whole("render.max_pixels", 1..=1_000_000_000),
        max_side: from.whole_u32("render.max_side", 1..=65_535),
        address_space_bytes: from.whole("render.memory_bytes", 64 << 20..=1 << 40),
        cpu_seconds: from.whole("render.cpu_seconds", 1..=3600),
        wall_seconds: from.whole("render.wall_seconds", 1..=3600),
        ..strongroom_render::Limits::default()
    };
    Render {
        photo_workers: if workers == 0 { processors } else { workers },
        film_workers: from.count("render.film_workers", 0..=1024),
        poll: Duration::from_millis(from.whole("render.poll_milliseconds", 10..=60_000)),
        limits,
        total_memory_bytes: if total_memory_bytes == 0 { share_of_memory() } else { total_memory_bytes },
    }
}

/// 60 % of the memory there is; the rest is for the server, and for the files that the system keeps in it. Where the system
/// does not tell, one film at a time.
fn share_of_memory() -> u64 {
    memory::memory_bytes()
        .map_or_else(|| strongroom_render::Limits::default().film_memory_bytes(), |bytes| bytes / 10 * 6)
}

#[cfg(test)]
mod tests;
