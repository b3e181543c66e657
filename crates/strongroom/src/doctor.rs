//! `strongroom doctor`: whether this machine can do what Strongroom promises.

use clap::Args;
use serde_json::json;
use strongroom_render::{Renderer, Sandbox};
use strongroom_server::app::{catalog_path, open_catalog};
use strongroom_store::Store;

use crate::settings::SettingsArguments;
use crate::{Ending, output};

/// `strongroom doctor`.
#[derive(Debug, Args)]
pub(crate) struct DoctorArguments {
    #[command(flatten)]
    settings: SettingsArguments,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

/// One thing that was looked at.
struct Finding {
    name: &'static str,
    is_good: bool,
    detail: String,
}

/// Runs every check, and fails if one of them did.
pub(crate) async fn run(arguments: &DoctorArguments) -> Ending {
    let mut findings = vec![configuration(arguments)];
    findings.push(catalog(arguments).await);
    findings.push(disk(arguments).await);
    findings.extend(sandbox(arguments).await);
    if arguments.json {
        let all = findings.iter().map(|f| json!({ "name": f.name, "ok": f.is_good, "detail": f.detail }));
        output::json(&all.collect());
    } else {
        for Finding { name, is_good, detail } in &findings {
            output::line(&format!("{}  {name}: {detail}", if *is_good { "good" } else { "BAD " }));
        }
    }
    let bad = findings.iter().filter(|finding| !finding.is_good).count();
    if bad == 0 { Ok(()) } else { Err(format!("{bad} of {} checks failed", findings.len()).into()) }
}

fn finding<E: std::fmt::Display>(name: &'static str, result: Result<String, E>) -> Finding {
    match result {
        Ok(detail) => Finding { name, is_good: true, detail },
        Err(error) => Finding { name, is_good: false, detail: error.to_string() },
    }
}

fn configuration(arguments: &DoctorArguments) -> Finding {
    finding("configuration", arguments.settings.config().map(|_| "every key is known and of its form".to_owned()))
}

async fn catalog(arguments: &DoctorArguments) -> Finding {
    let opened = open_catalog(arguments.settings.path()).await;
    finding("catalog", opened.map(|_| "SQLite, write-ahead log, full sync".to_owned()))
}

async fn disk(arguments: &DoctorArguments) -> Finding {
    let config = match arguments.settings.config() {
        Ok(config) => config,
        Err(error) => return finding::<_>("disk", Err(error)),
    };
    let store = match Store::open(arguments.settings.path(), config.store.durability) {
        Ok(store) => store,
        Err(error) => return finding::<_>("disk", Err(error)),
    };
    let free = store.free_bytes().await.map_err(|error| error.to_string());
    finding(
        "disk",
        free.and_then(|free| {
            let (free_mib, floor_mib) = (free >> 20, config.store.min_free_bytes >> 20);
            let text = format!("{free_mib} MiB free, new uploads are refused below {floor_mib} MiB");
            if free_mib >= floor_mib { Ok(text) } else { Err(text) }
        }),
    )
}

async fn sandbox(arguments: &DoctorArguments) -> Vec<Finding> {
    let (program, limits) = match (std::env::current_exe(), arguments.settings.config()) {
        (Ok(program), Ok(config)) => (program, config.render.limits),
        (Err(error), _) => return vec![finding("sandbox", Err(error))],
        (_, Err(error)) => return vec![finding("sandbox", Err(error))],
    };
    let renderer = Renderer::new(program, limits, Sandbox::Required);
    let tools = renderer.tools().await.into_iter().map(|tool| Finding {
        name: "tool",
        is_good: tool.version.is_some(),
        detail: format!(
            "{} {}",
            tool.name,
            tool.version.as_deref().unwrap_or("is missing: what needs it is only kept")
        ),
    });
    let tools: Vec<Finding> = tools.collect();
    match renderer.self_test(&catalog_path(arguments.settings.path())).await {
        Err(error) => vec![finding("sandbox", Err(error))],
        Ok(report) => {
            let layers = report.layers.into_iter().map(|layer| Finding {
                name: "sandbox layer",
                is_good: layer.enforced,
                detail: format!("{}, {}", layer.name, layer.detail),
            });
            let attempts = report.attempts.into_iter().map(|attempt| Finding {
                name: "sandbox refuses",
                is_good: attempt.refused,
                detail: format!("{} ({})", attempt.name, attempt.detail),
            });
            layers.chain(attempts).chain(tools).collect()
        }
    }
}
