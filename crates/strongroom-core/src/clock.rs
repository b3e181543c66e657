//! Time: milliseconds since 1970-01-01 UTC, read through a trait so that tests can step it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::id::Malformed;

/// An instant, in milliseconds since 1970-01-01T00:00:00Z. The unit of every time in the catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From milliseconds since the epoch.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    #[must_use]
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// `self + span`, saturating.
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(millis(span)))
    }

    /// `self - span`, saturating.
    #[must_use]
    pub fn before(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(millis(span)))
    }

    /// RFC 3339 in UTC with milliseconds, as JSON shows times: `2026-11-22T08:44:45.120Z`.
    #[must_use]
    pub fn to_rfc3339(self) -> String {
        jiff::Timestamp::from_millisecond(self.0)
            .map(|instant| format!("{instant:.3}"))
            .unwrap_or_else(|_| "9999-12-31T23:59:59.999Z".to_owned())
    }
}

impl std::str::FromStr for Timestamp {
    type Err = Malformed;

    /// Reads RFC 3339 with any offset, or a bare date, which is its midnight in UTC.
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let instant = text.parse::<jiff::Timestamp>().or_else(|_| format!("{text}T00:00:00Z").parse());
        let malformed = |_| Malformed::new(text, "a time (RFC 3339, such as 2026-11-22T08:44:45Z or 2026-11-22)");
        instant.map(|instant| Self(instant.as_millisecond())).map_err(malformed)
    }
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// Where the current time comes from.
pub trait Clock: Send + Sync + 'static {
    /// The current time.
    fn now(&self) -> Timestamp;
}

/// The machine's wall clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(millis(since_epoch))
    }
}

/// A clock that moves only when told to. For tests.
#[derive(Debug, Clone, Default)]
pub struct SteppedClock(Arc<AtomicI64>);

impl SteppedClock {
    /// A clock that stands at `start`.
    #[must_use]
    pub fn at(start: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(start.0)))
    }

    /// Moves the clock on by `span`.
    pub fn advance(&self, span: Duration) {
        self.0.fetch_add(millis(span), Ordering::SeqCst);
    }
}

impl Clock for SteppedClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc3339_has_milliseconds_and_z() {
        assert_eq!(Timestamp::from_millis(1_795_337_085_120).to_rfc3339(), "2026-11-22T08:44:45.120Z");
        assert_eq!(Timestamp::from_millis(0).to_rfc3339(), "1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn times_are_read_in_any_offset_and_dates_as_their_midnight() {
        let read = |text: &str| text.parse::<Timestamp>().map(Timestamp::to_rfc3339).ok();
        for (text, instant) in [
            ("2026-11-22T08:44:45.120Z", "2026-11-22T08:44:45.120Z"),
            ("2026-11-22T09:44:45+01:00", "2026-11-22T08:44:45.000Z"),
            ("2026-11-22", "2026-11-22T00:00:00.000Z"),
        ] {
            assert_eq!(read(text).as_deref(), Some(instant), "{text}");
        }
        for text in ["", "tomorrow", "2026-13-01", "2026-11-22T08:44:45", "1795337085120"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
