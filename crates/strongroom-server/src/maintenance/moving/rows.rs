//! Rows: whole tables, in pages, as they are. What triggers keep beside them is made at the new place as it was at the old one.

use strongroom_catalog::Catalog;
use strongroom_catalog::records::{SIGNING_KEYS, TABLES, Table, TableRow, Value};

use super::{Move, MoveReport, MoveStep};
use crate::delivery::keys::KeySource;
use crate::maintenance::MaintenanceError;

/// Rows that are read and written at a time.
pub(super) const PAGE: u32 = 500;

/// A walk through a table.
pub(super) struct Walk<'c> {
    catalog: &'c Catalog,
    table: &'static Table,
    after: Option<TableRow>,
}

impl<'c> Walk<'c> {
    pub(super) const fn new(catalog: &'c Catalog, table: &'static Table) -> Self {
        Self { catalog, table, after: None }
    }

    /// The next page; empty at the end.
    pub(super) async fn next(&mut self) -> Result<Vec<TableRow>, MaintenanceError> {
        let page = self.catalog.table_page(self.table, self.after.take(), PAGE).await?;
        self.after = page.last().cloned();
        Ok(page)
    }
}

impl Move {
    pub(super) async fn copy_rows(
        &self,
        to: &Catalog,
        progress: &(impl Fn(MoveStep) + Send + Sync),
        report: &mut MoveReport,
    ) -> Result<(), MaintenanceError> {
        for table in TABLES {
            let (mut walk, mut rows) = (Walk::new(&self.catalog, table), 0);
            loop {
                let page = walk.next().await?;
                if page.is_empty() {
                    break;
                }
                rows += page.len() as u64;
                to.put_rows(table, page).await?;
            }
            report.rows.insert(table.name(), rows);
            progress(MoveStep::Table(table.name(), rows));
        }
        to.number_after(self.catalog.last_numbers().await?).await?;
        self.copy_signing_keys(to).await
    }

    /// Without them every link that is out would be dead.
    async fn copy_signing_keys(&self, to: &Catalog) -> Result<(), MaintenanceError> {
        let path = self.options.data_dir.join("signing.keys");
        if !path.exists() {
            return Ok(());
        }
        let ring = KeySource::File(self.options.data_dir.clone()).load().await.map_err(MaintenanceError::at(&path))?;
        let now = self.clock.now().as_millis();
        // The newest signs: each is a moment older than the one before it.
        let row = |(age, key): (i64, &strongroom_core::signed_url::SigningKey)| {
            let (id, line) = (key.id().to_owned(), key.to_line());
            vec![Value::Text(Some(id)), Value::Text(Some(line)), Value::Number(Some(now - age))]
        };
        Ok(to.put_rows(&SIGNING_KEYS, (0..).zip(ring.keys()).map(row).collect()).await?)
    }
}
