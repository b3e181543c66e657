//! How the server is reached, and how long anything may take.

use std::time::Duration;

use sqlx::postgres::PgConnectOptions;

use crate::CatalogError;

/// How long a transaction may do nothing. None waits for anything but the database, so one that does belongs to a process that
/// hangs, and holds locks.
const IDLE_IN_TRANSACTION: Duration = Duration::from_secs(30);

/// How long a migration waits for another node that migrates, and for what is at work in the tables that it changes.
const MIGRATION_LOCK_TIMEOUT: Duration = Duration::from_secs(60);

/// How a PostgreSQL catalog is used.
#[derive(Clone)]
pub struct PostgresOptions {
    /// The URL of the server itself, where the catalog's own leads through a pooler in transaction mode.
    pub direct_url: Option<String>,
    /// The most connections that this process has at a time, but for one that listens.
    pub max_connections: u32,
    /// How long a call waits for one of them.
    pub acquire_timeout: Duration,
    /// How long a statement may take.
    pub statement_timeout: Duration,
    /// How long a statement waits for a lock of somebody else's.
    pub lock_timeout: Duration,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            direct_url: None,
            max_connections: 16,
            acquire_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(15),
            lock_timeout: Duration::from_secs(5),
        }
    }
}

impl PostgresOptions {
    /// For the pool.
    pub(super) fn pooled(&self, url: &str) -> Result<PgConnectOptions, CatalogError> {
        let options = parse(url)?;
        Ok(match self.direct_url {
            // A pooler refuses settings that come with the start of a session; `begin` has them then.
            Some(_) => options.extra_float_digits(None),
            // For reads. A plan for any parameters would serve those that are seldom given: most filters of a page are null.
            None => options.options(self.timeouts()).options([("plan_cache_mode", "force_custom_plan")]),
        })
    }

    /// For what needs a session of its own.
    pub(super) fn direct(&self, url: &str) -> Result<PgConnectOptions, CatalogError> {
        parse(self.direct_url.as_deref().unwrap_or(url))
    }

    /// For migrations, which may take long.
    pub(super) fn migrating(&self, url: &str) -> Result<PgConnectOptions, CatalogError> {
        Ok(self.direct(url)?.options([("lock_timeout", milliseconds(MIGRATION_LOCK_TIMEOUT))]))
    }

    /// What begins a transaction, with the settings that hold for it alone in the same round trip.
    pub(super) fn begin(&self) -> String {
        let timeouts = self.timeouts();
        let settings: &[(&str, String)] = match self.direct_url {
            Some(_) => &timeouts,
            // What writes, and what its triggers write, is the same whatever the parameters are.
            None => &[("plan_cache_mode", "auto".to_owned())],
        };
        let set = |(name, value): &(&str, String)| format!("; set local {name} = '{value}'");
        std::iter::once("begin".to_owned()).chain(settings.iter().map(set)).collect()
    }

    fn timeouts(&self) -> [(&'static str, String); 3] {
        [
            ("statement_timeout", milliseconds(self.statement_timeout)),
            ("lock_timeout", milliseconds(self.lock_timeout)),
            ("idle_in_transaction_session_timeout", milliseconds(IDLE_IN_TRANSACTION)),
        ]
    }
}

/// A number without a unit is one of milliseconds (postgresql.org/docs/15/runtime-config-client.html).
fn milliseconds(duration: Duration) -> String {
    duration.as_millis().to_string()
}

fn parse(url: &str) -> Result<PgConnectOptions, CatalogError> {
    // The reason and not the URL: that has a password in it.
    let options: PgConnectOptions = url
        .parse()
        .map_err(|error| CatalogError::Unavailable(format!("the database's URL cannot be read: {error}")))?;
    let is_named = options.get_application_name().is_some();
    Ok(if is_named { options } else { options.application_name("strongroom") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn through_a_pooler_every_transaction_sets_its_timeouts() {
        let direct = PostgresOptions::default();
        assert_eq!(direct.begin(), "begin; set local plan_cache_mode = 'auto'");
        let pooled = PostgresOptions { direct_url: Some("postgres://direct".to_owned()), ..direct };
        assert_eq!(
            pooled.begin(),
            "begin; set local statement_timeout = '15000'; set local lock_timeout = '5000'; \
             set local idle_in_transaction_session_timeout = '30000'"
        );
    }

    #[test]
    fn an_error_does_not_tell_the_password() {
        let error = PostgresOptions::default().pooled("postgres://me:secret@host:port/db").err().unwrap();
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
