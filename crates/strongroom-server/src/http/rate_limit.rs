//! Rate limits: a token bucket for each connection, in this process's memory.
//!
//! Of a bucket only the moment is kept at which it will be full again (the generic cell rate algorithm): tokens that trickle
//! in need no timer, and a full bucket needs no memory. Only connections that were authenticated have one, so that made-up
//! ids cost nothing. docs/adr/0012-rate-limits.md says what is counted.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method};
use strongroom_core::clock::Timestamp;
use strongroom_core::id::ConnectionId;

use crate::config;
use crate::problem::{Kind, Problem};

/// Buckets that may lie about before the full ones among them are thrown away.
const FEW: usize = 1024;

/// What each connection may do in a while.
#[derive(Clone)]
pub(crate) struct RateLimits {
    calls: Option<Arc<Buckets>>,
    uploads: Option<Arc<Buckets>>,
}

/// How a connection's bucket stood after a call was counted. Told in the header fields `X-RateLimit-*`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Level {
    /// Tokens in a full bucket.
    limit: i64,
    /// Tokens left.
    remaining: i64,
    /// Until it is full again.
    full_in: Duration,
    /// Until there is a token again; zero where there is one.
    token_in: Duration,
}

/// Where the edge finds the level, for its header fields.
#[derive(Clone, Default)]
pub(super) struct Tally(Arc<OnceLock<Level>>);

impl RateLimits {
    pub(crate) fn new(limits: &config::Limits) -> Self {
        Self {
            calls: Buckets::new(limits.requests_per_minute, limits.burst),
            uploads: Buckets::new(limits.uploads_per_minute, limits.uploads_per_minute),
        }
    }

    /// Counts a call on a connection, or refuses it.
    pub(super) fn count(&self, parts: &Parts, connection: &ConnectionId, now: Timestamp) -> Result<(), Problem> {
        let is_upload = parts.uri.path().starts_with("/v2/access/uploads") || is_look_at_one(parts);
        let Some(buckets) = (if is_upload { &self.uploads } else { &self.calls }) else { return Ok(()) };
        let level = buckets.take(connection, now);
        if let Some(tally) = parts.extensions.get::<Tally>() {
            tally.0.get_or_init(|| level);
        }
        if level.token_in.is_zero() {
            return Ok(());
        }
        let seconds = whole_seconds(level.token_in);
        let message = format!("this connection has made too many requests; try again in {seconds} s");
        Err(Problem { retry_after_seconds: Some(seconds), ..Problem::new(Kind::RateLimited, message) })
    }
}

impl Tally {
    /// Adds the header fields, where the call was counted.
    pub(super) fn tell(&self, headers: &mut HeaderMap) {
        let Some(level) = self.0.get() else { return };
        headers.insert("x-ratelimit-limit", HeaderValue::from(level.limit));
        headers.insert("x-ratelimit-remaining", HeaderValue::from(level.remaining));
        headers.insert("x-ratelimit-reset", HeaderValue::from(whole_seconds(level.full_in)));
    }
}

/// Whether a call only looks at one media. It is the end of an upload: whoever waits for renditions asks again and again.
fn is_look_at_one(parts: &Parts) -> bool {
    let id = parts.uri.path().strip_prefix("/v2/access/vault/media/");
    parts.method == Method::GET && id.is_some_and(|id| !id.contains('/'))
}

/// Rounded up, so that whoever waits as long as was said is not too early.
fn whole_seconds(span: Duration) -> u32 {
    u32::try_from(span.as_millis().div_ceil(1000)).unwrap_or(u32::MAX)
}

/// The buckets of one kind of call.
struct Buckets {
    /// Microseconds in which one token comes.
    interval: i64,
    /// Tokens in a full bucket.
    burst: i64,
    /// When each bucket that is not full will be, in microseconds since 1970.
    full_at: Mutex<HashMap<ConnectionId, i64>>,
}

impl Buckets {
    fn new(per_minute: u32, burst: u32) -> Option<Arc<Self>> {
        const MINUTE: i64 = 60_000_000;
        let (per_minute, burst) = (i64::from(per_minute), i64::from(burst.max(1)));
        (per_minute > 0).then(|| Arc::new(Self { interval: MINUTE / per_minute, burst, full_at: Mutex::default() }))
    }

    fn take(&self, connection: &ConnectionId, now: Timestamp) -> Level {
        let (now, capacity) = (now.as_millis().saturating_mul(1000), self.interval * self.burst);
        // The map is whole between any two statements, so a panic elsewhere does not spoil it.
        let mut all = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        // Never more than an empty bucket: a wall clock that is set back must not lock anyone out.
        let full_at = all.get(connection).map_or(now, |at| (*at).clamp(now, now + capacity));
        let after = full_at + self.interval;
        let excess = (after - now - capacity).max(0);
        if all.len() >= FEW && all.len() == all.capacity() {
            all.retain(|_, at| *at > now);
        }
        // Kept when it is refused, too: as it was cut to the clock of now, it runs on from there.
        let full_at = if excess == 0 { after } else { full_at };
        all.insert(connection.clone(), full_at);
        Level {
            limit: self.burst,
            remaining: (capacity - (full_at - now)) / self.interval,
            full_in: micros(full_at - now),
            token_in: micros(excess),
        }
    }
}

fn micros(span: i64) -> Duration {
    Duration::from_micros(u64::try_from(span).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(1_795_337_085_120).after(Duration::from_secs(seconds))
    }

    #[test]
    fn a_burst_is_let_through_and_then_one_a_second() {
        let (buckets, connection) = (Buckets::new(60, 90).unwrap(), ConnectionId::random());
        for used in 1..=90 {
            let level = buckets.take(&connection, at(0));
            assert_eq!((level.token_in, level.remaining), (Duration::ZERO, 90 - used));
            assert_eq!((level.limit, level.full_in), (90, Duration::from_secs(used.cast_unsigned())));
        }
        let refused = buckets.take(&connection, at(0));
        assert_eq!((refused.remaining, refused.token_in), (0, Duration::from_secs(1)));
        assert_eq!(refused.full_in, Duration::from_secs(90), "a refused call costs nothing");
        assert_eq!(buckets.take(&ConnectionId::random(), at(0)).remaining, 89, "each has its own");
        assert!(buckets.take(&connection, at(1)).token_in.is_zero());
        assert!(!buckets.take(&connection, at(1)).token_in.is_zero());
        assert_eq!(buckets.take(&connection, at(1000)).remaining, 89, "no more than full");
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out_for_longer_than_a_bucket_takes() {
        let (buckets, connection) = (Buckets::new(60, 2).unwrap(), ConnectionId::random());
        buckets.take(&connection, at(100_000));
        let level = buckets.take(&connection, at(0));
        assert_eq!(level.token_in, Duration::from_secs(1));
        assert!(buckets.take(&connection, at(1)).token_in.is_zero());
    }

    #[test]
    fn full_buckets_take_no_room() {
        let buckets = Buckets::new(60, 90).unwrap();
        for second in 0..20_000 {
            buckets.take(&ConnectionId::random(), at(second * 2));
        }
        let kept = buckets.full_at.lock().unwrap().len();
        assert!(kept < 4 * FEW, "{kept}");
    }

    #[test]
    fn none_is_off() {
        assert!(Buckets::new(0, 90).is_none());
    }
}
