//! What a PostgreSQL server says of itself and of the role that we are.

use sqlx::Row as _;
use strongroom_core::clock::Timestamp;

use super::Engine;
use super::dialect::statement;
use crate::CatalogError;
use crate::records::About;

/// One row: whatever can be wrong with the server or with the role.
const ABOUT: &str = "select version() as version,
    cast(extract(epoch from clock_timestamp()) * 1000 as bigint) as now_millis,
    exists (select 1 from pg_extension where extname = 'pg_trgm') as has_trigrams,
    (select rolsuper from pg_roles where rolname = current_user) as is_superuser,
    current_setting('synchronous_commit') as synchronous_commit,
    current_setting('fsync') as fsync";

impl Engine {
    /// What the server says of itself.
    pub(crate) async fn about(&self) -> Result<About, CatalogError> {
        self.read(|connection| {
            Box::pin(async move {
                let row = statement(ABOUT).fetch_one(connection).await?;
                let version: String = row.try_get("version")?;
                let engine = version.split(" on ").next().unwrap_or(&version).to_owned();
                let mut complaints = Vec::new();
                let mut complain = |complaint: String, remedy: &str| complaints.push((complaint, remedy.to_owned()));
                if !row.try_get::<bool, _>("has_trigrams")? {
                    complain("pg_trgm is not there: searches read every name".to_owned(), "create extension pg_trgm");
                }
                if row.try_get::<bool, _>("is_superuser")? {
                    let remedy = "give the server a role of its own, which owns nothing it need not own";
                    complain("the role is a superuser".to_owned(), remedy);
                }
                for setting in ["fsync", "synchronous_commit"] {
                    if row.try_get::<String, _>(setting)? == "off" {
                        let remedy = "turn it on: what clients were promised is lost in a power cut";
                        complain(format!("{setting} is off"), remedy);
                    }
                }
                let now = Some(Timestamp::from_millis(row.try_get("now_millis")?));
                Ok(About { engine, now, complaints })
            })
        })
        .await
    }
}
