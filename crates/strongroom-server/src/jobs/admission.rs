//! Memory for the children of all workers of a process together.
//!
//! What is counted is not what children use but what each may use: their limits of address space, which the kernel holds.
//! So the sum is a promise, whatever the decoders do, and a machine that renders never swaps or kills.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

const MEBIBYTE: u64 = 1 << 20;

/// One budget of memory. Cheap to clone; all clones are one budget.
#[derive(Clone)]
pub(crate) struct Admission {
    /// A permit for every mebibyte. Served in the order of asking: a film that needs much is not passed by photos for ever.
    free: Arc<Semaphore>,
    mebibytes: u32,
}

/// Memory that a job may use until this is dropped.
#[must_use = "the memory is given back when this is dropped"]
pub(super) struct Admitted {
    _permit: Option<OwnedSemaphorePermit>,
}

impl Admission {
    /// A budget of so many bytes.
    pub(crate) fn new(budget_bytes: u64) -> Self {
        let mebibytes = whole_mebibytes(budget_bytes).max(1);
        Self { free: Arc::new(Semaphore::new(mebibytes as usize)), mebibytes }
    }

    /// Waits until there is as much memory. Who needs more than the whole budget gets all of it, and is alone.
    pub(super) async fn admit(&self, need_bytes: u64) -> Admitted {
        let need = whole_mebibytes(need_bytes.next_multiple_of(MEBIBYTE)).min(self.mebibytes);
        // It fails only once closed, which nobody does.
        Admitted { _permit: Arc::clone(&self.free).acquire_many_owned(need).await.ok() }
    }
}

fn whole_mebibytes(bytes: u64) -> u32 {
    u32::try_from(bytes / MEBIBYTE).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    /// Whether it is ready now. A future that is not keeps its place as long as it lives.
    fn now<F: Future>(future: std::pin::Pin<&mut F>) -> Option<F::Output> {
        match future.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        }
    }

    #[test]
    fn no_more_is_admitted_than_there_is() {
        let admission = Admission::new(3 * MEBIBYTE);
        let first = now(pin!(admission.admit(MEBIBYTE))).unwrap();
        let _second = now(pin!(admission.admit(MEBIBYTE + 1))).unwrap();
        let mut third = pin!(admission.admit(1));
        assert!(now(third.as_mut()).is_none(), "a byte is rounded up, as is a mebibyte and one");
        drop(first);
        assert!(now(third).is_some());
    }

    #[test]
    fn a_film_is_not_passed_by_photos() {
        let admission = Admission::new(3 * MEBIBYTE);
        let running = now(pin!(admission.admit(MEBIBYTE))).unwrap();
        let mut film = pin!(admission.admit(3 * MEBIBYTE));
        let mut photo = pin!(admission.admit(MEBIBYTE));
        assert!(now(film.as_mut()).is_none());
        assert!(now(photo.as_mut()).is_none(), "there is room, but the film has asked before");
        drop(running);
        let film = now(film).unwrap();
        assert!(now(photo.as_mut()).is_none());
        drop(film);
        assert!(now(photo).is_some());
    }

    #[test]
    fn who_needs_more_than_there_is_runs_alone() {
        let admission = Admission::new(2 * MEBIBYTE);
        let huge = now(pin!(admission.admit(u64::MAX / 2))).unwrap();
        let mut photo = pin!(admission.admit(1));
        assert!(now(photo.as_mut()).is_none());
        drop(huge);
        assert!(now(photo).is_some());
    }

    #[test]
    fn who_no_longer_waits_holds_nobody_up() {
        let admission = Admission::new(2 * MEBIBYTE);
        let _running = now(pin!(admission.admit(MEBIBYTE))).unwrap();
        let mut film = Box::pin(admission.admit(2 * MEBIBYTE));
        assert!(now(film.as_mut()).is_none());
        drop(film);
        assert!(now(pin!(admission.admit(MEBIBYTE))).is_some());
    }
}
