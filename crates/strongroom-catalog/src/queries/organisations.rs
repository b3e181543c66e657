//! Organisations.

use strongroom_core::clock::Timestamp;
use strongroom_core::id::OrganisationId;

use super::{Answer, Connection, sql};

/// Keeps a new organisation. Its settings come with it, by a trigger.
pub(crate) async fn create_organisation(
    connection: &mut Connection,
    id: OrganisationId,
    name: String,
    now: Timestamp,
) -> Answer<()> {
    sql("insert into organisation (id, name, created_at) values ($1, $2, $3)")
        .bind(id.to_string())
        .bind(name)
        .bind(now.as_millis())
        .execute(connection)
        .await?;
    Ok(())
}
