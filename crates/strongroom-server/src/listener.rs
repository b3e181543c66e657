//! The accept loop: HTTP/1.1 with a deadline for every way in which a client can take its time.
//!
//! Our own, since the framework's has no deadline for a request's head and waits for ever on shutdown
//! (docs/adr/0007-http1-own-accept-loop.md).

mod addresses;
mod alarm;
mod lanes;
mod lending;
mod pace;
mod stream;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::response::Response;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tower::{Service, ServiceExt as _};

use self::addresses::{Addresses, Place};
pub(crate) use self::lanes::Lanes;
use self::lanes::OnLane;
pub(crate) use self::lending::Lending;
use self::pace::{Pace, Paced};
use self::stream::PacedStream;
use crate::config;
use crate::jobs::Drain;
use crate::telemetry::{self, OpenConnection};

/// A request's head: its bytes, and its fields.
const HEAD_BYTES: usize = 32 << 10;
const HEAD_FIELDS: usize = 100;

/// The buffer that a connection reads into. Bounds what an upload holds before its handler takes it.
const READ_BUFFER_BYTES: usize = 128 << 10;

/// Accepts connections until the drain begins, then lets those that are there end until it is over. They are served on `lanes`.
pub(crate) async fn serve<S>(
    listener: TcpListener,
    lanes: Lanes,
    service: S,
    settings: Arc<config::Server>,
    drain: Drain,
) where
    S: Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + 'static,
{
    let places = Arc::new(Semaphore::new(settings.max_connections));
    let addresses = Addresses::new(settings.max_connections_per_address);
    let mut connections = JoinSet::new();
    // Connections end only once no new one is taken: whoever is sent away and comes back at once must not be let in again.
    let (open, closed) = watch::channel(());
    loop {
        let (socket, peer, place) = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            () = drain.begun() => break,
        };
        // Ended connections are forgotten as new ones come, so that the set does not grow.
        while connections.try_join_next().is_some() {}
        let Some(address) = addresses.enter(peer.ip()) else {
            tracing::debug!(%peer, "too many connections from this address");
            telemetry::connection_refused();
            continue;
        };
        let Some((lane, on_lane)) = lanes.emptiest() else { continue };
        let places = (place, address, on_lane);
        // The lane watches it from now on, and this runtime no longer.
        match socket.into_std() {
            Ok(socket) => {
                let serving = connection(socket, places, service.clone(), Arc::clone(&settings), closed.clone());
                connections.spawn_on(serving, lane);
            }
            Err(error) => tracing::warn!(%error, "a connection could not be passed on"),
        }
    }
    drop(listener);
    drop(open);
    tokio::select! {
        () = async { while connections.join_next().await.is_some() {} } => {}
        () = drain.over() => {}
    }
    connections.shutdown().await;
}

/// The next connection, once there is a place for it.
async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
    loop {
        let Ok(place) = Arc::clone(places).acquire_owned().await else { continue };
        match listener.accept().await {
            Ok((socket, peer)) => return (socket, peer, place),
            Err(error) => {
                // Out of file descriptors, most likely: without a pause this loop would spin until one is free.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// Serves one connection to its end. Run on its lane.
async fn connection<S>(
    socket: std::net::TcpStream,
    _places: (OwnedSemaphorePermit, Place, OnLane),
    service: S,
    settings: Arc<config::Server>,
    mut closed: watch::Receiver<()>,
) where
    S: Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + 'static,
{
    let _open = OpenConnection::new();
    let socket = match TcpStream::from_std(socket) {
        Ok(socket) => socket,
        Err(error) => return tracing::warn!(%error, "a connection could not be watched"),
    };
    // Answers are written whole; waiting to fill a packet would only delay them.
    drop(socket.set_nodelay(true));
    let pace = Pace::new(settings.deadlines);
    let paced = pace.clone();
    let service = service.map_request(|request: Request<hyper::body::Incoming>| request.map(axum::body::Body::new));
    let service = Paced::new(service, paced);
    let io = TokioIo::new(PacedStream::new(socket, pace));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        // The stream keeps the time, for hyper's own deadline cannot tell a request's head from a quiet connection.
        .header_read_timeout(None)
        .max_headers(HEAD_FIELDS)
        .max_header_size(HEAD_BYTES)
        .max_buf_size(READ_BUFFER_BYTES);
    let connection = http.serve_connection(io, TowerToHyperService::new(service));
    tokio::pin!(connection);
    let mut is_draining = false;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection broke");
                }
                return;
            }
            // Never sent to: it ends when the listener does.
            _ = closed.changed(), if !is_draining => {
                is_draining = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}
