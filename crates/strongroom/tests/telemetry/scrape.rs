//! Reading what `/metrics` answers.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::support::{Answer, PATIENCE};

/// A free address on this machine, as text for the configuration.
pub(crate) fn free_address() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// One request to the metrics' own address.
pub(crate) async fn ask(address: SocketAddr, method: reqwest::Method, path: &str) -> Answer {
    let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
    Answer::to(http.request(method, format!("http://{address}{path}"))).await
}

/// What was exported.
pub(crate) struct Scrape {
    /// Types by metric.
    pub(crate) types: BTreeMap<String, String>,
    /// Values by series, as it is spelled.
    pub(crate) values: BTreeMap<String, f64>,
}

impl Scrape {
    /// Asks and reads.
    pub(crate) async fn of(address: SocketAddr) -> Self {
        let answer = ask(address, reqwest::Method::GET, "/metrics").await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
        let text = answer.text();
        let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
        let series = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        let value = |line: &str| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap())
        };
        Self {
            types: types.map(|(name, kind)| (name.to_owned(), kind.to_owned())).collect(),
            values: series.map(value).collect(),
        }
    }

    /// The value of one series; labels in any order.
    pub(crate) fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let mut found =
            self.values.iter().filter(|(series, _)| labels_of(series, name).as_deref() == Some(&sorted(labels)[..]));
        *found.next().unwrap_or_else(|| panic!("no {name} {labels:?} in {:#?}", self.values)).1
    }
}

fn sorted(labels: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut labels: Vec<_> = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    labels.sort();
    labels
}

/// The labels of a series, if it is one of the metric `name`.
pub(crate) fn labels_of(series: &str, name: &str) -> Option<Vec<(String, String)>> {
    let rest = series.strip_prefix(name)?;
    if rest.is_empty() {
        return Some(Vec::new());
    }
    // No value of ours has a quote in it.
    let pairs = rest.strip_prefix('{')?.strip_suffix('}')?.split("\",");
    let pairs: Vec<(&str, &str)> = pairs.map(|pair| pair.split_once("=\"").unwrap()).collect();
    let pairs: Vec<(&str, &str)> =
        pairs.into_iter().map(|(label, value)| (label, value.trim_end_matches('"'))).collect();
    Some(sorted(&pairs))
}
