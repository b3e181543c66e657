//! `strongroom move`: the vault goes to another database, another store, or both.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use serde_json::json;
use strongroom_catalog::Catalog;
use strongroom_catalog::records::TABLES;
use strongroom_core::clock::SystemClock;
use strongroom_server::app::{open_catalog, open_store};
use strongroom_server::config::Config;
use strongroom_server::maintenance::moving::{Move, MoveOptions, MoveReport, MoveStep, MoveTarget, name_of_store};
use strongroom_store::{Durability, Store};

use crate::output;
use crate::settings::SettingsArguments;

/// All that could be moved has moved; some bytes were lost or damaged before.
const DAMAGE_FOUND: u8 = 1;
/// It has not moved.
const NOT_MOVED: u8 = 2;

/// Where the new database's URL is looked for that is not on the command line.
const TO_DATABASE: &str = "STRONGROOM_TO_DATABASE";

/// `strongroom move`.
#[derive(Debug, Args)]
pub(crate) struct MoveArguments {
    #[command(flatten)]
    settings: SettingsArguments,
    /// The PostgreSQL database to move the rows to: postgres://user:password@host/name. Better set as STRONGROOM_TO_DATABASE,
    /// since other users of the machine can read a command line.
    #[arg(long, value_name = "URL")]
    to_database: Option<String>,
    /// Where to move the bytes: s3://bucket/prefix, or `disk` for the data directory. How to reach the bucket is read from where
    /// the server will read it: store.endpoint and its neighbours.
    #[arg(long, value_name = "URL")]
    to_store: Option<String>,
    /// Read at most this fast.
    #[arg(long, value_name = "MB")]
    max_mb_per_second: Option<u64>,
    /// Say what would be moved, and change nothing.
    #[arg(long, conflicts_with = "abort")]
    dry_run: bool,
    /// Give the move up: this vault takes writes again.
    #[arg(long)]
    abort: bool,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Moves a vault: status 0 where all of it has moved, 1 where some bytes were lost before, 2 where it has not moved.
pub(crate) async fn run(arguments: &MoveArguments) -> ExitCode {
    let ended = match (arguments.abort, arguments.dry_run) {
        (true, _) => abort(arguments).await,
        (_, true) => dry_run(arguments).await,
        _ => move_vault(arguments).await,
    };
    match ended {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(DAMAGE_FOUND),
        Err(problem) => {
            output::fail(&problem.to_string());
            ExitCode::from(NOT_MOVED)
        }
    }
}

/// The vault, as its own configuration has it.
async fn source(arguments: &MoveArguments) -> Result<(Catalog, Store, Config), Failure> {
    let settings = &arguments.settings;
    let path = settings.existing_path()?;
    let config = settings.config()?;
    Ok((settings.catalog().await?, open_store(path, &config.store).await?, config))
}

async fn move_vault(arguments: &MoveArguments) -> Result<usize, Failure> {
    let (catalog, store, config) = source(arguments).await?;
    let area = arguments.settings.path().join("moving");
    let target = target(arguments, &config, &area).await?;
    let options = MoveOptions {
        data_dir: arguments.settings.path().to_owned(),
        area: area.clone(),
        max_bytes_per_second: arguments.max_mb_per_second.map(|rate| rate.saturating_mul(1_000_000)),
    };
    let report = Move::new(catalog, store, target, Arc::new(SystemClock), options).run(show_step).await?;
    // What is left is of no use, and no harm.
    drop(std::fs::remove_dir_all(area));
    show(&report, arguments);
    Ok(report.damaged.len())
}

/// The new places, which are configured as the server will be: with all but the two URLs in common.
async fn target(arguments: &MoveArguments, config: &Config, area: &std::path::Path) -> Result<MoveTarget, Failure> {
    #[allow(clippy::disallowed_methods, reason = "an option of this command alone, and no setting of the server")]
    let to_database = arguments.to_database.clone().or_else(|| std::env::var(TO_DATABASE).ok());
    let to_store = arguments.to_store.as_deref().map(|url| if url == "disk" { "" } else { url });
    let layers = arguments.settings.layers()?;
    let layers = layers.with_option("database.url", to_database.as_deref(), "--to-database");
    let new = Config::read(&layers.with_option("store.url", to_store, "--to-store"))?;
    if to_database.is_none() && to_store.is_none() {
        return Err("nowhere to move to: --to-database, --to-store, or both".into());
    }
    if to_database.is_some() && config.database.url.is_some() {
        return Err("--to-database: the catalog is in a PostgreSQL database already; move that with pg_dump".into());
    }
    let name = name_of_store(&new.store);
    if to_store.is_some() && name == name_of_store(&config.store) {
        return Err(format!("--to-store: the bytes are in {name} already").into());
    }
    if to_store.is_some() && new.store.bucket.is_some() && config.store.bucket.is_some() {
        return Err("--to-store: from one bucket to another, copy with the object store's own means".into());
    }
    let directory = arguments.settings.path();
    let catalog = match &new.database.url {
        Some(url) if to_database.is_some() => {
            Some((open_catalog(directory, &new.database).await?, without_password(url)))
        }
        _ => None,
    };
    let store = match (to_store.is_some(), &new.store.bucket) {
        (false, _) => None,
        // Its scratch directories apart from those of a server that renders meanwhile.
        (true, Some(bucket)) => Some((Store::open_bucket(bucket, area).await?, name)),
        (true, None) => Some((Store::open(directory, Durability::Strict)?, name)),
    };
    Ok(MoveTarget { catalog, store })
}

/// What a database is called where others can read it.
fn without_password(url: &str) -> String {
    let url = url.split('?').next().unwrap_or(url);
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, place))) => format!("{scheme}://{place}"),
        _ => url.to_owned(),
    }
}

async fn abort(arguments: &MoveArguments) -> Result<usize, Failure> {
    let catalog = arguments.settings.catalog().await?;
    let given_up = Move::abort(&catalog).await?;
    output::line("the move is given up: this vault takes writes again");
    for place in given_up.to_database.iter().chain(&given_up.to_store) {
        output::line(&format!("what was copied to {place} stays there; another move needs an empty place"));
    }
    Ok(0)
}

async fn dry_run(arguments: &MoveArguments) -> Result<usize, Failure> {
    let (catalog, _, _) = source(arguments).await?;
    let mut rows = serde_json::Map::new();
    for table in TABLES {
        rows.insert(table.name().to_owned(), catalog.count_rows(table).await?.into());
    }
    let (mut blobs, mut files, mut bytes, mut parts) = (0_u64, 0_u64, 0_u64, 0_u64);
    for shard in Store::shards() {
        for blob in catalog.blobs_of_shard(shard).await? {
            blobs += 1;
            files += 1 + blob.renditions.len() as u64;
            bytes += blob.size_bytes + blob.renditions.iter().map(|kept| kept.size_bytes).sum::<u64>();
        }
        for part in catalog.parts_of_shard(shard).await? {
            parts += 1;
            bytes += part.part.size_bytes;
        }
    }
    let found = json!({ "rows": rows, "blobs": blobs, "files": files, "parts": parts, "bytes": bytes });
    match arguments.json {
        true => output::json(&found),
        false => {
            let count: i64 = rows.values().filter_map(serde_json::Value::as_i64).sum();
            output::line(&format!(
                "{count} rows, {files} files of {blobs} blobs, {parts} parts of open uploads, {} MB",
                bytes / 1_000_000
            ));
        }
    }
    Ok(0)
}

fn show_step(step: MoveStep) {
    output::note(&match step {
        MoveStep::AlreadyMoved => "the vault has moved before".to_owned(),
        MoveStep::Copied(files) => format!("{files} files copied"),
        MoveStep::Held => "writes are held: the old place answers reads alone".to_owned(),
        MoveStep::Table(name, rows) => format!("{name}: {rows} rows"),
        MoveStep::Comparing => "comparing both sides".to_owned(),
    });
}

fn show(report: &MoveReport, arguments: &MoveArguments) {
    if arguments.json {
        return output::json(&json!(report));
    }
    for damage in &report.damaged {
        let whose = damage.blob.map(|blob| format!("blob {blob}")).or(damage.upload.map(|upload| upload.to_string()));
        output::line(&format!("damaged\t{}\t{}\t{}", damage.connection, whose.unwrap_or_default(), damage.detail));
    }
    let rows: u64 = report.rows.values().sum();
    output::line(&format!(
        "moved: {rows} rows, {} originals, {} renditions and {} parts ({} MB) copied in this run; no writes were taken for {:.1} s",
        report.originals,
        report.renditions,
        report.parts,
        report.bytes / 1_000_000,
        std::time::Duration::from_millis(report.held_milliseconds).as_secs_f64()
    ));
    let next: PathBuf = arguments.settings.path().join("strongroom.toml");
    output::line(&format!("start the server at the new place: set database.url and store.url in {}", next.display()));
}
