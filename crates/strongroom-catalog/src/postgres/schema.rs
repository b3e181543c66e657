//! The schema: brought up to date by a role that may, and only looked at by one that need not.

use sqlx::migrate::{Migrate as _, MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Connection as _, Row as _};

use super::PostgresOptions;
use super::engine::explain_refusal;
use crate::CatalogError;

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// Where sqlx keeps which migrations have run.
const TABLE: &str = "_sqlx_migrations";

/// `insufficient_privilege` (postgresql.org/docs/15/errcodes-appendix.html).
const NOT_ALLOWED: &str = "42501";

/// Brings the schema up to date, each migration in a transaction, all of them under a lock: of two nodes that start at once, the
/// second waits and then finds nothing to do. A schema that is up to date is only read, which takes no right to change it.
pub(super) async fn bring_up_to_date(options: &PgConnectOptions) -> Result<(), CatalogError> {
    let mut connection = options.connect().await.map_err(explain_refusal)?;
    if is_up_to_date(&mut connection).await? {
        return Ok(connection.close().await?);
    }
    // `run_direct` and not `run`: the latter's future is not `Send` for every lifetime, so no task could open a catalog.
    match MIGRATIONS.run_direct(None, &mut connection, false).await {
        Ok(()) => Ok(connection.close().await?),
        Err(error) => Err(explain(&error, options)),
    }
}

/// Whether there is no table yet in the schema where ours would be made.
pub(crate) async fn is_new(url: &str) -> Result<bool, CatalogError> {
    let mut connection = PostgresOptions::default().direct(url)?.connect().await.map_err(explain_refusal)?;
    let text = "select not exists (select 1 from pg_tables where schemaname = current_schema()) as is_new";
    let is_new = sqlx::query(text).fetch_one(&mut connection).await?.try_get("is_new")?;
    connection.close().await?;
    Ok(is_new)
}

async fn is_up_to_date(connection: &mut PgConnection) -> Result<bool, CatalogError> {
    let row =
        sqlx::query("select to_regclass($1) is not null as is_there").bind(TABLE).fetch_one(&mut *connection).await?;
    if !row.try_get::<bool, _>("is_there")? {
        return Ok(false);
    }
    let failed = |error| CatalogError::Unavailable(format!("the version of the schema could not be read: {error}"));
    let applied = connection.list_applied_migrations(TABLE).await.map_err(failed)?;
    let newest = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0);
    if let Some(newer) = applied.iter().map(|migration| migration.version).find(|version| *version > newest) {
        return Err(CatalogError::Unavailable(format!(
            "the schema is at version {newer}, and this program knows versions up to {newest}: run a newer one"
        )));
    }
    Ok(MIGRATIONS.iter().all(|migration| {
        applied.iter().any(|applied| applied.version == migration.version && applied.checksum == migration.checksum)
    }))
}

fn explain(error: &MigrateError, options: &PgConnectOptions) -> CatalogError {
    let cause = match error {
        MigrateError::Execute(cause) | MigrateError::ExecuteMigration(cause, _) => cause.as_database_error(),
        _ => None,
    };
    let hint = match cause.and_then(|cause| cause.code()) {
        Some(code) if code == NOT_ALLOWED => format!(
            "; the role \"{}\" may not change the schema: open the catalog once as the role that owns it",
            options.get_username()
        ),
        _ => String::new(),
    };
    CatalogError::Unavailable(format!("the schema could not be brought up to date: {error}{hint}"))
}
