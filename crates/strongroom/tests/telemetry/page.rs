//! docs/reference/metrics.md says what there is, all of it, and nothing else.

use std::collections::BTreeSet;
use std::path::Path;

use strongroom_server::telemetry::metrics_page;

use crate::scrape::{Scrape, free_address, labels_of};
use crate::support::Server;
use crate::workload::work;

#[test]
fn the_page_is_what_the_program_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/metrics.md");
    if std::env::var_os("WRITE").is_some() {
        std::fs::write(&path, metrics_page()).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), metrics_page(), "WRITE=1 writes it again");
}

#[tokio::test]
async fn a_server_exports_what_the_page_says() {
    let address = free_address();
    // A file where a directory should be: a step of the sweep fails, and that is counted.
    let server = Server::start(&[
        ("STRONGROOM_METRICS__LISTEN", &address.to_string()),
        ("STRONGROOM_SWEEP__INTERVAL_SECONDS", "0.05"),
    ])
    .await;
    work(&server.client).await;
    std::fs::remove_dir_all(server.data().join("staging")).unwrap();
    std::fs::write(server.data().join("staging"), "").unwrap();
    crate::support::eventually(async || {
        let failures = "strongroom_sweep_failures_total";
        Scrape::of(address).await.values.keys().any(|series| series.starts_with(failures)).then_some(())
    })
    .await;
    let scrape = Scrape::of(address).await;
    let exported: BTreeSet<String> = scrape
        .types
        .iter()
        .map(|(name, kind)| {
            format!("{name} {kind} {}", labels(&scrape, name).into_iter().collect::<Vec<_>>().join(" "))
        })
        .collect();
    let documented: BTreeSet<String> = metrics_page().lines().filter_map(documented).collect();
    assert_eq!(exported, documented);
}

/// A row of the table: name, type, names of labels.
fn documented(row: &str) -> Option<String> {
    let mut cells = row.strip_prefix("| `")?.split(" | ");
    let (name, kind, labels) = (cells.next()?.trim_end_matches('`'), cells.next()?, cells.next()?);
    let mut labels: Vec<&str> = labels.split('`').skip(1).step_by(2).collect();
    labels.sort_unstable();
    Some(format!("{name} {kind} {}", labels.join(" ")))
}

/// The labels that a metric's series have, without those that its type brings along.
fn labels(scrape: &Scrape, name: &str) -> BTreeSet<String> {
    let of = |series: &str| {
        let spelled = [name.to_owned(), format!("{name}_bucket")];
        spelled.iter().find_map(|name| labels_of(series, name)).unwrap_or_default()
    };
    scrape.values.keys().flat_map(|series| of(series)).map(|(label, _)| label).filter(|label| label != "le").collect()
}
