//! One deadline after another, at the price of one timer.

use std::pin::Pin;
use std::task::Context;

use tokio::time::{Instant, Sleep, sleep_until};

/// Wakes who waits when a deadline has passed. It is not set anew for each wait, of which a busy connection has thousands a second:
/// set for an earlier one that is over, it rings too early, and only then is set for the one that is.
#[derive(Default)]
pub(super) struct Alarm(Option<Pin<Box<Sleep>>>);

impl Alarm {
    /// Whether `deadline` has passed. If not, `context` is woken by then.
    pub(super) fn rings(&mut self, deadline: Instant, context: &mut Context<'_>) -> bool {
        let sleep = self.0.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if sleep.deadline() > deadline {
            sleep.as_mut().reset(deadline);
        }
        while sleep.as_mut().poll(context).is_ready() {
            if deadline <= Instant::now() {
                return true;
            }
            sleep.as_mut().reset(deadline);
        }
        false
    }

    /// Whether who waited last will be woken by `deadline`.
    pub(super) fn will_ring_by(&self, deadline: Instant) -> bool {
        self.0.as_ref().is_some_and(|sleep| !sleep.is_elapsed() && sleep.deadline() <= deadline)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::task::Poll;
    use std::time::Duration;

    use super::*;

    /// Waits for `deadline`, and says how late it was then.
    async fn wait(alarm: &mut Alarm, deadline: Instant) -> Duration {
        poll_fn(|context| if alarm.rings(deadline, context) { Poll::Ready(()) } else { Poll::Pending }).await;
        deadline.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn it_rings_at_each_deadline_also_where_it_was_set_for_another() {
        let (mut alarm, start) = (Alarm::default(), Instant::now());
        assert!(!alarm.will_ring_by(start + Duration::from_secs(9)), "it was never set");
        for seconds in [9, 4, 7] {
            let deadline = start + Duration::from_secs(seconds);
            assert!(!poll_fn(|context| Poll::Ready(alarm.rings(deadline, context))).await);
        }
        assert!(alarm.will_ring_by(start + Duration::from_secs(4)), "it is set for the earliest of them");
        assert!(!alarm.will_ring_by(start + Duration::from_secs(3)));
        for seconds in [7, 8, 30] {
            let late = wait(&mut alarm, start + Duration::from_secs(seconds)).await;
            assert!(late <= Duration::from_millis(1), "{seconds}: {late:?}");
        }
        assert!(!alarm.will_ring_by(start + Duration::from_secs(60)), "it has rung, and is not set");
    }
}
