//! Spans, sent to an OpenTelemetry collector: OTLP over HTTP, in protobuf, in the background. What the collector does not take
//! in time is dropped; nothing here waits for it.

use std::time::Duration;

use axum::http::HeaderMap;
use opentelemetry::KeyValue;
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::{Bytes, HeaderExtractor, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tokio::runtime::Handle;
use tracing::{Level, Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::registry::LookupSpan;

/// How long the collector may take for one batch, and all that is left at the end.
const PATIENCE: Duration = Duration::from_secs(5);

/// Traces on their way to a collector, until dropped.
pub(super) struct Traces {
    provider: SdkTracerProvider,
}

impl Traces {
    /// Traces to the collector at `endpoint`, of this share of all requests and jobs. Whoever asks with a `traceparent` has decided
    /// that already.
    pub(super) fn to(endpoint: &str, share: f64) -> Result<Self, String> {
        let failed = |error: &dyn std::fmt::Display| format!("traces.endpoint: {endpoint}: {error}");
        let client = reqwest::Client::builder().timeout(PATIENCE).build().map_err(|error| failed(&error))?;
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Sender { client, runtime: Handle::current() })
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{endpoint}/v1/traces"))
            .with_timeout(PATIENCE)
            .build()
            .map_err(|error| failed(&error))?;
        let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        let resource = Resource::builder_empty().with_service_name("strongroom").with_attribute(version).build();
        let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(share)));
        let builder = SdkTracerProvider::builder().with_batch_exporter(exporter).with_sampler(sampler);
        Ok(Self { provider: builder.with_resource(resource).build() })
    }

    /// Takes our own spans; those of libraries may hold what nobody has looked at. No events: log lines are in the log.
    pub(super) fn layer<S: Subscriber + for<'a> LookupSpan<'a>>(&self) -> impl Layer<S> + use<S> {
        let ours = ["strongroom_server", "strongroom_catalog", "strongroom_store", "strongroom_render"];
        let filter = Targets::new().with_targets(ours.map(|target| (target, Level::DEBUG)));
        let tracer = self.provider.tracer("strongroom");
        let layer = tracing_opentelemetry::layer().with_tracer(tracer).with_location(false).with_threads(false);
        layer.with_filter(tracing_subscriber::filter::FilterExt::and(
            filter,
            tracing_subscriber::filter::filter_fn(|metadata| metadata.is_span()),
        ))
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        if let Err(error) = self.provider.shutdown_with_timeout(PATIENCE) {
            tracing::warn!(%error, "the last traces could not be sent");
        }
    }
}

/// Makes `span` a part of the caller's trace, if the caller has one.
pub(super) fn continue_trace(span: &Span, headers: &HeaderMap) {
    let caller = TraceContextPropagator::new().extract(&HeaderExtractor(headers));
    // Fails where nothing is traced.
    drop(span.set_parent(caller));
}

/// Sends batches. They are made on a thread of their own, which knows no runtime; the requests run in ours.
#[derive(Debug)]
struct Sender {
    client: reqwest::Client,
    runtime: Handle,
}

impl HttpClient for Sender {
    fn send_bytes<'client, 'future>(
        &'client self,
        request: Request<Bytes>,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'future>>
    where
        'client: 'future,
        Self: 'future,
    {
        let client = self.client.clone();
        let sending = self.runtime.spawn(async move {
            let answer = client.execute(request.try_into()?).await?;
            let mut response = Response::builder().status(answer.status());
            if let Some(headers) = response.headers_mut() {
                headers.clone_from(answer.headers());
            }
            Ok::<_, HttpError>(response.body(answer.bytes().await?)?)
        });
        Box::pin(async move { sending.await? })
    }
}
