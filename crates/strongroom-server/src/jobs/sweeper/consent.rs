//! Tells of release forms whose time ends. Nothing waits for it: what has expired is refused from that moment on.

use super::Sweeper;
use crate::problem::Problem;

/// Forms told of in one sweep.
const MOST_FORMS: u32 = 1000;

impl Sweeper {
    pub(super) async fn tell_lapsing_forms(&self) -> Result<(), Problem> {
        let now = self.clock.now();
        for (owner, form) in self.catalog.lapsing_forms(now, MOST_FORMS).await? {
            self.catalog.tell_lapsing(owner, form, now).await?;
        }
        Ok(())
    }
}
