//! Requests, counted by method, route and status.
//!
//! Ten thousand a second should not show in a profile, so what the recorder knows under these three is looked up in it once and
//! kept: from then on a request costs two look-ups under a lock that is only read, and no allocation.

use std::collections::HashMap;
use std::sync::{LazyLock, PoisonError, RwLock};

use axum::extract::MatchedPath;
use axum::http::{Method, StatusCode};
use metrics::{Counter, Histogram, Key, Label, Level, Metadata};
use tokio::time::Instant;

use super::metric::{ANSWER, PROBLEMS, REQUESTS};
use super::recorder::counter;

/// The route of signed URLs of renditions.
pub(crate) const DELIVERY: &str = "/media/{media}/{file}";

/// The route of originals.
pub(crate) const ORIGINAL: &str = "/v2/access/vault/media/{mediaId}/original";

/// Where requests are counted that had the same answer.
#[derive(Clone)]
struct Answered {
    requests: Counter,
    seconds: Histogram,
}

/// By method and status, then by route.
type Kept = HashMap<(&'static str, u16), HashMap<String, Answered>>;

static KEPT: LazyLock<RwLock<Kept>> = LazyLock::new(RwLock::default);

/// The pattern that a request's path is of. Never the path: there are as many of those as anyone cares to ask for.
pub(crate) enum Route {
    /// One of the router's.
    Routed(MatchedPath),
    /// One of the router's, answered past it.
    Past(&'static str),
    /// None.
    Unmatched,
}

/// A request that is being answered.
pub(crate) struct Answering {
    method: &'static str,
    route: Route,
    began: Instant,
}

impl Answering {
    /// Begins with a request's head.
    pub(crate) fn new(method: &Method, route: Route) -> Self {
        Self { method: word(method), route, began: Instant::now() }
    }

    /// The method, or `other`.
    pub(crate) const fn method(&self) -> &'static str {
        self.method
    }

    /// The pattern of the route.
    pub(crate) fn route(&self) -> &str {
        match &self.route {
            Route::Routed(pattern) => pattern.as_str(),
            Route::Past(pattern) => pattern,
            Route::Unmatched => "unmatched",
        }
    }

    /// How long it has taken so far.
    pub(crate) fn seconds(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }

    /// Counts the answer; `problem` is its type where it is none that was hoped for.
    pub(crate) fn answered(&self, status: StatusCode, problem: Option<&'static str>) {
        if !super::recorder::is_installed() {
            return;
        }
        if let Some(problem) = problem {
            counter(&PROBLEMS, &[("type", problem)]).increment(1);
        }
        if self.route() == DELIVERY && matches!(self.method, "GET" | "HEAD") {
            super::counts::delivered(status.as_u16(), problem);
        }
        let answered = self.kept(status.as_u16()).unwrap_or_else(|| self.keep(status.as_u16()));
        answered.requests.increment(1);
        answered.seconds.record(self.seconds());
    }

    fn kept(&self, status: u16) -> Option<Answered> {
        let kept = KEPT.read().unwrap_or_else(PoisonError::into_inner);
        kept.get(&(self.method, status))?.get(self.route()).cloned()
    }

    fn keep(&self, status: u16) -> Answered {
        const METADATA: Metadata<'static> = Metadata::new("strongroom", Level::INFO, None);
        let of_route = vec![Label::new("method", self.method), Label::new("route", self.route().to_owned())];
        let of_status = [&of_route[..], &[Label::new("status", status.to_string())]].concat();
        let (requests, seconds) = (Key::from_parts(REQUESTS.name, of_status), Key::from_parts(ANSWER.name, of_route));
        let answered = metrics::with_recorder(|recorder| Answered {
            requests: recorder.register_counter(&requests, &METADATA),
            seconds: recorder.register_histogram(&seconds, &METADATA),
        });
        let mut kept = KEPT.write().unwrap_or_else(PoisonError::into_inner);
        kept.entry((self.method, status)).or_default().insert(self.route().to_owned(), answered.clone());
        answered
    }
}

/// A method may be any word; only those that mean something here are told apart.
fn word(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}
