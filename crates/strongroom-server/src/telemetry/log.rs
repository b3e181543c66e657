//! Where log lines and spans go.

use std::io::IsTerminal as _;

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use super::json_lines::{JsonFields, JsonLines};
use crate::config::{Config, Log};

/// What is logged and traced until this is dropped; then what waits to be sent is sent.
#[must_use = "traces end with it"]
pub struct Telemetry {
    #[cfg(feature = "otlp")]
    _traces: Option<super::traces::Traces>,
}

/// Starts the log, and the traces where the configuration has them. Once in a process, inside its runtime. The log goes to
/// standard error; standard output is for the line that says "ready".
///
/// # Errors
/// Where `log.level` is no filter, or traces are wanted and cannot be had.
pub fn start(config: &Config) -> Result<Telemetry, String> {
    #[cfg(feature = "otlp")]
    {
        let traces = config.traces.endpoint.as_deref().map(|to| super::traces::Traces::to(to, config.traces.share));
        let traces = traces.transpose()?;
        let layer = traces.as_ref().map(super::traces::Traces::layer);
        tracing_subscriber::registry().with(lines(&config.log)?).with(layer).init();
        Ok(Telemetry { _traces: traces })
    }
    #[cfg(not(feature = "otlp"))]
    {
        if config.traces.endpoint.is_some() {
            return Err("traces.endpoint: this program was built without the feature `otlp`".to_owned());
        }
        tracing_subscriber::registry().with(lines(&config.log)?).init();
        Ok(Telemetry {})
    }
}

/// Filtered by itself: what is traced does not depend on what is logged.
fn lines(log: &Log) -> Result<Box<dyn Layer<Registry> + Send + Sync>, String> {
    let filter = EnvFilter::try_new(&log.level)
        .map_err(|error| format!("log.level: `{}` is not a tracing filter: {error}", log.level))?;
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    Ok(match log.json {
        true => {
            lines.with_ansi(false).fmt_fields(JsonFields::new()).event_format(JsonLines).with_filter(filter).boxed()
        }
        false => lines.with_ansi(std::io::stderr().is_terminal()).with_filter(filter).boxed(),
    })
}
