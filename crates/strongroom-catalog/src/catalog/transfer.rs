//! Moving a vault to another database, another store, or both: for `strongroom move`.

use strongroom_core::id::{ConnectionId, UploadId};

use super::engine::Engine;
use super::{Catalog, methods};
use crate::CatalogError;
use crate::records::{RelocatedPart, Relocation, Table, TableRow};

methods! {
    /// The move that this vault takes part in.
    read transfer::relocation() -> Option<Relocation>;
    /// Notes a move, in place of any other.
    write transfer::begin_relocation(relocation: Relocation) -> ();
    /// Refuses writes from here on, whoever asks for them. Whatever was written before is committed when this returns.
    write transfer::hold_writes() -> ();
    /// Ends a move without its having happened: writes are taken again.
    write transfer::end_relocation() -> ();
    /// The vault is elsewhere from here on. Where its rows stay and only the bytes have moved, `moved_to_shared` says whether
    /// the new store is shared, and the rows name the new places.
    write transfer::leave(moved_to_shared: Option<bool>) -> ();
    /// The vault is here from now on, and takes writes. `moved_to_shared` as in [`Catalog::leave`].
    write transfer::arrive(moved_to_shared: Option<bool>) -> ();

    /// Notes the multipart upload that holds the copies of an upload's parts.
    write transfer::keep_relocated_upload(owner: ConnectionId, upload: UploadId, multipart: String) -> ();
    /// The multipart upload that holds the copies of an upload's parts.
    read transfer::relocated_upload(owner: ConnectionId, upload: UploadId) -> Option<String>;
    /// Notes where the copy of a part is.
    write transfer::keep_relocated_part(part: RelocatedPart) -> ();
    /// The parts of an upload that were copied.
    read transfer::relocated_parts(owner: ConnectionId, upload: UploadId) -> Vec<RelocatedPart>;

    /// How many rows a table has.
    read transfer::count_rows(table: &'static Table) -> i64;
    /// A page of a table, in the order of its primary key, after the row `after`.
    read transfer::table_page(table: &'static Table, after: Option<TableRow>, limit: u32) -> Vec<TableRow>;
}

impl Catalog {
    /// Adds rows to a catalog at which a vault is arriving. Those that are there already stay as they are.
    ///
    /// # Errors
    /// Where the database does not answer, nothing is arriving, or the catalog is an embedded one.
    pub async fn put_rows(&self, table: &'static Table, rows: Vec<TableRow>) -> Result<(), CatalogError> {
        match &self.engine {
            Engine::Sqlite(_) => Err(not_embedded()),
            Engine::Postgres(engine) => engine.put_rows(table, rows).await,
        }
    }

    /// The last number that each numbered table gave out, by the table's name; also where its row is long gone.
    ///
    /// # Errors
    /// Where the database does not answer, or is not an embedded one.
    pub async fn last_numbers(&self) -> Result<Vec<(String, i64)>, CatalogError> {
        match &self.engine {
            Engine::Sqlite(engine) => engine.last_numbers().await,
            Engine::Postgres(_) => Err(not_embedded()),
        }
    }

    /// Numbers rows from after these on.
    ///
    /// # Errors
    /// As [`Catalog::put_rows`].
    pub async fn number_after(&self, last: Vec<(String, i64)>) -> Result<(), CatalogError> {
        match &self.engine {
            Engine::Sqlite(_) => Err(not_embedded()),
            Engine::Postgres(engine) => engine.number_after(last).await,
        }
    }
}

fn not_embedded() -> CatalogError {
    CatalogError::Unavailable("rows are moved from an embedded catalog to a PostgreSQL database".to_owned())
}
