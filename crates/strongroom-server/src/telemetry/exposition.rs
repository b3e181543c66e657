//! `GET /metrics` on an address of its own, away from clients. It answers nothing else, to few at a time, and waits for nobody.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::queues::Queues;
use super::{process, recorder};
use crate::app::{App, StartError};

/// Scrapers at a time. Further ones wait to be accepted.
const MOST_CONNECTIONS: usize = 8;

/// How long a scrape may take, from its connection to its last byte.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is told of a running process. It is no longer when this is dropped.
pub(crate) struct Exposition {
    _tasks: JoinSet<()>,
}

/// Begins to count, and to tell at `address`.
pub(crate) async fn expose(address: SocketAddr, app: &App) -> Result<Exposition, StartError> {
    let handle = recorder::install().map_err(|error| StartError::Metrics(error.to_string()))?;
    let failed = |error| StartError::ListenForMetrics { address, error };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    tracing::info!(address = %listener.local_addr().map_err(failed)?, "metrics are told at /metrics");
    let page = Page {
        handle: handle.clone(),
        queues: Queues::new(app.catalog.clone(), app.store.clone(), Arc::clone(&app.clock)),
    };
    let mut tasks = JoinSet::new();
    tasks.spawn(recorder::keep_up(handle));
    tasks.spawn(serve(listener, page));
    Ok(Exposition { _tasks: tasks })
}

async fn serve(listener: TcpListener, page: Page) {
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        while connections.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((socket, _)) => {
                let page = page.clone();
                connections.spawn(async move {
                    drop(tokio::time::timeout(PATIENCE, connection(socket, page)).await);
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a scraper's connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// One request: a connection that is kept would keep its place.
async fn connection(socket: TcpStream, page: Page) {
    let service = service_fn(move |request: Request<Incoming>| {
        let page = page.clone();
        async move { Ok::<_, Infallible>(answer(&request, &page).await) }
    });
    let served = http1::Builder::new().keep_alive(false).serve_connection(TokioIo::new(socket), service).await;
    if let Err(error) = served {
        tracing::debug!(%error, "a scraper's connection broke");
    }
}

async fn answer(request: &Request<Incoming>, page: &Page) -> Response<Full<Bytes>> {
    let (status, field, body) = match (request.uri().path(), request.method()) {
        ("/metrics", &Method::GET) => {
            (StatusCode::OK, (header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"), page.write().await)
        }
        ("/metrics", _) => (StatusCode::METHOD_NOT_ALLOWED, (header::ALLOW, "GET"), String::new()),
        _ => (StatusCode::NOT_FOUND, (header::CONTENT_TYPE, "text/plain"), "GET /metrics\n".to_owned()),
    };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(field.0, http::HeaderValue::from_static(field.1));
    response
}

/// What is told.
#[derive(Clone)]
struct Page {
    handle: PrometheusHandle,
    queues: Queues,
}

impl Page {
    async fn write(&self) -> String {
        self.queues.look().await;
        let mut page = self.handle.render();
        process::write(&mut page);
        page
    }
}
