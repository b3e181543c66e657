//! Renditions: through a file beside, so that what is published was compared whole.

use std::fs;
use std::sync::PoisonError;
use std::time::Duration;

use strongroom_catalog::records::{KeptBlob, KeptRendition};
use strongroom_core::digest::Digest;
use strongroom_core::id::UploadId;
use strongroom_store::{Store, StoreError, StoredName};

use super::report::{Copied, Damage};
use super::{Files, Move};
use crate::maintenance::MaintenanceError;
use crate::maintenance::backup::make_directory;

/// How far two clocks may be apart. S3 itself refuses requests that were signed longer ago than this.
const CLOCK_SKEW: Duration = Duration::from_secs(15 * 60);

impl Move {
    pub(super) async fn copy_rendition(
        &self,
        to: &Store,
        blob: &KeptBlob,
        rendition: &KeptRendition,
        here: &Files,
        there: &Files,
    ) -> Result<Copied, MaintenanceError> {
        let KeptRendition { name, format, size_bytes, .. } = *rendition;
        let stored = StoredName::Rendition { blob: blob.key, name, format };
        let is_there = there.get(&stored).is_some_and(|file| file.size_bytes == size_bytes);
        if is_there && (is_older(here, there, &stored) || self.has_sent(&stored, rendition.digest)) {
            return Ok(Copied::default());
        }
        let damage = |detail: String| {
            let (connection, blob) = (blob.connection.clone(), Some(blob.key));
            Ok(Copied::damaged(Damage {
                connection,
                blob,
                upload: None,
                detail: format!("rendition {name}: {detail}"),
            }))
        };
        let reader = match self.store.open_rendition(blob.key, name, format).await {
            Err(StoreError::Missing) => return damage("it is not there".to_owned()),
            opened => opened?,
        };
        if reader.len() != size_bytes {
            return damage(format!("{} bytes, and {size_bytes} were made", reader.len()));
        }
        let aside = self.options.area.join("aside");
        make_directory(&aside)?;
        let file = aside.join(UploadId::random().uuid().to_string());
        let copied = match self.digester.write_aside(&reader, &file).await {
            Ok(digest) if rendition.digest.is_none_or(|made| made == digest) => {
                let put = to.put_rendition(blob.key, name, format, &file).await;
                put.map(|()| {
                    self.note_sent(stored, rendition.digest);
                    Ok(Copied { renditions: 1, bytes: size_bytes, ..Copied::default() })
                })
            }
            Ok(digest) => Ok(damage(format!("digest {digest} is not that of what was made"))),
            Err(MaintenanceError::Store(StoreError::Io(text))) => Ok(damage(text)),
            Err(MaintenanceError::Store(StoreError::Missing)) => Ok(damage("it went while it was read".to_owned())),
            Err(error) => return Err(error),
        };
        // Published, it is no longer there.
        drop(fs::remove_file(&file));
        copied?
    }

    /// Whether this run has sent these very bytes: what was made just now need not be sent again while writes are held.
    fn has_sent(&self, name: &StoredName, digest: Option<Digest>) -> bool {
        digest.is_some() && self.sent.lock().unwrap_or_else(PoisonError::into_inner).get(name).copied() == digest
    }

    fn note_sent(&self, name: StoredName, digest: Option<Digest>) {
        if let Some(digest) = digest {
            self.sent.lock().unwrap_or_else(PoisonError::into_inner).insert(name, digest);
        }
    }
}

/// Whether the copy is of the file that is here now. A rendition is made anew under the same name now and then, and may have the
/// same length: then the file here is younger than the copy, as far as clocks can tell.
fn is_older(here: &Files, there: &Files, name: &StoredName) -> bool {
    match (here.get(name), there.get(name)) {
        (Some(here), Some(there)) => here.modified_at < there.modified_at.before(CLOCK_SKEW),
        _ => false,
    }
}
