//! How a move begins, goes on where it was, or is given up.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use strongroom_catalog::Catalog;
use strongroom_catalog::records::{Relocation, RelocationRole, TABLES};
use strongroom_core::id::UploadId;
use strongroom_store::Store;

use super::Move;
use super::copy::AT_ONCE;
use crate::maintenance::MaintenanceError;

impl Move {
    /// Finds the move that is under way, or begins one, on both sides.
    pub(super) async fn begin(&self) -> Result<Relocation, MaintenanceError> {
        let ours = match self.catalog.relocation().await? {
            Some(known) => self.recognised(known)?,
            None => {
                // A target that has anything may be somebody's vault. Looked at once: afterwards it has what is ours.
                if let Some((store, name)) = &self.target.store {
                    refuse_unless_empty(store, name).await?;
                }
                let ours = Relocation {
                    token: UploadId::random().uuid().to_string(),
                    role: RelocationRole::Leaving,
                    is_held: false,
                    to_database: self.to_database(),
                    to_store: self.to_store(),
                    began_at: self.clock.now(),
                };
                if let Some((catalog, name)) = &self.target.catalog {
                    refuse_unless_new(catalog, name).await?;
                }
                self.catalog.begin_relocation(ours.clone()).await?;
                ours
            }
        };
        if let Some((catalog, name)) = &self.target.catalog {
            self.begin_at(catalog, name, &ours).await?;
        }
        Ok(ours)
    }

    async fn begin_at(&self, catalog: &Catalog, name: &str, ours: &Relocation) -> Result<(), MaintenanceError> {
        match catalog.relocation().await? {
            Some(there) if there.token == ours.token => Ok(()),
            // It has been opened.
            None if ours.role == RelocationRole::Left => Ok(()),
            _ => {
                refuse_unless_new(catalog, name).await?;
                let arriving = Relocation { role: RelocationRole::Arriving, is_held: true, ..ours.clone() };
                Ok(catalog.begin_relocation(arriving).await?)
            }
        }
    }

    fn recognised(&self, known: Relocation) -> Result<Relocation, MaintenanceError> {
        let where_to = (known.to_database.clone(), known.to_store.clone());
        if known.role == RelocationRole::Arriving {
            let text = "a vault is being moved to this very place; that move has to end before the next";
            return Err(MaintenanceError::Refused(text.to_owned()));
        }
        if where_to != (self.to_database(), self.to_store()) {
            let (database, store) = where_to;
            let stays = || "where it is".to_owned();
            return Err(MaintenanceError::Refused(format!(
                "a move to database {} and store {} is under way: run that to its end, or give it up with --abort",
                database.unwrap_or_else(stays),
                store.unwrap_or_else(stays)
            )));
        }
        Ok(known)
    }

    fn to_database(&self) -> Option<String> {
        self.target.catalog.as_ref().map(|(_, name)| name.clone())
    }

    fn to_store(&self) -> Option<String> {
        self.target.store.as_ref().map(|(_, name)| name.clone())
    }

    /// Gives the move of this vault up: it takes writes again. What was copied stays where it is.
    ///
    /// # Errors
    /// Where there is none, or the rows of uploads under way name the new store already.
    pub async fn abort(catalog: &Catalog) -> Result<Relocation, MaintenanceError> {
        match catalog.relocation().await? {
            None => Err(MaintenanceError::Refused("no move of this vault is under way".to_owned())),
            Some(Relocation { role: RelocationRole::Arriving, .. }) => Err(MaintenanceError::Refused(
                "a vault is being moved to this place: give the move up at the old one, and drop this database"
                    .to_owned(),
            )),
            Some(Relocation { role: RelocationRole::Left, to_database: None, .. }) => Err(MaintenanceError::Refused(
                "the rows name the new store already: start the server with it, or move back".to_owned(),
            )),
            Some(under_way) => {
                catalog.end_relocation().await?;
                Ok(under_way)
            }
        }
    }
}

async fn refuse_unless_new(catalog: &Catalog, name: &str) -> Result<(), MaintenanceError> {
    for table in TABLES.iter().filter(|table| !table.has_first_rows()) {
        let rows = catalog.count_rows(table).await?;
        if rows > 0 {
            return Err(MaintenanceError::Refused(format!(
                "{name} has {rows} row(s) in the table {}: expected a database of its own for this vault, without rows",
                table.name()
            )));
        }
    }
    Ok(())
}

async fn refuse_unless_empty(store: &Store, name: &str) -> Result<(), MaintenanceError> {
    let shards = stream::iter(Store::shards()).map(|shard| store.inventory(shard));
    let found: Vec<_> = shards.buffer_unordered(AT_ONCE).try_collect().await?;
    match found.iter().flatten().next() {
        None => Ok(()),
        Some(file) => Err(MaintenanceError::Refused(format!(
            "{name} has files already, such as {}: expected an empty place of its own for this vault",
            file.name.path().display()
        ))),
    }
}
