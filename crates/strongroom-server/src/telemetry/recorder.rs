//! The process's recorder. Until it is installed, counting costs one look at a static and counts nothing.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

use super::metric::{BUILD, Kind, METRICS, Metric};

/// How often samples of histograms are added up; until then each takes eight bytes.
const UPKEEP: Duration = Duration::from_secs(5);

/// One for the process, however many servers run in it: the `metrics` crate has no other.
static INSTALLED: Mutex<Option<PrometheusHandle>> = Mutex::new(None);

/// The same for those who ask at every request.
static IS_INSTALLED: AtomicBool = AtomicBool::new(false);

/// Installs the recorder, unless that was done before.
pub(super) fn install() -> Result<PrometheusHandle, BuildError> {
    let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = &*installed {
        return Ok(handle.clone());
    }
    let mut builder = PrometheusBuilder::new();
    for metric in METRICS {
        if let Kind::Histogram(bounds) = metric.kind {
            builder = builder.set_buckets_for_metric(Matcher::Full(metric.name.to_owned()), bounds)?;
        }
    }
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder)?;
    METRICS.iter().for_each(describe);
    gauge(&BUILD, &[("version", env!("CARGO_PKG_VERSION"))]).set(1.0);
    *installed = Some(handle.clone());
    IS_INSTALLED.store(true, Ordering::Release);
    Ok(handle)
}

/// Whether anything is counted.
pub(super) fn is_installed() -> bool {
    IS_INSTALLED.load(Ordering::Acquire)
}

/// Adds up samples for as long as it is polled.
pub(super) async fn keep_up(handle: PrometheusHandle) {
    loop {
        tokio::time::sleep(UPKEEP).await;
        handle.run_upkeep();
    }
}

/// Tells the recorder what a metric is, and shows it from the start with every value that its labels are known to have: an
/// alert on a counter's growth would not see it come into being.
fn describe(metric: &Metric) {
    match metric.kind {
        Kind::Counter => metrics::describe_counter!(metric.name, metric.meaning),
        Kind::Gauge => metrics::describe_gauge!(metric.name, metric.meaning),
        Kind::Histogram(_) => metrics::describe_histogram!(metric.name, metric.meaning),
    }
    let mut series = vec![Vec::new()];
    for (label, values) in metric.labels {
        let with = |series: &Vec<_>, value: &&'static str| [&series[..], &[(*label, *value)]].concat();
        series = series.iter().flat_map(|series| values.iter().map(move |value| with(series, value))).collect();
    }
    for labels in series {
        match metric.kind {
            Kind::Counter => drop(counter(metric, &labels)),
            Kind::Gauge => drop(gauge(metric, &labels)),
            Kind::Histogram(_) => drop(histogram(metric, &labels)),
        }
    }
}

const METADATA: Metadata<'static> = Metadata::new("strongroom", Level::INFO, None);

fn key(metric: &Metric, labels: &[(&'static str, &'static str)]) -> Key {
    let labels: Vec<Label> = labels.iter().map(|(name, value)| Label::from_static_parts(name, value)).collect();
    Key::from_parts(metric.name, labels)
}

/// The counter with these values of its labels.
pub(super) fn counter(metric: &Metric, labels: &[(&'static str, &'static str)]) -> Counter {
    metrics::with_recorder(|recorder| recorder.register_counter(&key(metric, labels), &METADATA))
}

/// The gauge with these values of its labels.
pub(super) fn gauge(metric: &Metric, labels: &[(&'static str, &'static str)]) -> Gauge {
    metrics::with_recorder(|recorder| recorder.register_gauge(&key(metric, labels), &METADATA))
}

/// The histogram with these values of its labels.
pub(super) fn histogram(metric: &Metric, labels: &[(&'static str, &'static str)]) -> Histogram {
    metrics::with_recorder(|recorder| recorder.register_histogram(&key(metric, labels), &METADATA))
}
