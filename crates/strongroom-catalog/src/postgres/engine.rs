//! The pool, and how a read and a write reach the database.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{AssertSqlSafe, PgPool, Postgres, Row as _, Transaction};
use tracing::Instrument as _;

use super::dialect::{self, through_a_pooler};
use super::options::PostgresOptions;
use super::schema;
use crate::CatalogError;

/// How often a write is tried that the database gave up for another one's sake.
const MOST_TRIES: u32 = 6;

/// How long such a write waits before its second try. Before each further one it waits twice as long.
const PAUSE: Duration = Duration::from_millis(10);

/// A boxed future that borrows the connection it works through.
pub(crate) type Work<'c, T> = Pin<Box<dyn Future<Output = Result<T, CatalogError>> + Send + 'c>>;

/// An open PostgreSQL catalog.
#[derive(Clone)]
pub(crate) struct Engine {
    pool: PgPool,
    /// For sessions of their own.
    pub(super) direct: Arc<PgConnectOptions>,
    is_through_a_pooler: bool,
    begin: Arc<str>,
}

impl Engine {
    /// Connects to the server at `url`, and brings its schema up to date or finds that it is.
    pub(crate) async fn open(url: &str, options: &PostgresOptions) -> Result<Self, CatalogError> {
        schema::bring_up_to_date(&options.migrating(url)?).await?;
        let pool = PgPoolOptions::new()
            .max_connections(options.max_connections)
            .acquire_timeout(options.acquire_timeout)
            .connect_with(options.pooled(url)?)
            .await
            .map_err(explain_refusal)?;
        let is_through_a_pooler = options.direct_url.is_some();
        Ok(Self { pool, direct: Arc::new(options.direct(url)?), is_through_a_pooler, begin: options.begin().into() })
    }

    /// Whether reads and writes would be answered now. A standby answers reads alone.
    pub(crate) async fn probe(&self) -> Result<(), CatalogError> {
        let is_standby = self.read(|connection| {
            Box::pin(async move {
                let row = dialect::statement("select pg_is_in_recovery() as is_standby").fetch_one(connection).await?;
                Ok(row.try_get("is_standby")?)
            })
        });
        match is_standby.await? {
            false => Ok(()),
            true => Err(CatalogError::Unavailable("the server is a standby, which takes no writes".to_owned())),
        }
    }

    /// Runs `operation` through a connection of the pool.
    pub(crate) async fn read<T, F>(&self, operation: F) -> Result<T, CatalogError>
    where
        F: for<'c> FnOnce(&'c mut PgConnection) -> Work<'c, T>,
    {
        if !self.is_through_a_pooler {
            return operation(&mut *self.pool.acquire().await?).await;
        }
        // The two messages of one statement reach the same server only within a transaction.
        let mut transaction = self.begin().await?;
        let answer = through_a_pooler(operation(&mut transaction)).await;
        transaction.rollback().await?;
        answer
    }

    /// Runs `operation` in a transaction and answers once that is on stable storage. Where `tenant` says whose rows it is about,
    /// it waits for every other write on those. One that the database gave up, because it and another waited for one another,
    /// is run again.
    ///
    /// It runs to its end even if its caller goes away, as it does on SQLite: nothing is left half way, and a cancelled request
    /// costs no connection.
    pub(crate) async fn write<T, F>(&self, tenant: Option<String>, operation: F) -> Result<T, CatalogError>
    where
        T: Send + 'static,
        F: for<'c> Fn(&'c mut PgConnection) -> Work<'c, T> + Send + Sync + 'static,
    {
        let engine = self.clone();
        let work = async move {
            let mut tries = 1;
            loop {
                match engine.try_write(tenant.clone(), &operation).await {
                    Err(CatalogError::Contended(_)) if tries < MOST_TRIES => {
                        tokio::time::sleep(PAUSE * 2_u32.pow(tries - 1)).await;
                        tries += 1;
                    }
                    answer => return answer,
                }
            }
        };
        let ended = tokio::spawn(work.in_current_span()).await;
        ended.unwrap_or_else(|_| Err(CatalogError::Unavailable("the write was cut short".to_owned())))
    }

    async fn try_write<T, F>(&self, tenant: Option<String>, operation: &F) -> Result<T, CatalogError>
    where
        F: for<'c> Fn(&'c mut PgConnection) -> Work<'c, T>,
    {
        let mut transaction = self.begin().await?;
        let work = async {
            if let Some(tenant) = tenant {
                hold(&mut transaction, tenant).await?;
            }
            operation(&mut transaction).await
        };
        let answer = if self.is_through_a_pooler { through_a_pooler(work).await } else { work.await };
        match &answer {
            // What the server does not answer here may be done or not: it is an error, and the call can be made again.
            Ok(_) => transaction.commit().await?,
            // A connection that is lost cannot be told; the server rolls back all the same.
            Err(_) => drop(transaction.rollback().await),
        }
        answer
    }

    async fn begin(&self) -> Result<Transaction<'static, Postgres>, CatalogError> {
        Ok(self.pool.begin_with(AssertSqlSafe(Arc::clone(&self.begin))).await?)
    }
}

/// Waits until no other write is at work on a tenant's rows, and keeps others waiting until the transaction ends. Statements after
/// it see what those before it have committed.
async fn hold(connection: &mut PgConnection, tenant: String) -> Result<(), CatalogError> {
    let lock = dialect::statement("select 1 from usage where connection_id = $1 for update");
    lock.bind(tenant).fetch_optional(connection).await?;
    Ok(())
}

/// Says what a pooler's refusal means, since its own text does not.
pub(super) fn explain_refusal(error: sqlx::Error) -> CatalogError {
    if error.to_string().contains("startup parameter") {
        let hint = "this looks like a pooler, which needs the URL of the server itself beside its own";
        return CatalogError::Unavailable(format!("{error}; {hint}"));
    }
    error.into()
}
