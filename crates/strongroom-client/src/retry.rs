//! Asking again: when, how long after, and when to stop.

use std::time::Duration;

use strongroom_core::id::fill_random;

use crate::error::Error;
use crate::progress::{Event, Progress};

/// The longest a server's `Retry-After` is obeyed; a longer one would look like a hang.
const RETRY_AFTER_LIMIT: Duration = Duration::from_mins(5);

/// How often and how patiently a failed request is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How many times a request is repeated after its first failure.
    pub retries: u32,
    /// The upper bound of the first wait; it doubles with every retry.
    pub base_delay: Duration,
    /// The upper bound that the doubling stops at.
    pub max_delay: Duration,
}

impl Default for RetryPolicy {
    /// Ten retries: about a minute on average, long enough for a server to be restarted.
    fn default() -> Self {
        Self { retries: 10, base_delay: Duration::from_millis(250), max_delay: Duration::from_secs(30) }
    }
}

impl RetryPolicy {
    /// The longest wait before retry number `retry` (from 0): `base · 2^retry`, at most the maximum.
    #[must_use]
    pub fn ceiling(&self, retry: u32) -> Duration {
        self.base_delay.saturating_mul(2_u32.saturating_pow(retry)).min(self.max_delay)
    }

    /// The wait before retry number `retry` (from 0): `random` spread evenly over zero to the ceiling.
    ///
    /// This is "full jitter": parallel parts that failed together come back apart, which loads a struggling server
    /// less than any wait with a fixed share in it.
    #[must_use]
    pub fn delay(&self, retry: u32, random: u64) -> Duration {
        let ceiling_nanos = self.ceiling(retry).as_nanos();
        let nanos = (ceiling_nanos * u128::from(random)) >> 64;
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

/// How one attempt failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Another attempt would fail the same way.
    Final(Error),
    /// It may pass: a lost connection, an overloaded server.
    Passing {
        reason: String,
        /// The server's own wish, from `Retry-After`.
        retry_after: Option<Duration>,
    },
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Final(error)
    }
}

/// Attempts until one succeeds, fails for good, or the policy's retries are used up.
///
/// `Retry-After` is a floor and the jitter comes on top, so that the clients that were told the same second do not
/// all return in it.
pub(crate) async fn persevere<T, Attempt>(
    policy: &RetryPolicy,
    progress: &dyn Progress,
    mut attempt: impl FnMut() -> Attempt,
) -> Result<T, Error>
where
    Attempt: Future<Output = Result<T, Failure>>,
{
    let mut retry = 0;
    loop {
        let (reason, retry_after) = match attempt().await {
            Ok(value) => return Ok(value),
            Err(Failure::Final(error)) => return Err(error),
            Err(Failure::Passing { reason, retry_after }) => (reason, retry_after),
        };
        if retry >= policy.retries {
            return Err(Error::GaveUp { attempts: retry + 1, reason });
        }
        let floor = retry_after.unwrap_or_default().min(RETRY_AFTER_LIMIT);
        let delay = floor + policy.delay(retry, random());
        tracing::debug!(retry, delay_ms = delay.as_millis(), reason, "trying again");
        progress.event(Event::Retrying { delay, reason: &reason });
        tokio::time::sleep(delay).await;
        retry += 1;
    }
}

fn random() -> u64 {
    let mut bytes = [0; 8];
    fill_random(&mut bytes);
    u64::from_le_bytes(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

    use super::*;
    use crate::progress::NoProgress;

    const POLICY: RetryPolicy =
        RetryPolicy { retries: 3, base_delay: Duration::from_millis(100), max_delay: Duration::from_millis(350) };

    #[test]
    fn ceilings_double_up_to_the_maximum() {
        let ceilings: Vec<_> = (0..4).map(|retry| POLICY.ceiling(retry).as_millis()).collect();
        assert_eq!(ceilings, [100, 200, 350, 350]);
        assert_eq!(POLICY.ceiling(u32::MAX), POLICY.max_delay);
    }

    #[test]
    fn jitter_spans_zero_to_the_ceiling() {
        for retry in 0..8 {
            assert_eq!(POLICY.delay(retry, 0), Duration::ZERO);
            let half = POLICY.delay(retry, u64::MAX / 2 + 1);
            assert_eq!(half, POLICY.ceiling(retry) / 2);
            let longest = POLICY.delay(retry, u64::MAX);
            assert!(longest <= POLICY.ceiling(retry));
            assert!(longest + Duration::from_micros(1) > POLICY.ceiling(retry));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn stops_after_the_last_retry_and_tells_why() {
        let mut attempts = 0;
        let outcome: Result<(), _> = persevere(&POLICY, &NoProgress, || {
            attempts += 1;
            async { Err(Failure::Passing { reason: "no luck".to_owned(), retry_after: None }) }
        })
        .await;
        assert_eq!(outcome.unwrap_err().to_string(), "gave up after 4 attempts: no luck");
        assert_eq!(attempts, 4);
    }

    #[tokio::test(start_paused = true)]
    async fn retry_after_is_a_floor() {
        let start = tokio::time::Instant::now();
        let mut attempts = 0;
        persevere(&POLICY, &NoProgress, || {
            attempts += 1;
            let first = attempts == 1;
            async move {
                if first {
                    let retry_after = Some(Duration::from_secs(7));
                    return Err(Failure::Passing { reason: "busy".to_owned(), retry_after });
                }
                Ok(())
            }
        })
        .await
        .unwrap();
        let waited = start.elapsed();
        assert!(waited >= Duration::from_secs(7), "{waited:?}");
        assert!(waited <= Duration::from_secs(7) + POLICY.ceiling(0) + Duration::from_millis(2), "{waited:?}");
    }
}
