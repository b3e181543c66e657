//! What happens, counted where it happens: a function each.

use std::time::Duration;

use metrics::{Counter, Gauge};
use strongroom_catalog::CatalogError;
use strongroom_core::job::JobKind;
use strongroom_store::StoreError;

use super::metric::{
    CATALOG_ERRORS, COMPLETED, CONNECTIONS, CONNECTIONS_REFUSED, DELIVERY, PART_BYTES, PARTS, RECEIVED, RENDER, SENT,
    STORE_ERRORS, SWEEP_FAILURES,
};
use super::recorder::{counter, gauge, histogram};

/// One open connection, until dropped.
pub(crate) struct OpenConnection(Gauge);

impl OpenConnection {
    /// One more.
    pub(crate) fn new() -> Self {
        let connections = gauge(&CONNECTIONS, &[]);
        connections.increment(1);
        Self(connections)
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.decrement(1);
    }
}

/// Where a connection's bytes are counted. Looked up once for each connection: bytes come too often for that.
pub(crate) struct Counted {
    /// Bytes that came in.
    pub(crate) received: Counter,
    /// Bytes that went out.
    pub(crate) sent: Counter,
}

impl Default for Counted {
    fn default() -> Self {
        Self { received: counter(&RECEIVED, &[]), sent: counter(&SENT, &[]) }
    }
}

/// A connection was closed at once, since its address has too many.
pub(crate) fn connection_refused() {
    counter(&CONNECTIONS_REFUSED, &[]).increment(1);
}

/// A part was acknowledged.
pub(crate) fn part_taken(bytes: u64) {
    counter(&PARTS, &[]).increment(1);
    counter(&PART_BYTES, &[]).increment(bytes);
}

/// An upload became a media.
pub(crate) fn upload_completed() {
    counter(&COMPLETED, &[]).increment(1);
}

/// A signed URL was answered, with this status, and with a problem of this type where it was not as hoped.
pub(super) fn delivered(status: u16, problem: Option<&str>) {
    let outcome = match (problem, status) {
        (None, 206) => "partial",
        (None, 304) => "not_modified",
        (None, 307) => "redirected",
        (None, _) => "whole",
        (Some("SIGNATURE_INVALID"), _) => "signature",
        (Some("URL_EXPIRED"), _) => "expired",
        (Some("RELEASE_FORM_REQUIRED"), _) => "consent",
        (Some("RESOURCE_NOT_FOUND"), _) => "not_found",
        (Some("RANGE_NOT_SATISFIABLE"), _) => "range",
        (Some(_), _) => "failed",
    };
    counter(&DELIVERY, &[("outcome", outcome)]).increment(1);
}

/// An attempt at a job has ended.
pub(crate) fn attempt_ended(kind: JobKind, outcome: &'static str, took: Duration) {
    histogram(&RENDER, &[("kind", kind.as_str()), ("outcome", outcome)]).record(took);
}

/// A step of a sweep has failed.
pub(crate) fn sweep_failed(step: &'static str) {
    counter(&SWEEP_FAILURES, &[("step", step)]).increment(1);
}

/// The catalog has not answered. What it refuses by right is no error.
pub(crate) fn catalog_failed(error: &CatalogError) {
    let kind = match error {
        CatalogError::OverQuota(_) | CatalogError::Text | CatalogError::Held => return,
        CatalogError::Full => "full",
        CatalogError::Unavailable(_) => "unavailable",
        CatalogError::Contended(_) => "contended",
        CatalogError::Unreadable(_) => "unreadable",
    };
    counter(&CATALOG_ERRORS, &[("kind", kind)]).increment(1);
}

/// The store has not done it. What a client has sent wrong is no error.
pub(crate) fn store_failed(error: &StoreError) {
    let kind = match error {
        StoreError::Full => "full",
        StoreError::Busy(_) => "busy",
        StoreError::Io(_) => "io",
        StoreError::Missing => "missing",
        _ => return,
    };
    counter(&STORE_ERRORS, &[("kind", kind)]).increment(1);
}
