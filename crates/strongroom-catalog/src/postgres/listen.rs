//! Hearing at once what other nodes commit.

use std::convert::Infallible;
use std::time::Duration;

use sqlx::postgres::{PgListener, PgPoolOptions};

use super::Engine;
use crate::{Announcement, CatalogError};

/// The channel that the triggers of `migrations/postgres` notify.
const CHANNEL: &str = "strongroom";

/// How long to wait before a lost connection is tried anew.
const PAUSE: Duration = Duration::from_secs(1);

impl Engine {
    /// Hands every announcement to `hear`, for as long as this is polled.
    pub(crate) async fn listen(&self, hear: impl Fn(Announcement) + Send + Sync) -> Infallible {
        loop {
            let Err(error) = self.hear_until_lost(&hear).await;
            tracing::warn!(%error, "other nodes are not heard until the next try");
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn hear_until_lost(&self, hear: &(impl Fn(Announcement) + Send + Sync)) -> Result<Infallible, CatalogError> {
        // A pool of its own: a listener needs one, and must not take a connection from those that work.
        let pool = PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None);
        let mut listener = PgListener::connect_with(&pool.connect_with(self.direct.as_ref().clone()).await?).await?;
        listener.eager_reconnect(false);
        listener.listen(CHANNEL).await?;
        hear(Announcement::Listening);
        while let Some(notification) = listener.try_recv().await? {
            if let Some(announcement) = Announcement::read(notification.payload()) {
                hear(announcement);
            }
        }
        Err(CatalogError::Unavailable("the connection was lost".to_owned()))
    }
}
